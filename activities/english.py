"""English, as mails write it."""

from __future__ import annotations

from datetime import date

from activities.wording import Wording, grouped
from contract.agreement_states import AgreementState
from contract.commands import CommandName
from contract.dispute_names import DisputeCommandName
from contract.disputes import Amount, AmountKind, DisputeState, Item, Matter
from contract.money import Money
from contract.parties import Language
from contract.penalties import PenaltyKind
from contract.request import RequestState
from contract.terms import Means, Priority, Service, Target

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class English(Wording):
    language = Language.ENGLISH
    you = "you"
    joint = " "
    colon = ": "

    services = {
        Service.ONLINE_CONSULTING: "online consulting",
        Service.TECHNICAL_SUPPORT: "technical support",
        Service.PROBLEM_RESOLUTION: "problem resolution",
    }
    priorities = {
        Priority.CRITICAL: "critical",
        Priority.HIGH: "high",
        Priority.NORMAL: "normal",
        Priority.LOW: "low",
    }
    targets = {
        Target.CONFIRM: "confirmation",
        Target.RESPOND: "response",
        Target.RESOLVE: "resolution",
    }
    means = {
        Means.TRANSFER: "bank transfer",
        Means.CHEQUE: "cheque",
        Means.ONLINE: "online payment",
        Means.OTHER: "other means",
    }
    request_states = {
        RequestState.SUBMITTED: "submitted",
        RequestState.CONFIRMED: "confirmed",
        RequestState.ASSIGNED: "assigned",
        RequestState.RESPONDED: "responded to",
        RequestState.WAITING: "waiting for materials",
        RequestState.RESOLVED: "resolved",
        RequestState.CLOSED: "closed",
        RequestState.WITHDRAWN: "withdrawn",
    }
    agreement_states = {
        AgreementState.OFFERED: "offered for signature",
        AgreementState.REFUSED: "refused",
        AgreementState.WITHDRAWN: "withdrawn",
        AgreementState.LAPSED: "lapsed",
        AgreementState.ACTIVE: "in force",
        AgreementState.SUSPENDED: "in force, service suspended",
        AgreementState.EXPIRED: "term ended",
        AgreementState.TERMINATED: "ended early by mutual consent",
        AgreementState.CLOSED: "closed",
        AgreementState.SETTLED: "settled",
    }
    actions = {
        CommandName.CONFIRM: "confirm receipt of the request",
        CommandName.ASSIGN: "assign a member of staff",
        CommandName.REASSIGN: "hand the request to another member of staff",
        CommandName.RESPOND: "respond to the request",
        CommandName.NOTE_DIAGNOSIS: "note a diagnosis",
        CommandName.ASK_FOR_MATERIALS: "ask for missing materials, which pauses the resolution clock",
        CommandName.PROVIDE_MATERIALS: "provide the materials",
        CommandName.RESOLVE: "give the solution",
        CommandName.ACCEPT: "accept the solution, which closes the request",
        CommandName.REOPEN: "reopen the request if the problem is not solved",
        CommandName.WITHDRAW: "withdraw the request",
        CommandName.RAISE_PRIORITY: "raise the priority",
        CommandName.LOWER_PRIORITY: "lower the priority",
        CommandName.RATE: "rate the service from 1 (bad) to 5 (good)",
        CommandName.ANSWER_RATING: "answer the rating",
        CommandName.ADD_NOTE: "add a note to the record",
    }
    penalties = {
        PenaltyKind.LATE_RESPONSE: "late response",
        PenaltyKind.LATE_RESOLUTION: "late solution",
    }
    dispute_states = {
        DisputeState.NEGOTIATING: "in negotiation",
        DisputeState.SETTLED: "settled",
        DisputeState.REFERRED: "referred to arbitration",
        DisputeState.AWARDED: "decided by award",
        DisputeState.WITHDRAWN: "withdrawn",
        DisputeState.LAPSED: "closed without effect",
    }
    dispute_actions = {
        DisputeCommandName.OPEN_DISPUTE: "open a dispute",
        DisputeCommandName.OFFER_SETTLEMENT: "offer a settlement, with its amounts",
        DisputeCommandName.CONFIRM_SETTLEMENT: "confirm the offer, which settles the dispute for good",
        DisputeCommandName.DECLARE_FAILED: "declare that negotiation has failed",
        DisputeCommandName.REFER_DISPUTE: "refer the dispute to the arbitration commission",
        DisputeCommandName.RECORD_AWARD: "record the award, with its document",
        DisputeCommandName.WITHDRAW_DISPUTE: "withdraw the dispute",
    }
    clauses = {
        "C4.1": "the agreement takes effect when both parties have signed, and lasts for its term",
        "C5.2": "response within the agreed hours of service time",
        "C5.4": "the customer provides the materials that are needed",
        "C5.5": "the customer rates the service, and the provider takes it seriously",
        "C6.1.1": "requests are submitted through the agreed online channel",
        "C6.1.2": "the provider confirms promptly and assigns a member of staff",
        "C6.2.1": "the provider responds within the agreed hours",
        "C6.2.2": "the provider diagnoses the problem and provides a solution",
        "C7.1.1": "the customer pays the fees on time",
        "C7.1.2": "means of payment; a cheque counts when it has cleared",
        "C7.1.3": "after payment the provider promptly issues a formal invoice",
        "C7.2": "changes of the fee",
        "C7.2.1": "the provider announces a change of the fee in advance",
        "C7.2.2": "a change of the fee may be negotiated within the agreed days",
        "C10.1": "supplements and changes only by mutual written consent",
        "C8.2": "the customer pays late: the provider may suspend service until all is paid",
        "C8.2.1": "late fee per day on what is unpaid",
        "C4.2": "early end by mutual written consent",
        "C8.1": "penalties for late service, which may be waived in whole or part",
        "C8.1.1": "penalty for a late response",
        "C8.1.2": "penalty for each day of a late solution",
        "C9.1": "friendly negotiation comes first",
        "C9.2": "if negotiation fails, either party may go to the arbitration commission",
        "C9.3": "the award is final and binds both parties",
        "C10.4": "changes, renewal included, need the written consent of both parties",
    }

    def day(self, day: date) -> str:
        return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"

    def money(self, amount: Money) -> str:
        return f"{amount.currency} {grouped(amount)}"

    def over(self, item: Item) -> str:
        match item.matter:
            case Matter.BILL:
                return f"bill {item.bill}"
            case Matter.REQUEST:
                return f"the penalties of request {item.request_id}"
            case Matter.PENALTY:
                assert item.penalty is not None
                return f"the penalty for the {self.penalties[item.penalty]} of request {item.request_id}"
            case Matter.PAYMENT:
                assert item.means is not None
                return f"the payment {item.reference} by {self.means[item.means]}"
            case Matter.OTHER:
                return "another matter"

    def changed(self, amount: Amount, currency: str) -> str:
        money = self.money(Money.of(amount.amount, currency))
        match amount.kind:
            case AmountKind.PENALTY:
                which = "penalties" if amount.penalty is None else f"the {self.penalties[amount.penalty]}"
                return f"For {which} of request {amount.request_id} {money} is owed in all"
            case AmountKind.BILL:
                return f"Bill {amount.bill} is lowered by {money}"
            case AmountKind.LATE_FEE:
                return f"The late fee of bill {amount.bill} is lowered by {money}"
            case AmountKind.CREDIT:
                return f"The customer is credited {money}"

    def _moment(self, day: date, clock: str, offset: str) -> str:
        return f"{self.day(day)}, {clock}{f' ({offset})' if offset else ''}"

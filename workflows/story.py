"""What operators read in the Temporal UI: summaries, details and current details, in markdown.

All of it reaches the engine as payloads, which the codec encrypts (C5.3). Even so only ids, states, amounts
and the name of who works on it stand here, nothing the customer wrote: the UI has its own server render
markdown, as part of a URL. Clock times are in the contract's zone. A summary stays short, whatever it
tells of: Temporal means it to have 400 bytes at most, and encryption takes some of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from contract import agreement_money as money
from contract.agreement import commands_now as agreement_commands_now
from contract.agreement import next_wake as next_agreement_wake
from contract.agreement_changes import open_changes
from contract.agreement_file import AgreementFile
from contract.agreement_states import AgreementState
from contract.deadlines import CLAUSES, Reading, readings
from contract.disputes import DisputeState, open_disputes
from contract.facts import Event
from contract.invoices import InvoiceKind
from contract.invoicing import InvoiceWanted
from contract.judging import NAMES, next_wake
from contract.parties import Role
from contract.request import RequestState
from contract.request_file import RequestFile
from contract.snapshots import commands_possible, snapshot
from contract.terms import Priority, Target, TermSheet
from contract.values import DAY, normalised
from contract.waking import Wake

_HOUR = timedelta(hours=1)
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!&])")

_REQUEST_STANDS = {
    RequestState.SUBMITTED: "Submitted · the provider is to confirm",
    RequestState.CONFIRMED: "Confirmed · the provider is to assign someone",
    RequestState.ASSIGNED: "Assigned · the provider is to respond",
    RequestState.RESPONDED: "Responded · the provider is to solve it",
    RequestState.WAITING: "Waiting · the customer is to provide materials",
    RequestState.RESOLVED: "Resolved · the customer is to accept or reopen",
    RequestState.CLOSED: "Closed",
    RequestState.WITHDRAWN: "Withdrawn",
}

_AGREEMENT_STANDS = {
    AgreementState.REFUSED: "Offer refused",
    AgreementState.WITHDRAWN: "Offer withdrawn",
    AgreementState.LAPSED: "Offer lapsed, not signed by both in time",
    AgreementState.ACTIVE: "In force",
    AgreementState.SUSPENDED: "In force · service suspended until all is paid",
    AgreementState.EXPIRED: "Term ended · open requests are being finished",
    AgreementState.TERMINATED: "Ended early, as agreed · open requests are being finished",
    AgreementState.CLOSED: "Closed",
    AgreementState.SETTLED: "Settled",
}


def mail_summary(seqs: Sequence[int]) -> str:
    """Which notices an activity mails, however many."""
    notices = f"notice {seqs[0]}" if len(seqs) == 1 else f"{len(seqs)} notices ({seqs[0]} … {seqs[-1]})"
    return f"Mail {notices} · C6.2.3"


def record_summary(events: Sequence[Event]) -> str:
    """What a step records: its first event by name, the others by number."""
    more = f" and {len(events) - 1} more" if len(events) > 1 else ""
    return f"Record {events[0].kind} · {events[0].clause}{more}"


def invoice_summary(file: AgreementFile, wanted: InvoiceWanted) -> str:
    """Which document an activity issues: for a payment of how much, that came when."""
    what = "Invoice" if wanted.kind is InvoiceKind.INVOICE else "Credit note"
    payments = file.money.payments if file.money is not None else []
    found = [payment for payment in payments if payment.key == wanted.payment]
    of = f" of {found[0].amount} {found[0].amount.currency}, {found[0].value_date}" if found else ""
    return f"{what} for payment{of} · C7.1.3"


# A request


def request_summary(file: RequestFile) -> str:
    """What a request is."""
    return f"Request {file.request_id} · {_words(file.service)} · {file.priority}"


def request_details(file: RequestFile) -> str:
    """What a request was promised, as of its submission."""
    promised = [
        f"- {NAMES[target]} · {CLAUSES[target]}: **{_hours(file.bases[target].budget)}**"
        for target in Target
        if target in file.bases
    ]
    return _lines(
        f"{_words(file.service).capitalize()}, priority {file.priority}, submitted"
        f" {_when(file.submitted_at, file.terms.time_zone)} ({file.terms.time_zone}).",
        f"Agreement `{file.agreement_id}`, terms version {file.terms.version}."
        " Promised at submission, in service time:",
        "",
        *promised,
    )


def request_story(file: RequestFile, offset: timedelta) -> str:
    """Where a request stands: whose turn it is, what is due, what is owed, what may be done."""
    terms, now = file.terms, file.judged_until
    view = snapshot(file, now)
    parties = {Role.PROVIDER: terms.provider_id, Role.CUSTOMER: terms.customer_id}
    return _lines(
        f"### {_request_stands(file)}",
        f"- **Next:** {_next(next_wake(file), terms.time_zone, _waits_for(file))}",
        f"- **With:** {_plain(file.assignee or 'nobody yet')}",
        f"- **Penalties so far:** {_penalties(file)}",
        *(_may(role, parties[role], commands_possible(view, role, now, terms.rating_days)) for role in Role),
        "",
        "#### Promised",
        *(_promise(file, reading) for reading in readings(file)),
        "",
        f"{_words(file.service).capitalize()}, priority {file.priority}, under agreement"
        f" `{file.agreement_id}`, terms version {terms.version}.",
        f"*{_clock(terms.time_zone, offset)}; as judged {_when(now, terms.time_zone)}.*",
    )


def _request_stands(file: RequestFile) -> str:
    stands = _REQUEST_STANDS[file.state]
    if file.rating is not None:
        stands += f" · rated {file.rating}"
    if file.follow_up_open:
        stands += " · the provider is to answer"
    late = [r for r in readings(file) if r.stopped is None and r.is_late(file.judged_until)]
    return " · ".join([stands, *(f"{NAMES[reading.target].lower()} late" for reading in late)])


def _waits_for(file: RequestFile) -> str:
    """What nothing falls due without."""
    if file.state is RequestState.WAITING:
        return "the clock stands still until the customer provides materials · C5.4"
    return "nothing by itself"


def _penalties(file: RequestFile) -> str:
    terms, said, owed = file.terms, file.said, file.penalties
    parts = []
    if said.response_penalty:
        parts.append(f"late response {terms.late_response} · C8.1.1")
    if said.days:
        days = "1 day" if said.days == 1 else f"{said.days} days"
        parts.append(f"{days} of late solution at {terms.late_resolution_per_day} · C8.1.2")
    return f"**{owed} {owed.currency}** ({', '.join(parts)})" if parts else "none"


def _promise(file: RequestFile, reading: Reading) -> str:
    zone, now = file.terms.time_zone, file.judged_until
    late = "**late**" if reading.is_late(now) else ""
    if reading.stopped is not None:
        stands = f"{late or 'kept'} {_when(reading.stopped, zone)}"
    elif any(end is None for _, end in reading.pauses):
        stands = f"{late}, clock paused" if late else "clock paused"
    else:
        stands = late or "running"
    due = "" if reading.due is None else f"due {_when(reading.due, zone)}"
    if reading.provisional:
        due += " (provisional)"
    told = " · ".join(part for part in (due, stands) if part)
    return f"- {NAMES[reading.target]} · {CLAUSES[reading.target]}: {told}"


# An agreement


def agreement_summary(terms: TermSheet) -> str:
    """What an agreement is."""
    return f"Agreement {terms.agreement_id}"


def agreement_details(terms: TermSheet) -> str:
    """Between whom an agreement is, for how long, and what is promised."""
    months = terms.term.total_months
    length = f"{months} months" if months % 12 else f"{months // 12} years"
    penalties = terms.penalties
    per_day = terms.money(penalties.late_resolution_per_day)
    return _lines(
        f"`{terms.provider.party_id}` serves `{terms.customer.party_id}` for {length}:"
        f" {', '.join(map(_words, terms.services))}.",
        "",
        "Promised, in hours of service time: confirm · C6.1.2 / respond · C5.2 / resolve · C8.1.2",
        "",
        *(f"- {priority}: **{' / '.join(_budgets(terms, priority))}**" for priority in Priority),
        "",
        f"A late response: {terms.money(penalties.late_response)} {per_day.currency} · C8.1.1. Each day of a"
        f" late solution: {per_day} {per_day.currency} · C8.1.2.",
    )


def _budgets(terms: TermSheet, priority: Priority) -> Iterator[str]:
    """Per target, the hours promised; each that there is where the services differ."""
    for target in Target:
        found = {terms.targets.hours(target, service, priority) for service in terms.services}
        told = [normalised(hours) for hours in sorted(hours for hours in found if hours is not None)]
        yield " or ".join([*told, "none"] if None in found else told)


def agreement_story(
    file: AgreementFile, offset: timedelta, waiting: Sequence[InvoiceWanted] = (), delayed: int = 0
) -> str:
    """Where an agreement stands: who has to act, what is due next, what may be done.

    ``waiting``: documents not issued yet, ``delayed`` of them for long (C7.1.3).
    """
    zone = file.terms.time_zone
    parties = {Role.PROVIDER: file.terms.provider_id, Role.CUSTOMER: file.terms.customer_id}
    return _lines(
        f"### {_agreement_stands(file)}",
        f"- **Next:** {_next(_next_of_agreement(file), zone)}",
        f"- **Term:** {_term(file, zone)}",
        f"- **Signed:** {_signatures(file, zone)}",
        f"- **Terms:** version {file.terms_version}, digest `{file.digest[:12]}…`",
        *_open_changes(file, zone),
        *_open_requests(file),
        *_money(file),
        *_disputes(file, zone),
        *_invoices(file, waiting, delayed, zone),
        *(_may(role, parties[role], agreement_commands_now(file, role)) for role in Role),
        "",
        f'Its requests: `AftercareAgreementId="{file.agreement_id}" AND WorkflowType="ServiceRequest"`',
        "",
        f"*{_clock(zone, offset)}.*",
    )


def _agreement_stands(file: AgreementFile) -> str:
    if file.state is AgreementState.OFFERED:
        missing = " and ".join(f"the {role}" for role in Role if role not in file.signatures)
        return f"On offer · {missing or 'nobody'} to sign"
    return _AGREEMENT_STANDS[file.shown_state]


def _next_of_agreement(file: AgreementFile) -> Wake | None:
    wakes = [next_agreement_wake(file)]
    if file.money is not None:
        wakes.append(money.next_wake(file, file.money.judged_until))
    return min((wake for wake in wakes if wake is not None), key=lambda wake: wake.at, default=None)


def _money(file: AgreementFile) -> Iterator[str]:
    if file.money is None:
        return
    owed = money.standing(file, file.money.judged_until)
    assert owed is not None
    late = f", of it late fees {owed.late_fees}" if owed.late_fees.minor else ""
    overdue = f"; overdue **{owed.to_pay_now}**{late} · C8.2" if owed.to_pay_now.minor else ""
    yield f"- **Owed by the customer:** {owed.owed} {owed.owed.currency}, {owed.bills} bills · C7.1{overdue}"
    if owed.suspended_since is not None:
        since = _when(owed.suspended_since, file.terms.time_zone)
        yield f"- **Service suspended** since {since} · C8.2"


def _disputes(file: AgreementFile, zone: str) -> Iterator[str]:
    """Open disputes: over what, where each stands, and until when."""
    for dispute in [] if file.money is None else open_disputes(file.money.disputes):
        over = dispute.item.bill or dispute.item.request_id or dispute.item.matter.value
        if dispute.state is DisputeState.REFERRED:
            stands = "referred to arbitration · C9.2"
        elif dispute.window_told:
            stands = f"may be referred until **{_when(dispute.stale_ends, zone)}** · C9.2"
        else:
            stands = f"in negotiation until **{_when(dispute.window_ends, zone)}** · C9.1"
        yield f"- **Dispute {dispute.number}** over {_words(dispute.item.matter)} `{over}`: {stands}"


def _invoices(
    file: AgreementFile, waiting: Sequence[InvoiceWanted], delayed: int, zone: str
) -> Iterator[str]:
    issued = len(file.money.invoices) if file.money is not None else 0
    if waiting:
        since = _when(min(one.at for one in waiting), zone)
        late = f", {delayed} of them for long" if delayed else ""
        yield f"- **Invoices:** {issued} issued, **{len(waiting)} not yet** since {since}{late} · C7.1.3"
    elif issued:
        yield f"- **Invoices:** {issued} issued, credit notes included · C7.1.3"


def _term(file: AgreementFile, zone: str) -> str:
    if file.dates is None or file.effective_at is None:
        return "begins with the second signature · C4.1"
    return f"{_when(file.effective_at, zone)} until {_when(file.dates.ends_at, zone)} · C4.1"


def _signatures(file: AgreementFile, zone: str) -> str:
    signed = [f"the {role}, {_when(signature.at, zone)}" for role, signature in file.signatures.items()]
    return "; ".join(signed) or "by nobody yet"


def _open_changes(file: AgreementFile, zone: str) -> Iterator[str]:
    """What is being negotiated, who is to answer, until when; and which terms are to come."""
    for one in open_changes(file):
        name = f"{_words(one.what)} {one.number}".capitalize()
        yield f"- **{name}** · {one.clause}: the {one.by.other} may answer until {_when(one.until, zone)}"
    for version in file.versions:
        if version.number > file.terms_version and version.effective_at is not None:
            begins = _when(version.effective_at, zone)
            yield f"- **Version {version.number}** of the terms from {begins} · {version.clause}"
    if file.negotiations.ends_early and file.dates is not None:
        yield f"- **Ends early**, as both agreed: {_when(file.dates.ends_at, zone)} · C4.2"


def _open_requests(file: AgreementFile) -> Iterator[str]:
    if file.open_requests is not None:
        yield f"- **Still open:** {', '.join(f'`{known}`' for known in file.open_requests) or 'none'}"


# Words


def _lines(*lines: str) -> str:
    return "\n".join(lines)


def _may(role: Role, party: str, names: Sequence[str]) -> str:
    return f"- **The {role} may** (`{party}`): {', '.join(f'`{name}`' for name in names) or 'nothing'}"


def _next(wake: Wake | None, zone: str, otherwise: str = "nothing by itself") -> str:
    return otherwise if wake is None else f"{wake.summary} · **{_when(wake.instant, zone)}**"


def _clock(zone: str, offset: timedelta) -> str:
    """What the instants are told in."""
    told = f"Times are {zone}"
    return f"{told}, contract time: engine time {offset / DAY:+.2f} days" if offset else told


def _when(at: datetime, zone: str) -> str:
    """An instant in the contract's zone. For the eye only: nothing is decided by it."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %-d %b %Y, %H:%M:%S}"


def _hours(microseconds: int) -> str:
    return f"{normalised(Decimal(microseconds) / (_HOUR // timedelta.resolution))} h"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _plain(text: str) -> str:
    """Somebody's words as they are, not as markup."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))

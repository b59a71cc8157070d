"""What the ending of a dispute changes of money: credits and waivers here, penalties as decisions (C9).

Penalties are in the ledger, which requests write too: the record store posts what a decision changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contract.disputes import AmountKind, Dispute, DisputeState, Ending, decided_by
from contract.facts import Event, PenaltyDecision
from contract.holds import rehold
from contract.money import Money
from contract.money_file import Credit, CreditKind, LateFeeWaiver, MoneyFile
from contract.parties import Role
from contract.penalties import PenaltyKind


def keep(file: MoneyFile, dispute: Dispute) -> None:
    """Put a dispute in place of what it was, and its hold with it."""
    known = [one for one in file.disputes if one.number != dispute.number]
    file.disputes = sorted([*known, dispute], key=lambda one: int(one.number[1:]))
    file.holds = rehold(file.holds, dispute, file.days)
    # What was on hold can be netted now, or what was decided has changed it (contract §3).
    file.unstated |= bool(file.finals) and not dispute.state.is_open


def enter(file: MoneyFile, event: Event) -> None:
    """Take in what an event of a dispute tells: the dispute as it then was, and what its ending posted."""
    keep(file, Dispute.model_validate(event.payload["dispute"]))
    for fact in event.payload.get("credits", []):
        file.credits.append(Credit.model_validate(_fact(fact) | {"at": event.at}))
    for fact in event.payload.get("waivers", []):
        file.waivers.append(LateFeeWaiver.model_validate(_fact(fact) | {"at": event.at}))


def _fact(fact: dict[str, Any]) -> dict[str, Any]:
    amount = Money.of(fact["amount"], fact["currency"])
    return {name: value for name, value in fact.items() if name != "currency"} | {"amount": amount}


def stem_of(file: MoneyFile, dispute: Dispute) -> str:
    return f"dispute:{file.agreement_id}:{dispute.number}:"


def end(file: MoneyFile, dispute: Dispute, ending: Ending, at: datetime) -> None:
    """Enter what an ending credits and waives; what it decides of penalties is the record store's to post."""
    on, stem = file.days.date_of(at), stem_of(file, dispute)
    kind = CreditKind.AWARD if dispute.state is DisputeState.AWARDED else CreditKind.SETTLEMENT
    for place, amount in enumerate(ending.amounts, start=1):
        if amount.kind in (AmountKind.BILL, AmountKind.CREDIT):
            file.credits.append(
                Credit(
                    key=f"{stem}credit:{place}",
                    kind=kind,
                    amount=Money.of(amount.amount, file.terms.fee.currency),
                    on=on,
                    at=at,
                    bill=amount.bill,
                    dispute=dispute.number,
                )
            )
        elif amount.kind is AmountKind.LATE_FEE:
            assert amount.bill is not None
            file.waivers.append(
                LateFeeWaiver(
                    key=f"{stem}late-fee:{amount.bill}",
                    bill=amount.bill,
                    amount=Money.of(amount.amount, file.terms.fee.currency),
                    on=on,
                    at=at,
                    reason=f"{decided_by(dispute)} of dispute {dispute.number}",
                    dispute=dispute.number,
                    clause=ending.clause,
                )
            )


def decisions(
    file: MoneyFile, dispute: Dispute, ending: Ending, role: Role, at: datetime, seq: int
) -> list[PenaltyDecision]:
    """What an ending decides of penalties; those it was over and does not name are left as they stand."""

    def decision(request_id: str, kinds: Sequence[PenaltyKind], amount: Money | None) -> PenaltyDecision:
        return PenaltyDecision(
            dispute=dispute.number,
            request_id=request_id,
            penalties=list(kinds),
            amount=amount,
            at=at,
            clause=ending.clause,
            event_seq=seq,
            terms_version=file.terms_at(at).version,
            party=role,
            persons=dict(ending.persons),
        )

    found: list[PenaltyDecision] = []
    named: set[tuple[str, PenaltyKind]] = set()
    for amount in ending.amounts:
        if amount.request_id is not None:
            value = Money.of(amount.amount, file.terms.fee.currency)
            found.append(decision(amount.request_id, amount.penalties, value))
            named |= {(amount.request_id, kind) for kind in amount.penalties}
    over = dispute.item.request_id
    if over is not None and (left := [k for k in dispute.item.penalties if (over, k) not in named]):
        found.append(decision(over, left, None))
    return found

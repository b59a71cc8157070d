"""What a settlement or an award makes of penalties, as entries of the ledger (C9.1, C9.3).

A decision sets what some penalties of a request come to, all that accrued up to its instant. The difference
is posted in the contract years in which they accrued. From then on it stays: a fact recorded later
that would change what accrued up to then is met by an entry that takes the change back. Days of a delay that
begin after the decision are new, and waiving what was decided stays the customer's right.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contract.facts import Account, EntryKind, LedgerEntry, PenaltyDecision
from contract.money import Money
from contract.penalties import PenaltyKind

Cell = tuple[PenaltyKind, int]
"""Which penalty, and the contract year in which it accrued."""


def differences(standing: Mapping[Cell, int], decision: PenaltyDecision) -> dict[Cell, int]:
    """What a decision changes, in minor units: the amount goes to the cells in order, as far as each stands.

    What it is above all that stands goes to the last cell. There is always one: of the year of the decision.
    """
    if decision.amount is None:
        return {}
    left, found = decision.amount.minor, {}
    cells = list(standing)
    for cell in cells:
        share = max(0, min(left, standing[cell]))
        found[cell] = share - standing[cell]
        left -= share
    if left:
        found[cells[-1]] += left
    return {cell: minor for cell, minor in found.items() if minor}


def entry_of(
    agreement_id: str, decision: PenaltyDecision, cell: Cell, minor: int, stood: Money
) -> LedgerEntry:
    """The entry for a cell of which so much stood; ``minor`` is above zero where the provider owes more."""
    kind, year = cell
    more = minor > 0
    key = f"decision:{agreement_id}:{decision.dispute}:{decision.request_id}:{kind.value}:{year}"
    persons = {role.value: person for role, person in decision.persons.items()}
    explanation: dict[str, Any] = {
        "dispute": decision.dispute,
        "penalty": kind.value,
        "contract_year": year,
        "stood": str(stood),
        "decided_by": persons,
        "formula": f"{stood.model_copy(update={'minor': stood.minor + minor})} - {stood}"
        f" = {stood.model_copy(update={'minor': minor})}",
    }
    if decision.amount is not None:
        explanation["decided"] = str(decision.amount)
    return LedgerEntry(
        key=key,
        kind=EntryKind.PENALTY_DECISION,
        clause=decision.clause,
        effective_at=decision.at,
        debit=Account.PENALTY_EXPENSE if more else Account.PENALTY_PAYABLE,
        credit=Account.PENALTY_PAYABLE if more else Account.PENALTY_EXPENSE,
        amount=Money(minor=abs(minor), currency=stood.currency),
        terms_version=decision.terms_version,
        request_id=decision.request_id,
        event_seq=decision.event_seq,
        party=decision.party,
        person=None if decision.party is None else decision.persons.get(decision.party),
        explanation=explanation,
    )


def kept(entry: LedgerEntry, accrued_at: datetime, decided_at: datetime, dispute: str) -> LedgerEntry | None:
    """The entry that keeps a decision against one posted later; None when that one may stand.

    ``accrued_at`` is the instant of the accrual that the entry posts or takes back.
    """
    if entry.kind not in (EntryKind.PENALTY, EntryKind.PENALTY_REVERSAL) or accrued_at > decided_at:
        return None
    kind = next(kind for kind in PenaltyKind if kind.clause == entry.clause)
    return entry.model_copy(
        update={
            "key": f"decided:{entry.key}",
            "kind": EntryKind.PENALTY_DECISION,
            "debit": entry.credit,
            "credit": entry.debit,
            "reverses": entry.key,
            "event_seq": None,
            "reason": None,
            "explanation": {"dispute": dispute, "penalty": kind.value, "against": entry.key},
        }
    )

"""Penalties that settlements and awards decide, carried out and kept so in the ledger (C9.1, C9.3).

What stands is read in the transaction that records the decision, which holds the agreement alone: whatever a
request posts meanwhile comes before or after it. See :mod:`contract.decided_penalties`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from contract.decided_penalties import Cell, differences, entry_of, kept
from contract.facts import EntryKind, LedgerEntry, PenaltyDecision, RecordBatch
from contract.money import Money
from contract.penalties import PenaltyKind, contract_year
from contract.set_off import owed, penalty_kind
from records import entries as rows
from records.caps import ACCRUING
from records.results import PostedEntry
from records.schema import decided_penalties, ledger_entries

_DECIDED = select(
    decided_penalties.c.request_id,
    decided_penalties.c.penalty,
    decided_penalties.c.dispute,
    decided_penalties.c.decided_at,
).where(
    decided_penalties.c.agreement_id == bindparam("agreement_id"),
    decided_penalties.c.request_id.in_(bindparam("requests", expanding=True)),
)
_INSERT = insert(decided_penalties)
_OF_REQUEST = rows.in_order(
    select(ledger_entries).where(
        ledger_entries.c.agreement_id == bindparam("agreement_id"),
        ledger_entries.c.request_id == bindparam("request_id"),
        ledger_entries.c.kind.in_([kind.value for kind in ACCRUING]),
    )
)

Decided = dict[tuple[str, PenaltyKind], tuple[str, datetime]]
"""By which dispute, and when, by request and penalty."""


def carry_out(
    connection: Connection, batch: RecordBatch, year_starts: Sequence[datetime]
) -> list[LedgerEntry]:
    """The entries that a batch's decisions call for; none for what was decided before."""
    found: list[LedgerEntry] = []
    for decision in batch.decisions:
        decided = _decided(connection, batch.agreement_id, [decision.request_id])
        kinds = [kind for kind in decision.penalties if (decision.request_id, kind) not in decided]
        if not kinds:
            continue
        new = [
            {
                "agreement_id": batch.agreement_id,
                "request_id": decision.request_id,
                "penalty": kind.value,
                "dispute": decision.dispute,
                "decided_at": decision.at,
            }
            for kind in kinds
        ]
        connection.execute(_INSERT, new)
        if decision.amount is not None:
            found += _entries(connection, batch.agreement_id, decision, kinds, decision.amount, year_starts)
    return found


def _entries(
    connection: Connection,
    agreement_id: str,
    decision: PenaltyDecision,
    kinds: Sequence[PenaltyKind],
    amount: Money,
    year_starts: Sequence[datetime],
) -> list[LedgerEntry]:
    span = {"agreement_id": agreement_id, "request_id": decision.request_id}
    stood: dict[Cell, int] = {}
    for posted in rows.read(connection, _OF_REQUEST, span):
        kind = penalty_kind(posted.entry)
        for one in [kind] if kind is not None else kinds[:1]:
            if one in kinds:
                cell = (one, posted.contract_year)
                stood[cell] = stood.get(cell, 0) + owed(posted.entry)
    in_order = sorted(stood.items(), key=lambda cell: (kinds.index(cell[0][0]), cell[0][1]))
    cells = dict(in_order) or {(kinds[-1], contract_year(decision.at, year_starts)): 0}
    return [
        entry_of(agreement_id, decision, cell, minor, Money(minor=cells[cell], currency=amount.currency))
        for cell, minor in differences(cells, decision).items()
    ]


def keeping(
    connection: Connection,
    agreement_id: str,
    new: Sequence[PostedEntry],
    known: Mapping[str, PostedEntry],
) -> list[LedgerEntry]:
    """The entries that keep what was decided against new ones, each after the one it meets."""
    penalties = [
        posted.entry
        for posted in new
        if posted.entry.kind in (EntryKind.PENALTY, EntryKind.PENALTY_REVERSAL) and posted.entry.request_id
    ]
    if not penalties:
        return []
    decided = _decided(connection, agreement_id, sorted({str(entry.request_id) for entry in penalties}))
    found: list[LedgerEntry] = []
    for entry in penalties if decided else []:
        kind = penalty_kind(entry)
        by = None if kind is None else decided.get((str(entry.request_id), kind))
        if by is None:
            continue
        dispute, decided_at = by
        accrued = entry if entry.reverses is None else known[entry.reverses].entry
        meeting = kept(entry, accrued.effective_at, decided_at, dispute)
        if meeting is not None:
            found.append(meeting)
    return found


def _decided(connection: Connection, agreement_id: str, requests: Sequence[str]) -> Decided:
    span = {"agreement_id": agreement_id, "requests": list(requests)}
    return {
        (request_id, PenaltyKind(penalty)): (dispute, decided_at)
        for request_id, penalty, dispute, decided_at in connection.execute(_DECIDED, span)
    }

"""Whether penalties of a contract year have passed the share of its fees that brings a warning (contract §7).

Told with the answer to the recording that brought it about, and again with every later one until the warning
is on record: a crash between the two loses nothing, and the agreement warns once per year.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from contract.facts import EntryKind, EventKind, PenaltiesPassed, RecordBatch
from contract.money import Money
from contract.penalties import annual_fees, contract_year
from records import caps
from records.archive import Shelf
from records.schema import agreements, events

_RAISING = (EntryKind.PENALTY, EntryKind.PENALTY_DECISION)
_WARNED = (
    select(events.c.payload)
    .join(agreements, agreements.c.workflow_id == events.c.workflow_id)
    .where(
        agreements.c.agreement_id == bindparam("agreement_id"),
        events.c.kind == EventKind.PENALTIES_WARNED.value,
    )
)


def passed(
    connection: Connection, batch: RecordBatch, year_starts: Sequence[datetime], shelf: Shelf
) -> list[PenaltiesPassed]:
    """The contract years of a batch's penalties that are above the warning and not warned of on record."""
    instants = [entry.effective_at for entry in batch.entries if entry.kind in _RAISING]
    instants += [decision.at for decision in batch.decisions]
    found: list[PenaltiesPassed] = []
    for year in sorted({contract_year(at, year_starts) for at in instants}):
        _, terms = caps.terms_of_year(connection, batch.agreement_id, year, year_starts, shelf)
        fees, percent = annual_fees(terms), terms.penalties.warning_percent
        sums = caps.kept_sums(connection, batch.agreement_id, year)
        stands = Money(minor=sums.accrued - sums.above_cap, currency=fees.currency)
        if fees.minor and stands.minor * 100 > fees.minor * percent:
            found.append(
                PenaltiesPassed(contract_year=year, penalties=stands, fees=fees, warning_percent=percent)
            )
    if found:
        told = connection.execute(_WARNED, {"agreement_id": batch.agreement_id}).scalars()
        warned = {payload.get("contract_year") for payload in told}
        found = [one for one in found if one.contract_year not in warned]
    return found

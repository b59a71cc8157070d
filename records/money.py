"""Bills issued exactly once, and the money of an agreement read back from the record (C7.1, C8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, case, func, or_, select

from contract.agreement_file import DAYS_BEYOND
from contract.billing import Bill, set_off_limit
from contract.books import bill_entries
from contract.days import Days
from contract.facts import Account, AgreementSnapshot, EntryKind, EventKind, LedgerEntry, RecordBatch
from contract.holds import PenaltyHold
from contract.money import Money
from contract.money_file import MoneyFile
from contract.money_life import issued
from contract.money_record import bill_of, money_from
from contract.set_off import available, held, outstanding, taken_from
from contract.statements import Statement, statement
from contract.values import DAY
from records import entries, history, queries, snapshots, writing
from records.archive import Shelf
from records.results import Books, PostedEntry
from records.schema import agreements, events, ledger_entries
from records.watching import News

_PAYABLE = Account.PENALTY_PAYABLE.value
_TOUCHES_PENALTIES = or_(ledger_entries.c.credit == _PAYABLE, ledger_entries.c.debit == _PAYABLE)
_STANDS = select(
    func.coalesce(
        func.sum(
            case(
                (ledger_entries.c.credit == _PAYABLE, ledger_entries.c.amount_minor),
                else_=-ledger_entries.c.amount_minor,
            )
        ),
        0,
    )
).where(
    ledger_entries.c.agreement_id == bindparam("agreement_id"),
    ledger_entries.c.effective_at < bindparam("before"),
    _TOUCHES_PENALTIES,
)
_AS_POSTED = (
    ledger_entries.c.recorded_at,
    ledger_entries.c.effective_at,
    ledger_entries.c.kind == EntryKind.PENALTY_CAP.value,
    ledger_entries.c.key,
)
_POSTED = (
    select(ledger_entries)
    .where(
        ledger_entries.c.agreement_id == bindparam("agreement_id"),
        ledger_entries.c.effective_at < bindparam("before"),
        _TOUCHES_PENALTIES,
    )
    .order_by(*_AS_POSTED)
)
_TOLD = select(events.c.kind, events.c.payload).where(
    events.c.workflow_id == bindparam("workflow_id"), events.c.seq == bindparam("seq")
)


def issue(
    connection: Connection,
    workflow_id: str,
    seq: int,
    draft: Bill,
    agreement_id: str,
    set_off: bool,
    holds: Sequence[PenaltyHold],
    agreement: AgreementSnapshot | None,
    shelf: Shelf,
    recorded_at: datetime,
) -> tuple[Bill, News]:
    """Put a bill on record under its event's number, less the penalties that stand; or tell the one there.

    Penalties on hold are left out (contract §4). Deciding and recording are one transaction: whatever is
    posted meanwhile, the bill stays as it is.
    """
    batch = RecordBatch(
        workflow_id=workflow_id, agreement_id=agreement_id, events=[issued(draft, seq)], agreement=agreement
    )
    billed = batch.model_copy(update={"entries": bill_entries(agreement_id, draft)})
    snapshots.hold(connection, [billed])
    told = connection.execute(_TOLD, {"workflow_id": workflow_id, "seq": seq}).one_or_none()
    if told is not None and told.kind == EventKind.BILL_ISSUED:
        return bill_of(told.payload), News()
    stands, span = 0, {"agreement_id": agreement_id, "before": draft.issued_at}
    if set_off:
        stands = int(connection.scalar(_STANDS, span) or 0)
    parts = outstanding(penalty_entries(connection, agreement_id, draft.issued_at)) if holds else {}
    reserved = held(parts, holds)
    limit = set_off_limit(
        draft.amount, Money(minor=available(stands, reserved), currency=draft.amount.currency)
    )
    bill = draft.model_copy(update={"set_off": limit})
    of = taken_from(parts, reserved, limit) if reserved else None
    made = batch.model_copy(
        update={"events": [issued(bill, seq)], "entries": bill_entries(agreement_id, bill, of)}
    )
    _, news = writing.write(connection, [made], shelf, recorded_at)
    return bill, news


def penalty_entries(connection: Connection, agreement_id: str, before: datetime) -> list[LedgerEntry]:
    """What moved the provider's debt of penalties, owed before an instant, in the order of its posting."""
    span = {"agreement_id": agreement_id, "before": before}
    return [posted.entry for posted in entries.read(connection, _POSTED, span)]


def money_of(
    connection: Connection, agreement_id: str, known_at: datetime | None, shelf: Shelf
) -> MoneyFile | None:
    """The facts about an agreement's money, as known at an instant; None where none are on record."""
    agreement = queries.find_agreement(connection, agreement_id)
    if agreement is None or agreement.effective_at is None or agreement.ends_at is None:
        return None
    sheets = shelf.versions(connection, agreement_id)
    days = Days.of(sheets[1].time_zone, agreement.effective_at - DAY, agreement.ends_at + DAYS_BEYOND)
    workflow_id = connection.scalar(
        select(agreements.c.workflow_id).where(agreements.c.agreement_id == agreement_id)
    )
    told = [found.event for found in history.read(connection, workflow_id or "", 1, None)]
    known = [event for event in told if known_at is None or event.at <= known_at]
    return money_from(known, sheets, days)


def statement_of(
    connection: Connection, agreement_id: str, on: date, known_at: datetime | None, shelf: Shelf
) -> Statement | None:
    """The statement of a day, by what was known at an instant (None: now)."""
    money = money_of(connection, agreement_id, known_at, shelf)
    if money is None:
        return None
    wanted = select(ledger_entries).where(ledger_entries.c.agreement_id == agreement_id, _TOUCHES_PENALTIES)
    posted = entries.read(connection, wanted.order_by(*_AS_POSTED))
    known = [p.entry for p in posted if known_at is None or p.entry.effective_at <= known_at]
    return statement(money, known, on)


_CUSTOMERS = [account.value for account in (Account.RECEIVABLE, Account.LATE_FEE_RECEIVABLE)]
_CUSTOMERS += [account.value for account in (Account.CUSTOMER_CREDIT, Account.CASH)]
_ADDED_UP = (
    select(
        ledger_entries.c.debit,
        ledger_entries.c.credit,
        func.sum(ledger_entries.c.amount_minor).label("minor"),
        func.max(ledger_entries.c.effective_at).label("at"),
    )
    .where(ledger_entries.c.agreement_id == bindparam("agreement_id"))
    .group_by(ledger_entries.c.debit, ledger_entries.c.credit)
)
_BILLED = select(ledger_entries.c.key, ledger_entries.c.amount_minor).where(
    ledger_entries.c.agreement_id == bindparam("agreement_id"),
    ledger_entries.c.kind == EntryKind.BILL.value,
)


def books_of(connection: Connection, agreement_id: str) -> Books:
    """The ledger of an agreement, added up."""
    balances: dict[Account, int] = {}
    posted_at: datetime | None = None
    for row in connection.execute(_ADDED_UP, {"agreement_id": agreement_id}):
        # PostgreSQL sums whole numbers into a decimal.
        balances[Account(row.debit)] = balances.get(Account(row.debit), 0) + int(row.minor)
        balances[Account(row.credit)] = balances.get(Account(row.credit), 0) - int(row.minor)
        if row.debit in _CUSTOMERS or row.credit in _CUSTOMERS:
            posted_at = max(row.at, posted_at or row.at)
    bills = {row.key: row.amount_minor for row in connection.execute(_BILLED, {"agreement_id": agreement_id})}
    return Books(balances=balances, bills=bills, posted_at=posted_at)


def journal(connection: Connection, begin: datetime, end: datetime) -> list[PostedEntry]:
    """Every entry recorded from one instant up to another, in the order of recording.

    Rows are only added, each with the time of its recording: the journal of a past period never changes.
    """
    wanted = (
        select(ledger_entries)
        .where(ledger_entries.c.recorded_at >= begin, ledger_entries.c.recorded_at < end)
        .order_by(ledger_entries.c.recorded_at, ledger_entries.c.agreement_id, ledger_entries.c.key)
    )
    return [entries.posted(row) for row in connection.execute(wanted).mappings()]

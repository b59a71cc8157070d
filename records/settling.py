"""What depends on the penalties that stand, decided where it is recorded (C8.1, contract §3, §4).

One transaction reads what stands, lets :mod:`contract.settling` decide, and records it under its event's
number: whatever is posted meanwhile, and however often it is asked, what was decided stays.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, func, or_, select

from contract.agreement_states import AgreementState
from contract.facts import Account, AgreementSnapshot, Event, EventKind, RecordBatch
from contract.money import Money
from contract.refusals import Refusal, RefusalKind
from contract.set_off import available, held, outstanding, taken_from
from contract.settling import Accrual, Ask, FinalAsk, Standing, WaiverAsk, decide, standing_of
from contract.values import TICK
from records import caps, entries, history, money, snapshots, writing
from records.archive import Shelf
from records.schema import ledger_entries
from records.watching import News

_PAYABLE = Account.PENALTY_PAYABLE.value
_OWED = case(
    (ledger_entries.c.credit == _PAYABLE, ledger_entries.c.amount_minor),
    else_=-ledger_entries.c.amount_minor,
)
_STANDING = select(
    func.coalesce(func.sum(_OWED), 0).label("ever"),
    func.coalesce(
        func.sum(case((ledger_entries.c.effective_at <= bindparam("at"), _OWED), else_=0)), 0
    ).label("by_then"),
    func.max(ledger_entries.c.effective_at).label("latest"),
).where(
    ledger_entries.c.agreement_id == bindparam("agreement_id"),
    or_(ledger_entries.c.credit == _PAYABLE, ledger_entries.c.debit == _PAYABLE),
)
_OF_REQUEST = entries.in_order(
    select(ledger_entries).where(
        ledger_entries.c.agreement_id == bindparam("agreement_id"),
        ledger_entries.c.request_id == bindparam("request_id"),
        ledger_entries.c.kind.in_([kind.value for kind in caps.ACCRUING]),
    )
)
_FINAL = {EventKind.FINAL_STATEMENT, EventKind.SETTLED}


def answer(
    connection: Connection,
    workflow_id: str,
    seq: int,
    agreement: AgreementSnapshot,
    ask: Ask,
    shelf: Shelf,
    recorded_at: datetime,
) -> tuple[Event | None, Refusal | None, News]:
    """The event an ask comes to, on record, or why there is none."""
    blank = RecordBatch(workflow_id=workflow_id, agreement_id=agreement.agreement_id, events=[])
    snapshots.hold(connection, [blank], alone=True)
    known = history.read(connection, workflow_id, seq, seq)
    if known:
        return *_known(known[0].event, ask), News()
    decision = decide(ask, _standing(connection, agreement.agreement_id, ask), seq)
    event = decision.event
    if event is None:
        return None, decision.refusal, News()
    if event.kind is EventKind.SETTLED:
        agreement = agreement.model_copy(update={"state": AgreementState.SETTLED, "settled_at": event.at})
    batch = blank.model_copy(update={"events": [event], "entries": decision.entries, "agreement": agreement})
    _, news = writing.write(connection, [batch], shelf, recorded_at)
    return event, None, news


def _known(event: Event, ask: Ask) -> tuple[Event | None, Refusal | None]:
    """What was decided before; a command that is not what stands there came to nothing then."""
    if isinstance(ask, FinalAsk):
        return (event, None) if event.kind in _FINAL else (None, _overtaken())
    return (event, None) if event.command_id == ask.command.command_id else (None, _overtaken())


def _overtaken() -> Refusal:
    return Refusal(
        kind=RefusalKind.OUT_OF_ORDER,
        message="something else was recorded first: look at how things stand, and give it again",
        clause="§3",
    )


def _standing(connection: Connection, agreement_id: str, ask: Ask) -> Standing:
    at = ask.at if isinstance(ask, FinalAsk) else ask.command.at
    row = connection.execute(_STANDING, {"agreement_id": agreement_id, "at": at}).one()
    # PostgreSQL sums whole numbers into a decimal.
    standing = Standing(int(row.ever), int(row.by_then), row.latest)
    if isinstance(ask, WaiverAsk):
        return replace(standing, accruals=_accruals(connection, ask))
    if isinstance(ask, FinalAsk) and ask.holds:
        return _without_held(connection, ask, standing)
    return standing


def _without_held(connection: Connection, ask: FinalAsk, standing: Standing) -> Standing:
    """Penalties in dispute are not netted while they are (contract §7)."""
    parts = outstanding(money.penalty_entries(connection, ask.agreement_id, ask.at + TICK))
    reserved = held(parts, ask.holds)
    by_then = available(standing.by_then, reserved)
    netted = Money(minor=max(0, by_then), currency=ask.owed.currency)
    return replace(standing, by_then=by_then, parts=taken_from(parts, reserved, netted) if reserved else None)


def _accruals(connection: Connection, ask: WaiverAsk) -> list[Accrual]:
    span = {"agreement_id": ask.agreement_id, "request_id": ask.command.request_id}
    posted = entries.read(connection, _OF_REQUEST, span)
    return standing_of([one.entry for one in posted], ask.command.of)

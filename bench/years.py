"""What a year of an agreement's money costs the engine: events, bytes of history, actions as they are billed.

`python -m bench.years [--suspending]`: twelve monthly bills of `examples/service-agreement.yaml` on a
time-skipping server, with notices and invoices, without requests; all paid on time, then every second one
15 days late with its late fee. Nothing is timed. Payloads are not encrypted here, which makes them shorter.

Actions as Temporal Cloud bills them: a start and each continuation as new, an activity and each retry of it,
a timer, a signal, an update, an upsert of search attributes; all local activities of a task together one.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle

from contract.money_commands import RecordPayment
from contract.parties import Actor
from contract.reading import read_terms
from runtime.settings import MailKind, Settings
from starter.demo.paying import invoiced
from starter.stage import Stage, stage
from workflows.ids import agreement_workflow_id
from workflows.payloads import Ways

SHEET = Path(__file__).parents[1] / "examples" / "service-agreement.yaml"
BEGINS = datetime(2026, 1, 1, 1, tzinfo=UTC)
LATE_DAYS = 15
BILLS = 12

E = EventType
PROVIDER, CUSTOMER = (Actor(party=party, person="Bench") for party in ("provider", "customer"))

BILLED = {
    E.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "starts",
    E.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: "updates",
    E.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activities",
    E.EVENT_TYPE_TIMER_STARTED: "timers",
    E.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signals",
    E.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "upserts",
}
LOCAL = "local"
"""Tasks with local activities."""
KINDS = (*BILLED.values(), LOCAL)


@dataclass
class Cost:
    """What the histories of a workflow's runs hold."""

    events: int = 0
    size: int = 0
    actions: Counter[str] = field(default_factory=Counter)

    def add(self, events: Sequence[HistoryEvent]) -> None:
        """Count one run in."""
        self.events += len(events)
        self.size += sum(event.ByteSize() for event in events)
        tasks: set[int] = set()
        for event in events:
            if name := BILLED.get(event.event_type):
                self.actions[name] += 1
            if event.event_type == E.EVENT_TYPE_ACTIVITY_TASK_STARTED:
                self.actions["activities"] += event.activity_task_started_event_attributes.attempt - 1
            if event.event_type == E.EVENT_TYPE_MARKER_RECORDED:
                tasks.add(event.marker_recorded_event_attributes.workflow_task_completed_event_id)
        self.actions[LOCAL] += len(tasks)


async def lived(on_stage: Stage, agreement_id: str, late: Sequence[int], **changes: Any) -> Cost:
    """A year of an agreement whose bills with these numbers are paid late."""
    terms = read_terms(SHEET.read_text())
    late_payment = terms.late_payment.model_copy(update=changes)
    terms = terms.model_copy(update={"agreement_id": agreement_id, "late_payment": late_payment})
    time, client = on_stage.time, on_stage.client
    await time.begin(BEGINS)
    ways = Ways(offset_seconds=int(time.offset.total_seconds()), billing=True, mail=True, invoices=True)
    offered = await client.offer(terms, ways=ways)
    for actor in (PROVIDER, CUSTOMER):
        await client.sign(agreement_id, actor, digest=offered.receipt.digest, title="director")
    for month in range(1, BILLS + 1):
        await pay(on_stage, agreement_id, date(2026, month, 1), LATE_DAYS if month in late else -5)
    await time.until(BEGINS + timedelta(days=364))
    handle = client._temporal.get_workflow_handle(agreement_workflow_id(agreement_id))
    return await cost_of(handle)


async def pay(on_stage: Stage, agreement_id: str, issued_on: date, days: int) -> None:
    """Pay the bill of a period so many days after it is due: all that is owed then."""
    money = await on_stage.store.money(agreement_id)
    assert money is not None
    day = issued_on + timedelta(days=money.terms.payment_days + days)
    at = money.days.start_of(day) + timedelta(hours=10)
    await on_stage.time.until(at)
    stated = await on_stage.store.statement(agreement_id, day)
    assert stated is not None
    number = f"B{issued_on.month:03d}"
    owed = next(bill for bill in stated.bills if bill.number == number)
    amount = owed.unpaid + owed.late_fee_unpaid
    told = {
        "means": "transfer",
        "reference": number,
        "amount": str(amount),
        "value_date": day,
        "bill": number,
    }
    await on_stage.client.settle(agreement_id, RecordPayment, PROVIDER, at=at, **told)
    await invoiced(on_stage.store, agreement_id)


async def cost_of(handle: WorkflowHandle[Any, Any]) -> Cost:
    cost = Cost()
    cost.add([event async for event in handle.fetch_history_events()])
    return cost


async def run(suspending: bool) -> None:
    half = range(2, BILLS + 1, 2)
    lives: dict[str, tuple[Sequence[int], dict[str, Any]]] = {
        "all on time": ((), {}),
        "half of it late": (half, {}),
    }
    if suspending:
        lives["half late, and suspended"] = (half, {"suspend_after_days": 10})
    table = Table(
        "one agreement, one year", "events", "KB", "actions", *KINDS, title=f"{BILLS} monthly bills"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for number, (name, (late, changes)) in enumerate(lives.items()):
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(
                mail=MailKind.OUTBOX, home=Path(folder), records_url=f"sqlite:///{folder}/records.db"
            )
            async with stage(settings) as on_stage:
                cost = await lived(on_stage, f"BENCH-{number}", late, **changes)
        counts = [str(cost.actions[kind]) for kind in KINDS]
        table.add_row(name, str(cost.events), f"{cost.size / 1000:.0f}", str(cost.actions.total()), *counts)
    Console(width=110).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--suspending", action="store_true", help="also with a suspension for each late bill")
    asyncio.run(run(parser.parse_args().suspending))


if __name__ == "__main__":
    main()

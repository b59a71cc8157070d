"""Whether record and engine say the same, and whether the record is what was recorded (C6.2.3)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.facts import EventKind
from contract.money_commands import RecordPayment
from starter.exits import ExitCode
from tests.engine import PROVIDER, LivedAgreement, R, World
from tests.operating.conftest import Operator, Operators, Tampering

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]


async def lived(world: World) -> LivedAgreement:
    """An agreement with a request late in everything, one being worked, one closed and one withdrawn."""
    ago = timedelta(hours=20)
    begin = datetime.now(UTC).replace(microsecond=0) - ago
    agreement = await world.agreement(begin, ago=ago, targets={"resolve_hours": 8})
    await agreement.submit()
    await agreement.comes_to_owe("700.00")
    for request_id, state in (("worked", "waiting"), ("closed", "closed"), ("gone", "withdrawn")):
        await agreement.bring(state, request_id)
    return agreement


async def differences(operator: Operator, agreement: LivedAgreement) -> list[tuple[Any, ...]]:
    said = await operator("reconcile", "--agreement", agreement.id, "--json")
    found = json.loads(said.out)
    assert found["unanswered"] == []
    assert said.code == (ExitCode.DIFFERENT if found["differences"] else ExitCode.DONE)
    return [
        (one["kind"], one["request_id"], one["field"], one["record"], one["engine"])
        for one in found["differences"]
    ]


async def test_record_and_engine_say_the_same_on_either_database(operating: Operators, record_url: str):
    async with operating(records_url=record_url) as operator:
        await operator.world.start_worker()
        agreement = await lived(operator.world)
        said = await operator("reconcile", "--agreement", agreement.id, "--json")
        assert said.json == {"compared": 5, "gone": 0, "unanswered": [], "differences": []}
        shown = await operator("reconcile", "--agreement", agreement.id)
        assert (shown.code, shown.out.splitlines()) == (0, ["no differences", "5 workflows compared"])
        still = await operator("reconcile", "--agreement", agreement.id, "--open", "--json")
        assert (still.json["compared"], still.json["differences"]) == (3, [])


async def test_what_was_done_to_the_record_alone_is_found_on_either_database(
    operating: Operators, record_url: str, tamper: Tampering
):
    async with operating(records_url=record_url) as operator:
        await operator.world.start_worker()
        agreement = await lived(operator.world)
        request = f"request/{agreement.id}"
        await tamper(
            record_url,
            "UPDATE requests SET state = 'closed' WHERE request_id = 'worked'",
            f"DELETE FROM events WHERE workflow_id = '{request}/closed' AND seq = 6",
            f"DELETE FROM events WHERE workflow_id = '{request}/gone'",
            "DELETE FROM requests WHERE request_id = 'gone'",
        )
        assert await differences(operator, agreement) == [
            ("state", "closed", "last_seq", 6, 5),
            ("events_missing", "closed", "seq", 5, 6),
            ("no_record", "gone", None, None, "running"),
            ("state", "worked", "state", "closed", "waiting"),
        ]


async def test_a_ledger_that_adds_up_to_something_else_is_found(
    operating: Operators, sqlite_url: str, tamper: Tampering
):
    async with operating(records_url=sqlite_url) as operator:
        await operator.world.start_worker()
        agreement = await lived(operator.world)
        await tamper(
            sqlite_url,
            "DROP TRIGGER ledger_entries_no_update",
            "UPDATE ledger_entries SET amount_minor = 100 WHERE key LIKE '%late-response%'",
        )
        ((kind, request_id, field, record, engine),) = await differences(operator, agreement)
        assert (kind, request_id, field) == ("penalties", R, "accrued")
        assert (record["amount"], engine["amount"]) == ("501.00", "700.00")


async def billed(world: World) -> LivedAgreement:
    """An agreement whose first bill is paid in part, and invoiced."""
    ago = timedelta(hours=20)
    begin = datetime.now(UTC).replace(microsecond=0) - ago
    agreement = await world.agreement(begin, ago=ago, billing=True, invoices=True)
    await agreement.event(EventKind.BILL_ISSUED, None)
    today = (begin + timedelta(hours=8)).date()  # in Shanghai
    told: dict[str, Any] = {"means": "transfer", "reference": "T-1", "amount": "400.00", "value_date": today}
    await agreement.client.settle(agreement.id, RecordPayment, PROVIDER, at=begin, **told)
    await agreement.event(EventKind.INVOICE_ISSUED, None)
    return agreement


async def test_money_reconciles_and_what_was_done_to_it_alone_is_found_on_either_database(
    operating: Operators, record_url: str, tamper: Tampering
):
    async with operating(records_url=record_url) as operator:
        await operator.world.start_worker()
        agreement = await billed(operator.world)
        assert await differences(operator, agreement) == []
        documents = ("invoice_files", "issued_invoices", "invoices")
        triggers = ["ledger_entries_no_update", *(f"{table}_no_delete" for table in documents)]
        sqlite = record_url.startswith("sqlite")
        await tamper(
            record_url,
            *(f"DROP TRIGGER IF EXISTS {trigger}" for trigger in triggers if sqlite),
            "UPDATE ledger_entries SET amount_minor = 90000 WHERE kind = 'bill'",
            "UPDATE ledger_entries SET amount_minor = 30000 WHERE kind = 'payment'",
            *(f"DELETE FROM {table}" for table in documents),
        )
        found = {
            (kind, field): (record, engine)
            for kind, _, field, record, engine in await differences(operator, agreement)
        }
        said = {key: tuple(_amount(side) for side in sides) for key, sides in found.items()}
        assert said == {
            ("ledger", "receivable"): ("500.00", "600.00"),
            ("ledger", "customer_credit"): ("100.00", "0.00"),
            ("ledger", "cash"): ("300.00", "400.00"),
            ("bills", "B001"): ("900.00", "1000.00"),
            ("documents", "invoice:payment:transfer:T-1"): (None, "issued"),
        }
        shown = await operator("reconcile", "--agreement", agreement.id)
        assert "900.00 CNY" in shown.out


async def test_a_fact_of_money_that_is_gone_from_the_record_is_found(
    operating: Operators, sqlite_url: str, tamper: Tampering
):
    async with operating(records_url=sqlite_url) as operator:
        await operator.world.start_worker()
        agreement = await billed(operator.world)
        workflow = f"agreement/{agreement.id}"
        gone = f"workflow_id = '{workflow}' AND kind = 'bill_issued'"
        await tamper(sqlite_url, f"DELETE FROM events WHERE {gone}")
        found = {(kind, field) for kind, _, field, _, _ in await differences(operator, agreement)}
        assert {("standing", "owed"), ("standing", "bills"), ("bills", "period 1")} <= found
        assert ("ledger", "receivable") in found


def _amount(side: Any) -> Any:
    return side["amount"] if isinstance(side, dict) else side


async def test_a_workflow_that_ended_or_never_was_is_found(
    operating: Operators, sqlite_url: str, tamper: Tampering
):
    async with operating(records_url=sqlite_url) as operator:
        await operator.world.start_worker()
        agreement = await lived(operator.world)
        await agreement.request_handle("worked").terminate()
        await tamper(
            sqlite_url,
            "UPDATE requests SET workflow_id = 'request/none/none' WHERE request_id = 'r-1'",
            "UPDATE events SET workflow_id = 'request/none/none' WHERE request_id = 'r-1'",
        )
        found = await differences(operator, agreement)
        assert ("ended", "worked", None, "waiting", "terminated") in found
        assert ("no_workflow", R, None, "submitted", None) in found
        assert ("no_record", R, None, None, "running") in found


async def test_without_a_worker_nothing_is_compared_and_that_is_said(operating: Operators):
    async with operating() as operator:
        said = await operator("reconcile")
        assert said.code == ExitCode.NOT_REACHED
        assert "does a worker run?" in said.err


async def test_every_chain_is_verified_and_the_first_wrong_row_of_each_named_on_either_database(
    operating: Operators, record_url: str, tamper: Tampering
):
    async with operating(records_url=record_url) as operator:
        await operator.world.start_worker()
        agreement = await lived(operator.world)
        sound = (await operator("verify", "--json")).json
        (line,) = sound["agreements"]
        assert (sound["sound"], line["workflows"], line["faults"]) == (True, 5, [])
        workflow = f"request/{agreement.id}"
        await tamper(
            record_url,
            f"UPDATE events SET person = 'Nobody' WHERE workflow_id = '{workflow}/worked' AND seq = 3",
            f"DELETE FROM events WHERE workflow_id = '{workflow}/gone' AND seq = 2",
            f"UPDATE events SET seq = 99 WHERE workflow_id = '{workflow}/closed' AND seq = 4",
            f"UPDATE events SET seq = 4 WHERE workflow_id = '{workflow}/closed' AND seq = 5",
            f"UPDATE events SET seq = 5 WHERE workflow_id = '{workflow}/closed' AND seq = 99",
        )
        said = await operator("verify", "--json")
        assert said.code == ExitCode.DIFFERENT
        (line,) = json.loads(said.out)["agreements"]
        assert [(fault["request_id"], fault["seq"]) for fault in line["faults"]] == [
            ("closed", 4),
            ("gone", 2),
            ("worked", 3),
        ]
        shown = await operator("verify")
        assert "its content does not match its hash" in shown.out
        assert f"{workflow}/worked" in shown.out

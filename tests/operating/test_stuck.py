"""What is stuck is found with its cause, and set going again: failing code, mail that is away, no worker."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from activities.notifications import MAIL_UNAVAILABLE
from contract.facts import EventKind
from runtime.sandbox import sandbox
from runtime.settings import MailKind, Tls
from starter.exits import ExitCode
from tests.activities.post_office import HOST, PostOffice
from tests.engine import LivedAgreement, R, eventually
from tests.operating.conftest import Operator, Operators
from tests.starter.conftest import Said
from workflows import search_attributes as sa
from workflows.payloads import AgreementStatus

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def broken(*_: object) -> None:
    raise RuntimeError("boom: a broken build")


def printed(said: Said) -> Any:
    """The JSON a command printed, whatever it exits with."""
    assert said.err == ""
    return json.loads(said.out)


async def troubles(operator: Operator, agreement: LivedAgreement, *more: str) -> list[dict[str, Any]]:
    """What is found stuck of an agreement; nothing exits with 0, anything with 6."""
    said = await operator("stuck", "--agreement", agreement.id, "--json", *more)
    found: list[dict[str, Any]] = printed(said)["stuck"]
    assert said.code == (ExitCode.DIFFERENT if found else ExitCode.DONE)
    return found


async def test_nothing_is_stuck_where_everything_gets_on(operating: Operators):
    async with operating() as operator:
        await operator.world.start_worker()
        agreement = await operator.world.agreement(now())
        await agreement.bring("assigned")
        assert await troubles(operator, agreement) == []
        said = await operator("stuck", "--agreement", agreement.id)
        assert (said.code, said.out) == (0, "nothing is stuck; 2 open workflows\n")
        assert (await operator("retry", agreement.id, "R-nowhere")).code == ExitCode.UNKNOWN
        assert (await operator("retry", agreement.id)).out == "nothing is stuck\n"


async def test_a_workflow_whose_code_fails_is_found_with_the_error_and_reset_once_the_code_is_right(
    operating: Operators, monkeypatch: pytest.MonkeyPatch
):
    """A broken build takes over before a due: its workflow task fails for ever."""
    async with operating() as operator:
        world = operator.world
        await world.start_worker()
        agreement = await world.agreement(now(), targets={"confirm_hours": "0.002"})  # 7.2 s
        await agreement.submit()
        await world.stop_worker()
        with monkeypatch.context() as patch:
            patch.setattr("workflows.service_request.step", broken)
            restrictions = sandbox().restrictions.with_passthrough_modules("workflows")
            world.worker_options["workflow_runner"] = SandboxedWorkflowRunner(restrictions=restrictions)
            await world.start_worker()

            async def failing() -> list[dict[str, Any]]:
                found = await troubles(operator, agreement)
                failed = [one for one in found if one["trouble"] == "task_failing"]
                # The first try may be one that was bound to the worker before and timed out.
                return [one for one in failed if one["error"] != "timeout"]

            (found,) = await eventually(failing, "a failing workflow task")
            assert found["workflow_id"] == f"request/{agreement.id}/{R}"
            assert found["error"] == "workflow_worker_unhandled_failure"
            assert found["message"] == "RuntimeError: boom: a broken build"
            assert found["attempt"] >= 2
            left = await operator("retry", agreement.id, R)
            assert left.code == ExitCode.DIFFERENT
            assert "at once with --reset" in left.out
            await world.stop_worker()
        world.worker_options.clear()
        await world.start_worker()
        planned = await operator("retry", agreement.id, R, "--reset", "--dry-run", "--json")
        assert [step["outcome"] for step in planned.json["steps"]] == ["planned"]
        done = await operator("retry", agreement.id, R, "--reset", "--json")
        (step,) = done.json["steps"]
        assert (step["remedy"], step["outcome"]) == ("reset_workflow", "done")
        await agreement.event(EventKind.TARGET_BREACHED)
        # The new run goes on as if nothing had been: commands, record and chain.
        assert (await agreement.do("confirm", now())).state == "confirmed"
        kinds = [kind for kind in await agreement.kinds() if kind != "target_warned"]
        assert kinds == ["submitted", "target_breached", "confirmed"]
        assert await troubles(operator, agreement) == []
        compared = await operator("reconcile", "--agreement", agreement.id, "--json")
        assert (compared.json["compared"], compared.json["differences"]) == (2, [])
        assert (await operator("verify", "--agreement", agreement.id, "--json")).json["sound"]


async def test_a_task_that_no_worker_takes_is_found(operating: Operators):
    async with operating() as operator:
        agreement_id = "A-nobody"
        handle = await operator.world.temporal.start_workflow(
            "Agreement",
            id=f"agreement/{agreement_id}",
            task_queue="a queue of nobody",
            search_attributes=sa.typed({sa.AGREEMENT_ID: agreement_id}),
        )

        async def waiting() -> Any:
            said = await operator("stuck", "--agreement", agreement_id, "--grace", "1s", "--json")
            return printed(said)["stuck"]

        (found,) = await eventually(waiting, "a task nobody takes")
        assert (found["trouble"], found["attempt"]) == ("task_waiting", 1)
        await handle.terminate()


def post(office: PostOffice) -> dict[str, Any]:
    return {"mail": MailKind.SMTP, "smtp_host": HOST, "smtp_port": office.port, "smtp_tls": Tls.NONE}


async def test_mail_that_cannot_leave_is_found_and_leaves_before_its_next_try_when_retried(
    operating: Operators,
):
    async with PostOffice() as office, operating(**post(office)) as operator:
        await operator.world.start_worker()
        agreement = await operator.world.agreement(now(), mail=True)
        await agreement.submit()

        async def failing() -> Any:
            found = await troubles(operator, agreement)
            mine = [one for one in found if one["request_id"] == R and one["trouble"] == "activity_failing"]
            return [one for one in mine if one["attempt"] >= 4 and one["next_try"]]

        (found,) = await eventually(failing, "several tries to mail", within=60)
        assert (found["what"], found["error"]) == ("notify", MAIL_UNAVAILABLE)
        assert "@" not in found["message"]
        shown = await operator("stuck", "--agreement", agreement.id)
        assert f"request/{agreement.id}/{R}" in shown.out
        await office.open()
        done = await operator("retry", agreement.id, R, "--json")
        assert [step["remedy"] for step in done.json["steps"]] == ["retry_activity"]

        async def sent() -> bool:
            return bool((await agreement.status()).unsent_notices == 0)

        await eventually(sent, "the notice")
        assert datetime.now(UTC) < datetime.fromisoformat(found["next_try"])
        assert {str(message["Aftercare-Event"]) for _, message in office.received} >= {
            "1-submitted-provider",
            "1-submitted-customer",
        }


async def test_notices_refused_for_good_are_sent_once_the_mail_server_takes_them(operating: Operators):
    async with PostOffice() as office, operating(**post(office)) as operator:
        office.refusals["li@example.com"] = "550 5.7.1 relaying denied"
        await office.open()
        await operator.world.start_worker()
        agreement = await operator.world.agreement(now(), mail=True)

        async def given_up() -> bool:
            status: AgreementStatus = await agreement.handle.query("status", result_type=AgreementStatus)
            return status.unsent_notices == 0

        await eventually(given_up, "notices that nobody tries to send any longer")
        planned = await operator("retry", agreement.id, "--dry-run", "--json")
        assert [step["seqs"] for step in printed(planned)["steps"]] == [[1, 2, 3, 4]]
        refused = await operator("retry", agreement.id, "--json")
        assert refused.code == ExitCode.DIFFERENT
        (step,) = printed(refused)["steps"]
        assert (step["outcome"], step["remedy"]) == ("failed", "resend_notices")
        assert "refused for good: event 1 to provider (550)" in step["message"]
        assert "@" not in step["message"]
        office.refusals.clear()
        sent = await operator("retry", agreement.id, "--json")
        assert [step["outcome"] for step in sent.json["steps"]] == ["done"]
        told = sorted(str(message["Aftercare-Event"]) for _, message in office.received)
        assert told == [
            "1-offered-customer",
            "1-offered-provider",
            "2-signed-customer",
            "2-signed-provider",
            "3-signed-customer",
            "3-signed-provider",
            "4-activated-customer",
            "4-activated-provider",
        ]
        assert (await operator("retry", agreement.id)).out == "nothing is stuck\n"
        assert len(office.received) == len(told)


async def test_what_to_retry_must_be_named(operating: Operators):
    async with operating() as operator:
        for arguments in ((), ("A-1", "--all"), ("no/id",)):
            said = await operator("retry", *arguments)
            assert (said.code, said.err.count("\n")) == (ExitCode.USAGE, 1)
        unknown = await operator("retry", "A-nowhere")
        assert unknown.code == ExitCode.UNKNOWN

"""A mistake is one clear line and a documented exit code, never a traceback; for programs it is JSON."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from temporalio.service import RPCError

from records.faults import SchemaNotReady
from runtime.connection import Unreachable
from runtime.engines import EngineFailed, EngineMissing
from starter.exits import ExitCode
from tests.starter.conftest import CommandLine
from tests.starter.live import Service
from tests.starter.sheets import write_sheet

AFTERCARE = (sys.executable, "-m", "starter.cli")
ROOT = Path(__file__).parents[2]
BY = ("--by", "provider:Li Ming")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trems"], "No such command 'trems'. Did you mean 'terms'?"),
        (["terms", "chek"], "No such command 'chek'. Did you mean 'check'?"),
        (["terms", "check"], "Missing argument 'FILE...'"),
        (["terms", "check", "--jsn", "x"], "No such option: --jsn"),
        (["request", "confirm", "A", "R"], "Missing option '--by' (env var: 'AFTERCARE_BY')"),
        (["request", "confirm", "A", "R", "--by", "Li Ming"], "allowed: PARTY:PERSON"),
        (["request", "confirm", "A", "R", "--by", "the provider:Li"], "party"),
        (["request", "confirm", "A", "R", *BY, "--at", "2026-03-02T09:00"], "a time with its offset"),
        (["request", "list", "A", "--limit", "0"], "greater than or equal to 1"),
        (["request", "list", "A", "--state", "lost"], "'--state': 'lost' is not one of"),
        (["request", "list", "A", "--service", "x"], "'--service': 'x' is not one of"),
        (["ops", "watch", "--every", "0s"], "given '0s'; allowed: more than none, such as 2h"),
        (["ops", "watch", "--every", "x"], "given 'x'; allowed: a length of time, such as 2h"),
        (["agreement", "sign", "A", *BY, "--title", "CEO"], "--terms FILE or --digest SHA256"),
        (["calendars", "refresh", "--country", "XX"], "a country with calendar data"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_code_two(
    aftercare: CommandLine, arguments: list[str], message: str
):
    said = aftercare(*arguments)
    assert (said.code, said.out) == (ExitCode.USAGE, "")
    assert said.err.startswith("aftercare: ")
    assert message in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["agreement", "show", "A-1"], "There is no record store at "),
        (["report", "penalties", "A-1"], "There is no record store at "),
        (["request", "confirm", "A-1", "R-1", *BY], "No Temporal server answers at 127.0.0.1:1. "),
    ],
)
def test_nobody_there_is_one_line_that_says_what_to_do_and_code_one(
    aftercare: CommandLine, arguments: list[str], message: str, tmp_path: Path
):
    said = aftercare(*arguments)
    assert (said.code, said.out) == (ExitCode.NOT_REACHED, "")
    assert message in said.err
    assert "`aftercare dev`" in said.err
    assert said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [], "looking for the service makes nothing"


def test_a_record_store_without_tables_says_how_to_make_them(aftercare: CommandLine, tmp_path: Path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "records.db").touch()
    said = aftercare("agreement", "list")
    assert said.code == ExitCode.NOT_REACHED
    assert "`aftercare records upgrade`" in said.err
    assert "up to date" in aftercare.well("records", "upgrade")
    assert aftercare("agreement", "list", "--json").json == {"agreements": []}


def test_a_setting_that_cannot_be_read_is_named(aftercare: CommandLine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AFTERCARE_MAIL", "pigeon")
    monkeypatch.setenv("AFTERCARE_SMTP_PORT", "many")
    said = aftercare("agreement", "list")
    assert said.code == ExitCode.FAULTY
    assert [line.split(" ")[2] for line in said.err.splitlines()[1:]] == [
        "AFTERCARE_MAIL",
        "AFTERCARE_SMTP_PORT",
    ]


@pytest.mark.parametrize("address", ["", "nonsense", "http://localhost:7233", "no spaces:7233"])
def test_an_address_is_host_and_port(aftercare: CommandLine, monkeypatch: pytest.MonkeyPatch, address: str):
    monkeypatch.setenv("AFTERCARE_TEMPORAL_ADDRESS", address)
    said = aftercare("request", "confirm", "A", "R", *BY)
    assert (said.code, said.err.count("\n")) == (ExitCode.FAULTY, 2)
    assert "AFTERCARE_TEMPORAL_ADDRESS" in said.err


def test_a_home_that_cannot_be_made_is_a_mistake_of_usage(aftercare: CommandLine, tmp_path: Path):
    (tmp_path / "file").touch()
    said = aftercare("dev", "--home", tmp_path / "file")
    assert (said.code, said.err.count("\n")) == (ExitCode.USAGE, 1)
    assert "File exists" in said.err


def test_a_record_url_that_is_none_is_a_fault_and_keeps_its_password(
    aftercare: CommandLine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AFTERCARE_RECORDS_URL", "mysql://me:secret@host/records")
    said = aftercare("agreement", "list")
    assert said.code == ExitCode.FAULTY
    assert "AFTERCARE_RECORDS_URL" in said.err
    assert "secret" not in said.err


def test_a_database_that_is_away_does_not_answer(aftercare: CommandLine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AFTERCARE_RECORDS_URL", "postgresql://me:secret@127.0.0.1:1/records")
    said = aftercare("agreement", "list")
    assert said.code == ExitCode.NOT_REACHED
    assert "does not answer" in said.err
    assert "secret" not in said.err


@pytest.mark.parametrize(
    "problem",
    [
        Unreachable("No Temporal server answers."),
        EngineMissing("The Temporal dev server is not installed."),
        EngineFailed("Another dev server is running."),
        SchemaNotReady("the database has no record store"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_what_engines_and_records_say_is_said(
    aftercare: CommandLine, monkeypatch: pytest.MonkeyPatch, problem: Exception
):
    def away(*_: object) -> None:
        raise problem

    monkeypatch.setattr("starter.given.sheet", away)
    said = aftercare("terms", "digest", "any.yaml")
    assert (said.code, said.err) == (ExitCode.NOT_REACHED, f"aftercare: {problem}\n")


def test_a_fault_of_our_own_is_said_to_be_one(aftercare: CommandLine, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise ZeroDivisionError("this should not have happened")

    monkeypatch.setattr("starter.given.sheet", broken)
    said = aftercare("terms", "digest", "any.yaml")
    assert said.code == ExitCode.BROKEN
    assert said.err.count("\n") == 1
    assert "ZeroDivisionError: this should not have happened" in said.err


def test_without_a_command_there_is_help_and_code_two(aftercare: CommandLine):
    said = aftercare()
    assert said.code == ExitCode.USAGE
    assert "rehearse" in said.out


@pytest.mark.engine
def test_nothing_to_find_is_code_five(online: CommandLine):
    for arguments in (
        ("agreement", "show", "nowhere"),
        ("agreement", "refuse", "nowhere", *BY),
        ("request", "show", "nowhere", "R-1"),
        ("request", "list", "nowhere"),
        ("request", "confirm", "nowhere", "R-1", *BY),
        ("request", "priority", "nowhere", "R-1", "high", *BY),
        ("report", "compliance", "nowhere"),
        ("report", "ratings", "nowhere"),
        ("report", "penalties", "nowhere"),
    ):
        said = online(*arguments)
        assert (said.code, said.out, said.err.count("\n")) == (ExitCode.UNKNOWN, "", 1), arguments
        assert "nowhere" in said.err


@pytest.mark.engine
def test_what_the_contract_refuses_is_code_four_with_what_is_allowed(
    online: CommandLine, service: Service, tmp_path: Path
):
    sheet = write_sheet(tmp_path, "A-refusing")
    online.well("agreement", "offer", sheet)
    said = online(
        "request",
        "submit",
        "A-refusing",
        "R-1",
        "--by",
        "customer:Wang",
        "--title",
        "T",
        "--service",
        "technical_support",
    )
    assert (said.code, said.err) == (
        ExitCode.REFUSED,
        "aftercare: the agreement is offered: not in force (C4.1)\n",
    )
    error = online(
        *("agreement", "sign", "A-refusing", *BY, "--title", "CEO", "--digest", "0" * 64, "--json")
    ).error
    assert (error["kind"], error["clause"]) == ("wrong_digest", "C10.2")
    assert error["allowed"] == [online("terms", "digest", sheet, "--json").json["digest"]]


@pytest.mark.engine
def test_what_a_command_says_is_checked_before_it_is_told(online: CommandLine):
    said = online("request", "ask", "A", "R", "x" * 201, *BY, "--command-id", "no spaces please", "--json")
    assert said.code == ExitCode.FAULTY
    assert [fault["path"] for fault in said.error["faults"]] == ["command_id", "missing[0]"]


@pytest.mark.engine
def test_a_service_without_a_worker_does_not_answer(
    online: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AFTERCARE_TASK_QUEUE", "where-nobody-works")
    monkeypatch.setenv("AFTERCARE_PATIENCE_SECONDS", "0.5")
    sheet = write_sheet(tmp_path, "A-waiting")
    digest = online("terms", "digest", sheet, "--json").json["digest"]
    for arguments in (
        ("agreement", "offer", sheet),
        ("agreement", "sign", "A-waiting", *BY, "--title", "CEO", "--digest", digest),
    ):
        said = online(*arguments)
        assert (said.code, said.err.count("\n")) == (ExitCode.NOT_REACHED, 1)
        assert "does a worker run?" in said.err


@pytest.mark.engine
def test_ctrl_c_while_waiting_ends_at_once_with_code_130(service: Service, tmp_path: Path):
    environment = os.environ | {
        "AFTERCARE_HOME": str(service.home),
        "AFTERCARE_TEMPORAL_ADDRESS": service.address,
        "AFTERCARE_TASK_QUEUE": "where-nobody-works",
        "AFTERCARE_PATIENCE_SECONDS": "60",
    }
    sheet = write_sheet(tmp_path, "A-interrupted")
    with subprocess.Popen(
        [*AFTERCARE, "agreement", "offer", str(sheet)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as waiting:
        service.do(_started(service, "agreement/A-interrupted"))
        waiting.send_signal(signal.SIGINT)
        out, err = waiting.communicate(timeout=20)
    assert (waiting.returncode, out, err) == (ExitCode.INTERRUPTED, "", "aftercare: interrupted\n")


async def _started(service: Service, workflow_id: str) -> None:
    """Wait until the server knows a workflow."""
    give_up = asyncio.get_running_loop().time() + 30
    while True:
        try:
            await service.temporal.get_workflow_handle(workflow_id).describe()
            return
        except RPCError:
            assert asyncio.get_running_loop().time() < give_up
        await asyncio.sleep(0.05)


def test_a_reader_that_has_seen_enough_is_no_mistake(tmp_path: Path):
    sheet = write_sheet(tmp_path, service_hours="always")
    with subprocess.Popen(
        [*AFTERCARE, "terms", "show", str(sheet)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as showing:
        assert showing.stdout is not None
        assert showing.stderr is not None
        showing.stdout.close()
        assert showing.stderr.read() == ""
    assert showing.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full to write to")
@pytest.mark.parametrize("command", ["show", "digest"])
def test_output_that_cannot_be_written_is_code_74(tmp_path: Path, command: str):
    sheet = write_sheet(tmp_path, service_hours="always")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*AFTERCARE, "terms", command, str(sheet)],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr.count("\n")) == (ExitCode.OUTPUT_LOST, 1)
    assert "No space left on device" in done.stderr

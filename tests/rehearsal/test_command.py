"""`aftercare rehearse`: what it prints and writes, and how it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from starter.cli import run
from starter.rehearsal import running
from tests.rehearsal.logs import AROUND_THE_CLOCK, BUSINESS_HOURS, TICKETS

pytestmark = pytest.mark.engine

REHEARSE = ["rehearse", str(BUSINESS_HOURS), str(TICKETS)]


def aftercare(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "starter.cli", *arguments], capture_output=True, text=True, timeout=100
    )


def test_json_is_all_it_prints_and_files_are_written_beside_it(tmp_path: Path):
    csv, chart = tmp_path / "report.csv", tmp_path / "chart.svg"
    done = aftercare(*REHEARSE, "--json", "--check", "--csv", str(csv), "--chart", str(chart))
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert list(report) == ["requests", "totals", "refused", "check"]
    assert len(report["requests"]) == report["totals"]["requests"] == 25
    assert report["totals"]["penalty_total"] == "10000.00"
    assert report["check"]["differences"] == []
    assert len(csv.read_text(encoding="utf-8").splitlines()) == 26
    assert chart.read_text(encoding="utf-8").startswith("<?xml")


def test_a_limit_takes_the_tickets_submitted_first():
    done = aftercare(*REHEARSE, "--json", "--limit", "2")
    assert [one["request_id"] for one in json.loads(done.stdout)["requests"]] == ["T-001", "T-002"]


def test_records_are_kept_where_one_says_and_an_agreement_is_not_lived_twice(tmp_path: Path):
    url = f"sqlite+aiosqlite:///{tmp_path / 'kept.db'}"
    assert aftercare(*REHEARSE, "--limit", "1", "--records", url).returncode == 0
    again = aftercare(*REHEARSE, "--limit", "1", "--records", url)
    assert again.returncode == 3
    assert "a record store that does not know the agreement yet" in again.stderr


def test_differences_are_printed_and_leave_with_code_6(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    real: Callable[..., Any] = running.delay_at
    monkeypatch.setattr(running, "delay_at", lambda request, until: real(request, until) + 1)
    assert run([*REHEARSE, "--limit", "1", "--check"]) == 6
    printed = capsys.readouterr().out
    assert "1 of 18 values differ" in printed
    assert "delay_seconds" in printed


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["rehearse", str(BUSINESS_HOURS), "no-such.csv"], 2, "no-such.csv: No such file or directory"),
        ([*REHEARSE, "--format", "servicenow"], 3, "line 1, incident_state"),
        ([*REHEARSE, "--chart", "chart.pdf"], 2, "allowed: a name that ends in .svg or .png"),
        ([*REHEARSE, "--records", "nonsense"], 2, "a database URL such as sqlite+aiosqlite:///"),
        ([*REHEARSE, "--limit", "0"], 2, "--limit"),
        (["rehearse", str(TICKETS), str(TICKETS)], 3, "tickets.csv"),
    ],
)
def test_a_mistake_is_one_clear_line_and_a_code_of_its_own(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
):
    assert run(arguments) == code
    assert said in capsys.readouterr().err


def test_every_fault_of_a_log_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    log = tmp_path / "bad.csv"
    log.write_text("request_id,at,command\nA,yesterday,submit\nB,2026-03-02,fly\n", encoding="utf-8")
    assert run(["rehearse", str(AROUND_THE_CLOCK), str(log)]) == 3
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"aftercare: {log}: 3 faults"
    assert [line.split(" (")[0].strip() for line in lines[1:]] == [
        "line 2, at",
        "line 2, service",
        "line 3, command",
    ]

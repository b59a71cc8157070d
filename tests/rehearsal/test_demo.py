"""`aftercare demo`: from the offer to the close, with everything it promises to show."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from contract.notices import MONEY_NOTICES

pytestmark = [pytest.mark.engine, pytest.mark.journey]


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "starter.cli", "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo")
    done = demo(folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder, done.stdout


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    done = demo(tmp_path_factory.mktemp("demo"), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_prints_a_timeline_the_compliance_table_and_each_penalty_with_clause_and_formula(
    shown: tuple[Path, str],
):
    _, text = shown
    timeline, compliance, penalties = (
        text.index(part) for part in ("offered", "Compliance (C5.1)", "Penalties (C8.1)")
    )
    assert timeline < compliance < penalties
    assert "Wed 2026-03-11 12:00 DAYS-LATE      the contract           C8.1.2  target breached" in text
    assert "day 3 of the delay, begun 48 h past the due: 500.00 CNY" in text[penalties:]
    assert "due 2026-01-19 18:00:00 = 2 h of service time from 2026-01-19 16:00:00" in text[penalties:]
    assert "cap        28,800.00 CNY = 20 % of 12 × 12,000.00 CNY" in text


def test_it_lives_the_whole_agreement(told: dict[str, Any]):
    kinds = [one["kind"] for one in told["timeline"] if one["request_id"] is None]
    assert [kind for kind in kinds if kind not in MONEY_NOTICES and kind != "invoice_issued"] == [
        "offered",
        "signed",
        "signed",
        "activated",
        "fee_change_proposed",
        "fee_change_objected",
        "fee_change_countered",
        "fee_change_accepted",
        "terms_agreed",
        "terms_in_force",
        "dispute_opened",
        "settlement_offered",
        "dispute_settled",
        "amendment_proposed",
        "amendment_consented",
        "terms_agreed",
        "terms_in_force",
        "end_reminded",
        "end_reminded",
        "end_reminded",
        "expired",
        "agreement_closed",
    ]


def test_it_lives_a_year_of_money(told: dict[str, Any]):
    """Paid on time, late in two parts, suspended and resumed by a cheque, penalties set off, settled."""
    kinds = Counter(one["kind"] for one in told["timeline"] if one["request_id"] is None)
    assert kinds["bill_issued"] == 12
    assert (kinds["payment_recorded"], kinds["payment_cleared"]) == (12, 1)
    assert (kinds["suspended"], kinds["resumed"], kinds["settled"]) == (1, 1, 1)
    lines = Counter(line["kind"] for line in told["statement"]["lines"])
    assert lines == {"bill": 12, "payment": 12, "set_off": 3, "late_fee": 2, "credit": 1}
    assert told["statement"]["owed"]["amount"] == "0.00"


@pytest.mark.parametrize(
    "said",
    [
        "fee change proposed: 12960.00 CNY from 2026-07-06: 人工成本上涨。",
        "fee change objected: 12360.00 CNY from 2026-07-06: Eight percent is twice the index.",
        "fee change accepted: 12600.00 CNY from 2026-07-06",
        "terms in force: version 2, fee change 1",
        "dispute settled: bill B007 less 1000",
        "terms in force: version 3, amendment 1",
    ],
)
def test_it_says_what_was_offered_and_agreed(told: dict[str, Any], said: str):
    assert said in [one["said"] for one in told["timeline"]]


def test_bills_ask_for_the_negotiated_fee_and_the_settlement_is_credited(told: dict[str, Any]):
    lines = told["statement"]["lines"]
    bills = [line["amount"]["amount"] for line in lines if line["kind"] == "bill"]
    assert bills == ["12000.00"] * 6 + ["12600.00"] * 6
    assert [line["amount"]["amount"] for line in lines if line["clause"] == "C9.1"] == ["-1000.00"]


def test_it_leaves_the_agreement_and_what_changed_it_in_writing(shown: tuple[Path, str]):
    folder, text = shown
    made = {path.name for path in (folder / "demo-output" / "papers").glob("*.pdf")}
    for language in ("en", "zh-CN"):
        both = [f"{language}-{role}" for role in ("customer", "provider")]
        assert made >= {f"agreement-{copy}.pdf" for copy in both}
        assert made >= {f"amendment-1-{copy}.pdf" for copy in both}
        assert made >= {f"dispute-D001-settlement-{copy}.pdf" for copy in both}
        assert made >= {f"{name}-{language}.pdf" for name in ("fee-change-1", "agreement-v2", "agreement-v3")}
    assert "the agreement and what changed it (18 files)" in text


def test_it_leaves_invoices_and_the_statement_to_open(shown: tuple[Path, str]):
    folder, text = shown
    papers = folder / "demo-output" / "papers"
    names = [f"INV-2026-{place:06}" for place in range(1, 13)]
    pdfs = {path.stem for path in papers.glob("*.pdf") if path.read_bytes().startswith(b"%PDF")}
    assert pdfs >= {*names, "statement"}
    assert {name for name in pdfs if name.startswith("INV")} == set(names)
    assert "12 invoices and the statement in demo-output/papers" in text


def test_its_timeline_is_in_order_of_time(told: dict[str, Any]):
    instants = [datetime.fromisoformat(one["at"]) for one in told["timeline"]]
    assert instants == sorted(instants)


@pytest.mark.parametrize(
    ("request_id", "kind"),
    [
        ("ON-TIME", "accepted"),
        ("LATE-RESPONSE", "closed_by_itself"),
        ("DAYS-LATE", "materials_asked"),
        ("REOPENED", "reopened"),
        ("REOPENED", "priority_raised"),
        ("RATED-BADLY", "rating_answered"),
        ("WITHDRAWN", "withdrawn"),
        ("TOO-LATE", "refused"),
    ],
)
def test_it_shows_what_each_request_is_there_for(told: dict[str, Any], request_id: str, kind: str):
    assert kind in [one["kind"] for one in told["timeline"] if one["request_id"] == request_id]


def test_a_request_across_the_new_year_counts_the_make_up_workday_and_not_the_holidays(told: dict[str, Any]):
    # Two hours on Friday, 7.5 on Saturday the 14th, nothing for nine days, 7.5 on the 24th, 7 on the 25th.
    (request,) = [one for one in told["requests"] if one["request_id"] == "NEW-YEAR"]
    assert (request["resolve_due"], request["delay_days"]) == ("2026-02-25T09:30:00Z", 0)


def test_its_penalties_are_those_the_contract_works_out(told: dict[str, Any]):
    owed = {one["request_id"]: one["penalty_total"] for one in told["requests"]}
    assert {request: total for request, total in owed.items() if total != "0.00"} == {
        "LATE-RESPONSE": "200.00",
        "DAYS-LATE": "1500.00",
        "RATED-BADLY": "700.00",
    }
    assert told["totals"]["penalty_total"] == "2400.00"


def test_it_leaves_mails_in_both_languages_that_can_be_opened(shown: tuple[Path, str]):
    folder, text = shown
    mails = sorted((folder / "demo-output" / "outbox").glob("*.eml"))
    assert f"{len(mails)} in demo-output/outbox" in text
    read = [message_from_bytes(mail.read_bytes(), policy=policy.default) for mail in mails]
    assert {mail["Content-Language"] for mail in read} == {"zh-CN", "en"}


def test_again_it_starts_afresh_and_removes_only_what_it_left(shown: tuple[Path, str]):
    folder, _ = shown
    outbox = folder / "demo-output" / "outbox"
    before = len(list(outbox.glob("*.eml")))
    (outbox / "mine.txt").write_text("not the demonstration's", encoding="utf-8")
    assert demo(folder).returncode == 0
    assert len(list(outbox.glob("*.eml"))) == before
    assert (outbox / "mine.txt").exists()


def test_where_it_may_not_write_it_says_so(tmp_path: Path):
    (tmp_path / "demo-output").write_text("in the way", encoding="utf-8")
    done = demo(tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("aftercare: ")
    assert "demo-output" in done.stderr

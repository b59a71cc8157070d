"""Bills, payments and statements on the command line, against a real server with a worker."""

from __future__ import annotations

import csv
import hashlib
import io
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.statements import statement
from starter.showing.money import JOURNAL, STATEMENT, statement_table
from tests.contract.money_lives import MoneyLife, cny
from tests.documents.reading import text_of
from tests.starter.conftest import CommandLine
from tests.starter.test_commands import CUSTOMER, PROVIDER, agreed

pytestmark = pytest.mark.engine


def today() -> str:
    """The day in the contract's zone, Shanghai."""
    return str((datetime.now(UTC) + timedelta(hours=8)).date())


def billed(online: CommandLine, agreement: str) -> list[dict[str, Any]]:
    """The bills, once there are any: the first is issued when the agreement is in force."""
    for _ in range(200):
        found: list[dict[str, Any]] = online("bill", "list", agreement, "--json").json["bills"]
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("no bill was issued")


def test_a_bill_is_paid_in_two_parts_one_of_them_reversed_and_the_statement_tells(
    online: CommandLine, tmp_path: Path
):
    fees: dict[str, Any] = {"amount": "12000.00", "currency": "CNY", "period": "month", "payment_days": 10}
    fees |= {"means": ["transfer", "cheque"]}
    agreement = agreed(online, tmp_path, "M-paid", fees=fees)
    (bill,) = billed(online, agreement)
    fee = bill["asked_for"]["amount"]
    on = ("--on", today())
    first = online("payment", "record", agreement, "T-1", "1000.00", *on, *PROVIDER, "--json").json
    again = online("payment", "record", agreement, "T-1", "1000.00", *on, *PROVIDER, "--json").json
    assert first["owed"]["amount"] == again["owed"]["amount"] == f"{float(fee) - 1000:.2f}"
    other = online("payment", "record", agreement, "T-1", "1000.01", *on, *PROVIDER, "--json")
    assert '"other_content"' in other.err
    cheque = ("payment", "record", agreement, "C-1", "500.00", "--means", "cheque", *on, *PROVIDER)
    online.well(*cheque)
    online.well("payment", "clear", agreement, "C-1", *on, *PROVIDER)
    online.well("payment", "bounce", agreement, "C-1", "no funds", *PROVIDER)
    online.well("payment", "reverse", agreement, "T-1", "of another customer", *PROVIDER)
    online.well("bill", "credit", agreement, "5.00", "sorry", *PROVIDER)
    listed = online("payment", "list", agreement, "--json").json["payments"]
    assert [(row["reference"], row["state"]) for row in listed] == [("T-1", "reversed"), ("C-1", "bounced")]
    stated = online("statement", agreement, "--json").json
    paid, gone = ["payment"] * 2, ["payment_taken_back"] * 2
    assert [line["kind"] for line in stated["lines"]] == ["bill", *paid, *gone, "credit"]
    assert stated["owed"]["amount"] == f"{float(fee) - 5:.2f}"
    read = online.well("statement", agreement)
    assert "one period" in read
    assert "the customer owes" in read
    assert "T-1" in online.well("payment", "list", agreement)
    assert "B001" in online.well("bill", "list", agreement)


def test_an_invoice_is_listed_shown_and_saved_as_it_was_issued_c7_1_3(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "M-invoiced")
    billed(online, agreement)
    assert "no invoices" in online.well("invoice", "list", agreement)
    online.well("payment", "record", agreement, "T-1", "1000.00", "--on", today(), *PROVIDER)
    row: dict[str, Any] = {}
    for _ in range(200):
        (row, *_) = online("invoice", "list", agreement, "--json").json["invoices"] or [{}]
        if row.get("issuer"):
            break
        time.sleep(0.05)
    number = row["issuer_number"]
    assert row["document"]["gross"]["amount"] == "1000.00"
    for said in (number, "builtin", "T-1", "1,000.00"):
        assert said in online.well("invoice", "show", agreement, number)
    shown = online("invoice", "show", agreement, number, "--json").json
    assert [file["name"] for file in shown["files"]] == [f"{number}.pdf", f"{number}.xml"]
    folder = tmp_path / "invoices"
    online.well("invoice", "save", agreement, number, "--out", str(folder))
    for file in shown["files"]:
        assert hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest() == file["digest"]
    assert number in text_of((folder / f"{number}.pdf").read_bytes())
    saved = online("invoice", "save", agreement, "--out", str(tmp_path / "all"), "--json").json
    assert (len(saved["files"]), saved["not_issued"]) == (2, [])
    unknown = online("invoice", "show", agreement, "INV-1999-000001")
    assert (unknown.code, "has no invoice" in unknown.err) == (5, True)


def test_what_is_refused_says_why(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "M-refused")
    billed(online, agreement)
    for words, said in (
        (("agreement", "suspend", agreement), "nothing is overdue"),
        (("agreement", "resume", agreement), "not suspended"),
        (("bill", "waive-late-fee", agreement, "B001", "why not"), "0.00 CNY"),
        (("payment", "reverse", agreement, "X", "?"), "no payment by transfer"),
        (("payment", "payout", agreement, "P", "5.00", "--on", today()), "against the next bill"),
        (("payment", "reverse-payout", agreement, "P", "?"), "no payout by transfer"),
        (("request", "waive-penalty", agreement, "r-1", "late_response", "?"), "the customer's to do"),
    ):
        answer = online(*words, *PROVIDER)
        assert answer.code != 0
        assert said in answer.err
    waived = online("request", "waive-penalty", agreement, "r-1", "late_response", "?", *CUSTOMER)
    assert "penalties of 0.00 CNY stand" in waived.err
    assert "no final statement yet" in online("statement", agreement, "--final").err
    assert online("statement", agreement, "--final", "--as-of", today()).code != 0
    usage = online("payment", "record", agreement, "T", "1.00", "--on", "yesterday", *PROVIDER)
    assert "allowed: a day, such as 2026-03-02" in usage.err


def test_the_journal_is_csv_in_the_documented_columns(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "M-journal")
    billed(online, agreement)
    begin, end = "2020-01-01", (datetime.now(UTC).replace(microsecond=0)).isoformat()
    rows = list(csv.reader(io.StringIO(online.well("journal", "--from", begin, "--to", end))))
    assert tuple(rows[0]) == JOURNAL
    documented = Path("docs/cli.md").read_text()
    assert ", ".join(f"`{column}`" for column in JOURNAL) in " ".join(documented.split())
    future = online("journal", "--from", begin, "--to", "2199-01-01")
    assert "a period that is over" in future.err
    backwards = online("journal", "--from", "2026-02-01", "--to", "2026-01-31")
    assert backwards.code == 2
    assert "--to is before --from" in backwards.err


def test_a_set_off_says_what_it_is():
    life = MoneyLife(set_offs={0: cny("200.00")})
    life.wake(life.at(life.day(0)))
    stated = statement(life.file, life.entries, life.day(0))
    rows = list(csv.reader(io.StringIO(statement_table(stated))))
    hows = [row[STATEMENT.index("how")] for row in rows if row[STATEMENT.index("kind")] == "set_off"]
    assert hows[0] == "penalties owed when the bill was issued"


def test_a_statement_is_written_as_pdf_and_as_csv(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "M-written")
    billed(online, agreement)
    pdf, table = tmp_path / "made" / "s.pdf", tmp_path / "made" / "s.csv"
    told = online.well("statement", agreement, "--pdf", str(pdf), "--csv", str(table), "--language", "zh-CN")
    assert told.splitlines() == [f"wrote {pdf}", f"wrote {table}"]
    stated = online("statement", agreement, "--json").json
    text = text_of(pdf.read_bytes())
    assert "对账单" in text
    assert f"{float(stated['owed']['amount']):,.2f}" in text
    rows = list(csv.reader(io.StringIO(table.read_text())))
    assert tuple(rows[0]) == STATEMENT
    assert [row[STATEMENT.index("balance")] for row in rows[1:]] == [
        line["balance"]["amount"] for line in stated["lines"]
    ]
    documented = Path("docs/cli.md").read_text()
    assert all(f"`{column}`" in documented for column in STATEMENT)
    nowhere = online("statement", agreement, "--pdf", "/dev/null/s.pdf")
    assert "cannot be written" in nowhere.err


def test_a_bill_is_written_to_pay_by(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "M-bill")
    (bill,) = billed(online, agreement)
    told = online("bill", "pdf", agreement, "B001", "--out", tmp_path / "made", "--json").json
    (file,) = told["files"]
    assert Path(file).name == "bill-B001.pdf"
    text = text_of(Path(file).read_bytes())
    assert f"{float(bill['asked_for']['amount']):,.2f}" in text
    assert bill["due_on"] in text
    assert online("bill", "pdf", agreement, "B009", "--out", tmp_path).code == 5

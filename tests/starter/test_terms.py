"""`aftercare terms …`: every fault of every sheet, the digest to sign, the sheet as people read it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from contract.reading import read_terms
from contract.terms import canonical_bytes
from tests.contract.sheets import EXAMPLES, full_sheet
from tests.documents.reading import text_of, without_blanks
from tests.starter.conftest import CommandLine
from tests.starter.sheets import write_sheet

FAULTY = """\
agreement_id: "A 1"
term: {years: 1, months: 2}
service_hours: {weekly: {monday: [["09:00", "17:00"]]}, holidays: XX}
"""


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    path = tmp_path / "faulty.yaml"
    path.write_text(FAULTY)
    return path


def test_a_good_sheet_has_its_digest_printed(aftercare: CommandLine):
    printed = aftercare.well("terms", "check", *EXAMPLES)
    assert printed.count(": no faults") == len(EXAMPLES)
    for path in EXAMPLES:
        digest = hashlib.sha256(canonical_bytes(read_terms(path.read_text()))).hexdigest()
        assert f"{path}: no faults" in printed
        assert digest in printed


def test_every_fault_is_listed_with_path_clause_given_and_allowed(aftercare: CommandLine, faulty: Path):
    said = aftercare("terms", "check", faulty)
    assert (said.code, said.out) == (3, "")
    first, *faults = said.err.splitlines()
    assert first == f"aftercare: {faulty}: {len(faults)} faults"
    for fault in (
        "  agreement_id (§2): given A 1; allowed: text matching ^[A-Za-z0-9_-]{1,64}$",
        "  provider (C1.1): given nothing; allowed: a value; the field is mandatory",
        "  term (C4.1): given both; allowed: either years or months",
        "  service_hours.holidays (C5.2): given XX; allowed: null, or a country with calendar data,"
        " such as CN, DE, GB, JP, US",
    ):
        assert fault in faults


def test_of_several_sheets_the_faulty_ones_are_told_from_the_good(
    aftercare: CommandLine, faulty: Path, tmp_path: Path
):
    good = write_sheet(tmp_path)
    said = aftercare("terms", "check", faulty, good, "--json")
    assert said.code == 3
    bad_sheet, good_sheet = json.loads(said.out)["sheets"]
    assert (good_sheet["agreement_id"], "faults" in good_sheet) == ("A-1", False)
    assert {"path": "term", "clause": "C4.1", "given": "both", "allowed": "either years or months"} in (
        bad_sheet["faults"]
    )
    assert said.error["kind"] == "faulty"
    assert said.error["message"] == f"{faulty}: {len(bad_sheet['faults'])} faults"
    assert said.error["faults"] == bad_sheet["faults"]


@pytest.mark.parametrize(
    ("content", "given"),
    [
        (b"\xff\xfe nonsense", "bytes that are no UTF-8"),
        (b"fees: [1, 2", "line 1: expected ',' or ']'"),
        (b"just words", "no mapping of fields"),
    ],
)
def test_what_is_no_document_is_one_fault(aftercare: CommandLine, tmp_path: Path, content: bytes, given: str):
    path = tmp_path / "sheet.yaml"
    path.write_bytes(content)
    said = aftercare("terms", "check", path)
    assert said.code == 3
    assert said.err.splitlines()[0] == f"aftercare: {path}: 1 fault"
    assert given in said.err


def test_a_file_that_is_not_there_is_a_mistake_of_usage(aftercare: CommandLine, tmp_path: Path):
    said = aftercare("terms", "digest", tmp_path / "none.yaml")
    assert (said.code, said.out) == (2, "")
    assert "No such file or directory" in said.err
    assert said.err.count("\n") == 1


def test_the_digest_is_of_the_canonical_json_that_show_prints(aftercare: CommandLine, tmp_path: Path):
    sheet = write_sheet(tmp_path)
    canonical = aftercare.well("terms", "show", sheet, "--json")
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    assert aftercare.well("terms", "digest", sheet) == f"{digest}\n"
    assert aftercare("terms", "digest", sheet, "--json").json == {"agreement_id": "A-1", "digest": digest}


def test_the_summary_states_each_clause_as_agreed(aftercare: CommandLine):
    (office,) = (path for path in EXAMPLES if path.name == "service-agreement.yaml")
    lines = [" ".join(line.split()) for line in aftercare.well("terms", "show", office).splitlines()]
    for line in (
        "C1.1 provider 甲方 华信售后服务有限公司 (huaxin-service)",
        "C5.2 service hours Monday–Friday 09:00–12:00, 13:30–18:00",
        "make-up workdays 09:00–12:00, 13:30–18:00",
        "C8.1.1 late response 200.00 CNY once per request",
        "C8.1.2 late solution 500.00 CNY per started day",
        "C8.1 cap 20 % of a year's fees: 28,800.00 CNY",
        "C9 disputes 30 days of negotiation, stale after 180 days; 上海国际经济贸易仲裁委员会",
        "critical all 1 0.5 8",
        "normal online consulting 1 4 –",
        "normal technical support, problem resolution 1 4 48",
    ):
        assert line in lines


def test_through_a_pipe_there_are_neither_colours_nor_cut_lines(aftercare: CommandLine, tmp_path: Path):
    party = {"party_id": "p", "name": "A" * 150, "address": "B" * 150}
    sheet = write_sheet(
        tmp_path,
        provider=party | {"contact": {"name": "Li", "email": "li@example.com", "phone": "1"}},
    )
    printed = aftercare.well("terms", "show", sheet)
    assert "\x1b" not in printed
    assert "…" not in printed
    assert f"{'A' * 150} (p)" in printed
    assert all(line == line.rstrip() for line in printed.splitlines())


def test_the_agreement_to_be_signed_is_written_in_the_parties_languages(
    aftercare: CommandLine, tmp_path: Path
):
    (sheet,) = [path for path in EXAMPLES if path.name == "service-agreement.yaml"]
    told = aftercare.well("terms", "pdf", sheet, "--out", tmp_path / "made")
    digest = hashlib.sha256(canonical_bytes(read_terms(sheet.read_text()))).hexdigest()
    made = sorted((tmp_path / "made").iterdir())
    assert [path.name for path in made] == [
        "agreement-en-customer.pdf",
        "agreement-en-provider.pdf",
        "agreement-zh-CN-customer.pdf",
        "agreement-zh-CN-provider.pdf",
    ]
    assert sorted(told.splitlines()) == [f"wrote {path}" for path in made]
    assert all(digest in without_blanks(text_of(path.read_bytes())) for path in made)
    one = aftercare("terms", "pdf", sheet, "--out", tmp_path / "one", "--language", "en", "--json").json
    assert (one["digest"], len(one["files"])) == (digest, 2)


def test_a_name_that_cannot_be_printed_is_refused_with_the_character(aftercare: CommandLine, tmp_path: Path):
    sheet = write_sheet(tmp_path, provider=full_sheet()["provider"] | {"name": "ACME 😀"})
    said = aftercare("terms", "pdf", sheet, "--out", tmp_path / "made")
    assert said.code == 3
    assert "U+1F600" in said.err
    assert not (tmp_path / "made").exists()


def test_what_a_sheet_takes_over_is_shown_in_a_line_and_balance_by_balance(aftercare: CommandLine):
    sheet = next(path for path in EXAMPLES if path.stem == "taken-over")
    checked = aftercare.well("terms", "check", sheet)
    assert (
        "taken over: run here from 2026-02-20, in force since 2025-05-12; 2 bills not paid in full" in checked
    )
    assert "11,034.50 CNY with late fees" in checked
    lines = [" ".join(line.split()) for line in aftercare.well("terms", "show", sheet).splitlines()]
    for line in (
        "C4.1 term 2 years from 2025-05-12; the offer is open for 30 days",
        "C7.1 bills billed before through 2026-03-11; first bill here B011, of 2026-03-12",
        "C7.1 bill HX-2026-01 2026-01-12 to 2026-02-11, due 2026-01-27: "
        "3,000.00 CNY unpaid, late fee 34.50 CNY",
        "C8.1 penalties, year 1 3,200.00 CNY accrued, 1,000.00 CNY not settled",
        "C6.1.1 request HX-4716 How is the archive restored?",
    ):
        assert line in lines


def test_what_happened_after_the_balances_is_listed_beside_the_other_faults(
    aftercare: CommandLine, tmp_path: Path
):
    request = {
        "request_id": "R-1",
        "service": "technical_support",
        "title": "No sound",
        "submitted_at": "2026-03-01T00:00:00+08:00",
    }
    before = {"effective_date": "2025-09-01", "run_from": "2026-03-01", "credit": -1, "requests": [request]}
    said = aftercare("terms", "check", write_sheet(tmp_path, taken_over=before))
    assert said.code == 3
    assert "taken_over.credit (C7.1): given -1; allowed: 0 or more" in said.err
    assert (
        "taken_over.requests[0].submitted_at (C6.1.1): given 2026-03-01T00:00:00+08:00; "
        "allowed: before 2026-03-01T00:00:00+08:00, from when the agreement is run here"
    ) in said.err

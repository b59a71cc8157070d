"""The statement on paper says what the statement as data says, line by line, in both languages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from activities.stationery import WORDINGS
from contract.billing import billing_period
from contract.facts import EntryKind
from contract.money import Money
from contract.money_file import CreditKind, FinalStatement
from contract.parties import Language
from contract.penalties import late_resolution_formula, late_response_formula
from contract.statements import LineKind, Statement
from contract.terms import Period
from documents import statements
from documents.numerals import amount_in_words
from documents.statement_words import LABELS
from documents.writings import writing_of
from tests.documents.lives import LONG, busy, example
from tests.documents.reading import figure, pages_of, text_of, without_blanks

BOTH = pytest.mark.parametrize("language", Language)


def printed(found: Statement, language: Language) -> str:
    return text_of(statements.pdf(found, example(), language=language))


@BOTH
def test_every_line_of_the_account_is_printed_with_its_amount_and_balance_in_order(language):
    found = busy()
    text = printed(found, language)
    place = 0
    for line in found.lines:
        row = re.compile(
            rf"{line.on} .*?{re.escape(line.clause)} .*?{re.escape(figure(line.amount))} "
            rf"{re.escape(figure(line.balance))}"
        )
        match = row.search(text, place)
        assert match, line
        place = match.start() + 1
    assert len(re.findall(r"\bC[78]\.\d", text)) >= len(found.lines) + len(found.penalties)


@BOTH
def test_the_totals_are_those_of_the_data(language):
    found = busy()
    text = without_blanks(printed(found, language))
    writing = writing_of(language)
    for amount in (found.owed, found.penalties_owed, found.net, found.to_pay_now):
        assert without_blanks(writing.money(amount)) in text
    assert without_blanks(amount_in_words(found.net, language)) in text


@BOTH
def test_each_bill_stands_with_what_is_asked_for_and_unpaid(language):
    found = busy()
    text = printed(found, language)
    for bill in found.bills:
        figures = map(figure, (bill.asked_for, bill.unpaid, bill.late_fee, bill.late_fee_unpaid))
        assert f"{bill.number} {bill.due_on} {' '.join(figures)}" in text


@BOTH
def test_each_penalty_stands_with_its_request_clause_and_amount(language):
    found = busy(penalties=30)
    text = printed(found, language)
    for line in found.penalties:
        assert re.search(
            rf"{line.on} .{{0,40}}{line.request_id or ''}.*?{line.clause} .*?{figure(line.amount)}", text
        )


@BOTH
def test_a_late_fee_can_be_redone_by_hand_from_what_is_printed(language):
    found = busy()
    text = without_blanks(printed(found, language))
    for line in found.lines:
        for piece in line.explanation.get("segments", []):
            principal = figure(Money.of(piece["principal"], "CNY"))
            assert f"{principal}×{line.explanation['percent_per_day']}%" in text
            assert f"×{piece['days']}" in text


@BOTH
def test_a_suspension_is_said_with_what_lifts_it(language):
    found = busy()
    assert found.suspended
    said = printed(found, language)
    assert without_blanks(writing_of(language).money(found.to_pay_now)) in without_blanks(said)
    assert "C8.2" in said
    calm = found.model_copy(update={"suspended": False})
    assert len(printed(calm, language)) < len(said)


@BOTH
def test_a_cheque_that_has_not_cleared_is_named_and_counts_for_nothing(language):
    found = busy()
    assert "CHQ-77 12,000.00" in printed(found, language)
    assert all(line.about != "CHQ-77" for line in found.lines)


def finished(on: date) -> Statement:
    made = FinalStatement(number=2, on=on, at=datetime(2026, 6, 30, tzinfo=UTC), still_open=["R-8", "R-9"])
    return busy().model_copy(update={"final": made})


@BOTH
def test_a_final_statement_says_that_it_is_one_and_which_requests_are_still_open(language):
    title = "Final statement" if language is Language.ENGLISH else "结算单"
    assert title not in printed(busy(), language)
    said = printed(finished(busy().as_of), language)
    assert said.count(title) >= 2
    assert re.search("R-8.{1,2}R-9", said)


@BOTH
def test_a_statement_after_the_final_one_names_it_and_is_none_itself(language):
    title = "Statement" if language is Language.ENGLISH else "对账单"
    said = printed(finished(date(2026, 5, 31)), language)
    assert f"{title} A 2026-06-30" in said
    assert without_blanks(writing_of(language).day(date(2026, 5, 31))) in without_blanks(said)


@BOTH
def test_a_statement_with_nothing_in_it_is_printed_too(language):
    empty = busy().model_copy(
        update={"lines": [], "bills": [], "penalties": [], "pending": [], "suspended": False}
    )
    assert len(pages_of(statements.pdf(empty, example(), language=language))) == 1


@BOTH
def test_a_long_reference_is_printed_whole(language):
    assert LONG in without_blanks(printed(busy(), language))


def test_a_chinese_statement_leaves_no_english_word_of_ours():
    text = printed(busy(penalties=6), Language.CHINESE)
    sheet = example()
    for written in (sheet.customer.name, sheet.customer.address, sheet.customer.contact.name, "By telephone"):
        text = without_blanks(text).replace(without_blanks(written), "")
    text = text.replace("Outageof28March", "").replace("service@huaxin.example", "")
    text = text.replace("support@acme.example", "").replace("Asia/Shanghai", "")
    words = set(re.findall(r"[A-Za-z]{3,}", text)) - {"CNY", "EXAM", "CHQ"}
    assert not words


def test_formulas_of_the_contract_are_all_known_in_chinese():
    fee = Money.of("12000.00", "CNY")
    whole = billing_period(0, date(2026, 1, 1), date(2026, 12, 31), Period.MONTH)
    short = billing_period(0, date(2026, 1, 1), date(2026, 1, 9), Period.MONTH)
    assert whole
    assert short
    chinese = writing_of(Language.CHINESE)
    for formula in (
        whole.formula(fee),
        short.formula(fee),
        late_response_formula(fee),
        late_resolution_formula(fee, 12),
    ):
        assert not re.findall(r"[a-z]+", chinese.formula(formula)), formula
        numbers = re.findall(r"\d+(?:\.\d+)?", formula)
        assert re.findall(r"\d+(?:\.\d+)?", chinese.formula(formula).replace(",", "")) == numbers


def test_documents_and_mails_use_the_same_words():
    for language, wording in WORDINGS.items():
        writing = writing_of(language)
        assert dict(wording.services) == dict(writing.services)
        assert dict(wording.means) == dict(writing.means)


def test_the_instant_of_a_statement_is_the_end_of_its_day_in_the_agreements_zone():
    end = statements._end(busy(), example())
    assert end.isoformat() == "2026-07-01T00:00:00+08:00"
    assert end.tzinfo == ZoneInfo("Asia/Shanghai")


@BOTH
def test_every_kind_of_line_and_credit_has_its_words(language):
    assert set(LABELS[language].kinds) == set(LineKind)
    assert set(LABELS[language].credits) == set(CreditKind)
    of_penalties = {kind for kind in EntryKind if "penalty" in kind or "payout" in kind} | {EntryKind.SET_OFF}
    assert of_penalties <= set(LABELS[language].penalty_kinds)

"""The agreement on paper: its numbers are those of the term sheet, all of them, in both languages (C10.2)."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.agreement_file import Signature, TermDates
from contract.money import Money
from contract.parties import Language, Role
from contract.reading import check_terms
from contract.terms import Priority, Service, Target, TermSheet, canonical_bytes, digest_of
from documents import agreements
from documents.deed import SIGNING, Deed
from documents.writing import Unit
from documents.writings import writing_of
from tests.contract.sheets import Path_, changed, full_sheet, leaves
from tests.contract.test_taking_over import BEFORE
from tests.documents.lives import example
from tests.documents.reading import pages_of, text_of, without_blanks
from tests.documents.test_numerals import read_cheque, read_english, read_whole, read_yuan

BOTH = pytest.mark.parametrize("language", Language)
AT = datetime(2026, 3, 2, 1, 30, 15, tzinfo=UTC)
SIGNED = {
    Role.PROVIDER: Signature(person="李明", title="总经理", at=AT, seal_digest="ab" * 32),
    Role.CUSTOMER: Signature(person="Wang Fang", title="Director", at=AT),
}

NUMBERS: dict[str, tuple[str, ...]] = {
    "4.1": ("term.years", "offer_days", "closing_days"),
    "4.2": ("consent_days",),
    "5.2": ("targets.respond_hours",),
    "5.5": ("rating_days", "follow_up_days"),
    "6.1.1": ("command_delay_hours",),
    "6.1.2": ("targets.confirm_hours",),
    "6.2.1": ("targets.respond_hours",),
    "6.2.2": ("targets.resolve_hours", "targets.warn_percent", "acceptance_days"),
    "7.1.1": ("fees.amount", "fees.tax_percent", "fees.payment_days"),
    "7.2.1": ("fee_change.notice_days",),
    "7.2.2": ("fee_change.negotiation_days",),
    "8.1": ("penalties.cap_percent", "penalties.warning_percent"),
    "8.1.1": ("penalties.late_response",),
    "8.1.2": ("penalties.late_resolution_per_day",),
    "8.2": ("late_payment.suspend_after_days", "late_payment.suspend_notice_days"),
    "8.2.1": ("late_payment.percent_per_day", "late_payment.grace_days"),
    "9.1": ("disputes.negotiation_days", "disputes.stale_days"),
    "10.4": ("consent_days",),
}
"""Which blanks each clause has, in the order of its text."""

CLAUSES = (
    "1.1 1.2 2.1 2.2 2.3 3.1.1 3.1.2 3.1.3 4.1 4.2 5.1 5.2 5.3 5.4 5.5 6.1.1 6.1.2 6.1.3 6.2.1 6.2.2 6.2.3 "
    "7.1.1 7.1.2 7.1.3 7.2.1 7.2.2 8.1 8.1.1 8.1.2 8.2 8.2.1 9.1 9.2 9.3 10.1 10.2 10.3 10.4"
)


def taken_over() -> dict[str, Any]:
    """Every field of an agreement that has been running, given."""
    return full_sheet() | {"taken_over": BEFORE | {"billed_through": "2026-03-14"}}


def at(sheet: Any, path: str) -> Any:
    for part in path.split("."):
        sheet = sheet[part]
    return sheet


def blanks() -> set[str]:
    return {path for paths in NUMBERS.values() for path in paths}


def printed(document: dict[str, Any], language: Language) -> str:
    """The text of an original as lines."""
    return "\n".join(
        pages_of(agreements.originals(canonical(document), at=AT, language=language)[Role.PROVIDER])
    )


def canonical(document: dict[str, Any]) -> bytes:
    return canonical_bytes(check_terms(document))


def deed(document: dict[str, Any], language: Language) -> Deed:
    return agreements.deed(canonical(document), language=language)


def clauses_of(text: str) -> dict[str, str]:
    """The text of each clause, by its number at the beginning of a line, in the contract's order."""
    places = []
    place = 0
    for number in CLAUSES.split():
        match = re.compile(rf"^{re.escape(number)}\s", re.MULTILINE).search(text, place)
        assert match, f"clause {number} is not there"
        places.append((number, match.start()))
        place = match.end()
    ends = [start for _, start in places[1:]] + [len(text)]
    return {number: text[start:end] for (number, start), end in zip(places, ends, strict=True)}


def numbers_of(clause: str, language: Language) -> list[Decimal]:
    """Every number that stands in figures and in words, once both have been found to say the same."""
    if language is Language.CHINESE:
        return list(_chinese_numbers(without_blanks(clause)))
    return list(_english_numbers(" ".join(clause.split())))


def _chinese_numbers(clause: str) -> Iterator[Decimal]:
    for figure, money, words in re.findall(
        r"([\d,]+(?:\.\d+)?)(?:元（大写：人民币([^）]+)|%?（(?:百分之)?([零壹贰叁肆伍陆柒捌玖拾佰仟万点]+))）",
        clause,
    ):
        value = Decimal(figure.replace(",", ""))
        if money:
            assert read_yuan(money) == value * 100
        else:
            whole, _, decimals = words.partition("点")
            digits = "".join(str("零壹贰叁肆伍陆柒捌玖".index(c)) for c in decimals)
            assert Decimal(f"{read_whole(whole)}.{digits or 0}") == value
        yield value


def _english_numbers(clause: str) -> Iterator[Decimal]:
    for figure, money, words in re.findall(
        r"([\d,]+(?:\.\d+)?)(?: ?%)? \((?:([a-z0-9/ -]+) CNY|([a-z -]+?)(?: per cent)?)\)", clause
    ):
        value = Decimal(figure.replace(",", ""))
        if money:
            assert read_cheque(money) == value
        else:
            whole, _, decimals = words.partition(" point ")
            digits = "".join(str(read_english(word)) for word in decimals.split())
            assert Decimal(f"{read_english(whole)}.{digits or 0}") == value
        yield value


@BOTH
def test_every_number_is_read_back_from_the_clause_it_belongs_to(language):
    sheet = full_sheet()
    found = clauses_of(
        printed(sheet, language).partition("附表 " if language is Language.CHINESE else "Schedule:")[0]
    )
    for clause, text in found.items():
        expected = [Decimal(str(at(sheet, path))) for path in NUMBERS.get(clause, ())]
        assert numbers_of(text, language) == expected, clause


DAYS = st.integers(1, 3660)
PERCENT = st.decimals(Decimal("0.01"), 99, places=2)
HOURS = st.decimals(Decimal("0.001"), 8000, places=3)
AMOUNTS = st.decimals(0, Decimal("99999999999.99"), places=2)
STRATEGIES = {"hours": HOURS, "percent": PERCENT, "days": DAYS, "amount": AMOUNTS}


def _values() -> st.SearchStrategy[dict[str, Any]]:
    def one(path: str) -> st.SearchStrategy[Any]:
        match path:
            case "term.years":
                return st.integers(1, 50)
            case "command_delay_hours":
                return st.integers(1, 720)
            case "penalties.late_response" | "penalties.late_resolution_per_day":
                return AMOUNTS
            case "late_payment.percent_per_day":
                return PERCENT
            case _:
                return STRATEGIES[path.rpartition("_")[2].rpartition(".")[2]]

    return st.fixed_dictionaries({path: one(path) for path in sorted(blanks())})


@given(_values(), st.sampled_from(Language))
@settings(max_examples=60)
def test_whatever_the_parties_agree_the_text_says_it(values, language):
    values["fee_change.negotiation_days"] = min(
        values["fee_change.negotiation_days"], values["fee_change.notice_days"]
    )
    values["late_payment.suspend_after_days"] = max(
        values["late_payment.suspend_after_days"], values["late_payment.grace_days"]
    )
    sheet = full_sheet()
    for path, value in values.items():
        sheet = changed(sheet, path, value)
    for article in deed(sheet, language).articles:
        for clause in article.clauses:
            expected = [Decimal(str(values[path])) for path in NUMBERS.get(clause.number, ())]
            assert numbers_of(clause.text, language) == expected, clause


OTHERWISE: dict[Path_, Any] = {
    ("provider", "country"): "DE",
    ("provider", "language"): "en",
    ("customer", "country"): "DE",
    ("customer", "language"): "zh-CN",
    ("time_zone",): "Europe/Berlin",
    ("service_hours", "holidays"): "DE",
    ("fees", "currency"): "EUR",
    ("fees", "period"): "year",
    ("fee_change", "if_unanswered"): "takes_effect",
    ("penalties", "settlement"): "pay_out",
    ("late_payment", "allocation"): "interest_first",
    ("services", 0): "technical_support",
    ("services", 1): "online_consulting",
    ("targets", "by_service", "online_consulting", "resolve_hours"): 99,
    ("taken_over", "billed_through"): "2026-04-14",
    ("taken_over", "bills", 0, "last"): "2026-03-13",
    ("taken_over", "requests", 0, "service"): "problem_resolution",
    ("taken_over", "requests", 0, "priority"): "low",
    ("taken_over", "requests", 0, "pauses", 0, "kind"): "suspension",
    ("fees", "means", 0): "online",
    ("fees", "means", 1): "other",
}


def other(path: Path_, value: Any) -> Any:
    """Something else that is allowed in its place."""
    if path in OTHERWISE:
        return OTHERWISE[path]
    match value:
        case str() if re.fullmatch(r"\d\d:\d\d", value):
            return f"{value[:3]}45" if value.startswith(("09", "10", "13")) else f"{value[:3]}15"
        case bool():
            return not value
        case None:
            return "2026-03-13T09:00:00+08:00"
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return str(date.fromisoformat(value) + timedelta(days=1))
        case str() if value.endswith(":00+08:00"):
            return value.replace(":00+08:00", ":30+08:00")
        case str() if "@" in value:
            return f"other.{value}"
        case str() if re.fullmatch(r"[0-9a-f]{64}", value):
            return value[::-1]
        case str():
            return f"{value}-other"
        case _:
            return value + 1


FIXED: set[Path_] = {("schema_version",), ("taken_over", "penalties", 0, "contract_year")}
"""Where nothing else is allowed."""


@pytest.mark.parametrize("path", [path for path, _ in leaves(taken_over()) if path not in FIXED], ids=str)
@BOTH
def test_whichever_term_is_changed_the_text_changes(path, language):
    sheet = taken_over() if path[0] == "taken_over" else full_sheet()
    if path in {("taken_over", "effective_date"), ("taken_over", "run_from")}:
        sheet = changed(sheet, "taken_over.billed_through", None)
    value: Any = sheet
    for part in path:
        value = value[part]
    changes = changed(sheet, path, other(path, value))
    if path[0] == "services":  # one is left out, rather than named twice
        changes["services"].pop(path[1])
        changes["services"] = sorted({*changes["services"]})
        changes["targets"]["by_service"] = {}
        sheet = changed(sheet, "targets.by_service", {})
    assert _said(changes, language) != _said(sheet, language)


def _said(document: dict[str, Any], language: Language) -> list[str]:
    """All a deed says but the digest, which changes with every term anyway."""
    made = deed(document, language)
    found = [clause.text for article in made.articles for clause in article.clauses]
    found += [schedule.text for schedule in made.schedules]
    found += [str(cell) for schedule in made.schedules for row in schedule.sheet.rows for cell in row]
    found += [*made.marks, *(block.name for block in made.signatures)]
    return [text.replace(digest_of(canonical(document)), "…") for text in found]


def test_the_term_sheet_has_no_field_that_these_tests_do_not_know():
    def fields(model: Any, prefix: str = "") -> Iterator[str]:
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and hasattr(inner, "model_fields"):
                yield from fields(inner, f"{prefix}{name}.")
            else:
                yield prefix + name

    given_here = {".".join(str(p) for p in path) for path, _ in leaves(taken_over())} | {"term.months"}
    for field in fields(TermSheet):
        known = any(path == field or path.startswith(f"{field}.") for path in given_here)
        assert known, f"{field}: say it in documents/agreement_english.py and agreement_chinese.py"


@BOTH
def test_the_schedule_has_the_hours_the_rules_use(language):
    sheet = check_terms(full_sheet())
    rows = iter(deed(full_sheet(), language).schedules[0].sheet.rows)
    for service in sheet.services:
        for priority in Priority:
            cells = [str(cell) for cell in next(rows)][2:]
            for target, cell in zip(Target, cells, strict=True):
                hours = sheet.targets.hours(target, service, priority)
                assert numbers_of(cell, language) == ([] if hours is None else [hours])
    assert next(rows, None) is None


@BOTH
def test_both_originals_are_identical_but_for_the_label(language):
    made = agreements.originals(canonical(full_sheet()), at=AT, language=language)
    labels = SIGNING[language].copies
    texts = {role: text_of(pdf) for role, pdf in made.items()}
    assert texts[Role.PROVIDER].count(labels[Role.PROVIDER]) == 1
    assert texts[Role.CUSTOMER] == texts[Role.PROVIDER].replace(labels[Role.PROVIDER], labels[Role.CUSTOMER])


@BOTH
def test_the_terms_that_are_signed_are_inside_byte_for_byte(language):
    terms = canonical(full_sheet())
    for pdf in agreements.originals(terms, at=AT, language=language).values():
        (enclosed,) = pypdf.PdfReader(io.BytesIO(pdf)).attachments["terms.json"]
        assert enclosed == terms
        assert without_blanks(text_of(pdf)).count(hashlib.sha256(enclosed).hexdigest()) == 2


@BOTH
def test_a_signed_original_names_who_signed_when_and_the_seal(language):
    pdf = agreements.originals(canonical(full_sheet()), at=AT, language=language, signatures=SIGNED)[
        Role.CUSTOMER
    ]
    text = without_blanks(text_of(pdf))
    for said in (
        "李明",
        "总经理",
        "WangFang",
        "Director",
        "ab" * 32,
        without_blanks(writing_of(language).instant(AT, "Asia/Shanghai")),
    ):
        assert said in text
    made = pypdf.PdfReader(io.BytesIO(pdf)).metadata
    assert made is not None
    assert made.creation_date == AT


@BOTH
def test_an_unsigned_original_leaves_room_to_sign_by_hand(language):
    text = text_of(agreements.originals(canonical(full_sheet()), at=AT, language=language)[Role.PROVIDER])
    for open_line in (*SIGNING[language].by_hand, SIGNING[language].place_of_seal):
        assert text.count(open_line) >= 2


@BOTH
def test_once_in_force_it_says_from_when_to_when(language):
    terms = check_terms(full_sheet())
    made = agreements.deed(
        canonical_bytes(terms), language=language, signatures=SIGNED, dates=TermDates.of(terms, AT)
    )
    (clause,) = [c for a in made.articles for c in a.clauses if c.number == "4.1"]
    days = (
        ("2 March 2026", "1 March 2027")
        if language is Language.ENGLISH
        else ("2026 年 3 月 2 日", "2027 年 3 月 1 日")
    )
    assert all(day in clause.text for day in days)


@BOTH
def test_the_service_hours_stand_beside_both_blanks_of_the_response(language):
    found = clauses_of(printed(full_sheet(), language))
    for clause in ("2.2", "5.2", "6.2.1"):
        text = without_blanks(found[clause])
        assert "09:00–12:00" in text
        assert "13:30–18:00" in text
        assert "10:00–16:00" in text
        assert "Asia/Shanghai" in text


@BOTH
@pytest.mark.parametrize(
    ("path", "value", "clause"),
    [
        ("targets.resolve_hours", None, "6.2.2"),
        ("fees.tax_percent", None, "7.1.1"),
        ("penalties.cap_percent", None, "8.1"),
        ("late_payment.suspend_after_days", None, "8.2"),
        ("service_standard", None, "6.1.3"),
        ("service_hours", "always", "5.2"),
        ("term", {"months": 18}, "4.1"),
        ("service_hours.holidays", None, "5.2"),
    ],
)
def test_what_is_left_open_or_agreed_otherwise_is_said(path, value, clause, language):
    found = clauses_of(printed(changed(full_sheet(), path, value), language))[clause]
    assert found != clauses_of(printed(full_sheet(), language))[clause]
    expected = [Decimal(str(at(full_sheet(), p))) for p in NUMBERS.get(clause, ()) if p != path]
    if path == "term":
        expected[0] = Decimal(18)
        del expected[0:0]
    assert numbers_of(found, language)[-len(expected) or None :] == expected


@BOTH
def test_a_service_that_is_not_agreed_is_named_as_not_agreed(language):
    sheet = example().model_copy(update={"services": [Service.TECHNICAL_SUPPORT]})
    made = agreements.deed(canonical_bytes(sheet), language=language)
    absent = "not part of this agreement" if language is Language.ENGLISH else "不包含此项服务"
    texts = [c.text for a in made.articles for c in a.clauses if c.number.startswith("3.1")]
    assert [absent in text for text in texts] == [True, False, True]


def test_an_amount_in_a_currency_without_decimals_has_none():
    sheet = changed(changed(full_sheet(), "fees.currency", "JPY"), "fees.amount", 120000)
    sheet = changed(changed(sheet, "penalties.late_response", 200), "penalties.late_resolution_per_day", 500)
    text = text_of(agreements.originals(canonical(sheet), at=AT, language=Language.ENGLISH)[Role.PROVIDER])
    assert "JPY 120,000 (one hundred twenty thousand JPY)" in text
    assert str(Money.of(200, "JPY")) == "200"


@BOTH
def test_what_is_taken_over_is_a_schedule_both_sign(language):
    text = without_blanks(printed(taken_over(), language))
    write = writing_of(language)
    terms = check_terms(taken_over())
    before = terms.taken_over
    assert before is not None
    (bill,) = before.bills
    (year,) = before.penalties
    for amount in (bill.unpaid, bill.late_fee, before.credit, year.accrued, year.unsettled):
        money = terms.money(amount)
        assert without_blanks(write.money(money)) in text
        assert without_blanks(write.amount_in_words(money)) in text
    for said in ("R-7", "Nosound", "ChenJie", "thelog", without_blanks(write.counted(2, Unit.DAY))):
        assert said in text

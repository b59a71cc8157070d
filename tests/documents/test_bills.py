"""The bill on paper asks for what the bill on record asks for (C7.1.1)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from contract.billing import Bill, bill_number
from contract.parties import Language
from documents import bills
from documents.numerals import amount_in_words
from documents.writing import Unit
from documents.writings import writing_of
from tests.contract.money_lives import MoneyAgreed, MoneyLife, cny
from tests.documents.lives import example
from tests.documents.reading import figure, text_of, without_blanks

BOTH = pytest.mark.parametrize("language", Language)


def issued(place: int, set_off: str | None = None, suspend_after: int | None = 30) -> Bill:
    """The bill of a period; the last of this term is a short one."""
    agreed = MoneyAgreed(months=3, percent="0.05", grace=5, suspend_after=suspend_after)
    life = MoneyLife(agreed, set_offs={place: cny(set_off)} if set_off else {})
    life.wake(life.at(date(2026, 3, 20)))
    found = life.file.bill(bill_number(place))
    assert found is not None
    return found


@BOTH
@pytest.mark.parametrize("set_off", [None, "1200.00"], ids=["whole", "set off"])
def test_a_bill_says_what_it_asks_for_and_by_when(language, set_off):
    found = issued(1, set_off)
    text = text_of(bills.pdf(found, example(), language=language))
    plain, write = without_blanks(text), writing_of(language)
    assert without_blanks(write.money(found.principal)) in plain
    assert without_blanks(amount_in_words(found.principal, language)) in plain
    assert without_blanks(write.day(found.due_on)) in plain
    for said in (found.number, str(found.due_on), str(found.first), str(found.last), figure(found.amount)):
        assert said in text
    assert (figure(-cny("1200.00")) in text) is (set_off is not None)


@BOTH
def test_a_bill_says_what_paying_it_late_costs_by_the_terms_of_its_issue(language):
    plain = without_blanks(text_of(bills.pdf(issued(0), example(), language=language)))
    write = writing_of(language)
    for said in (
        write.percent(Decimal("0.05")),
        write.counted(5, Unit.DAY),
        write.counted(30, Unit.DAY),
    ):
        assert without_blanks(said) in plain
    never = without_blanks(text_of(bills.pdf(issued(0, suspend_after=None), example(), language=language)))
    assert "C8.2)" not in never.replace("（", "(").replace("）", ")")

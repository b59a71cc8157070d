"""Amounts in words (contract §6): the contract's cases, and every amount read back by another rule."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.money import Money
from contract.parties import Language
from documents.numerals import amount_in_words, in_words

MOST = 10**13
"""Fen: 1e11 yuan."""


def capitals(amount: str) -> str:
    return amount_in_words(Money.of(amount, "CNY"), Language.CHINESE)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("0", "零元整"),
        ("0.04", "肆分"),
        ("0.53", "伍角叁分"),
        ("12000.00", "壹万贰仟元整"),
        ("100010000", "壹亿零壹万元整"),
        ("100002000", "壹亿零贰仟元整"),
        ("100000000000", "壹仟亿元整"),
        ("-1409.50", "负壹仟肆佰零玖元伍角"),
    ],
)
def test_section_6_cny_amounts_are_written_in_capitals(amount, words):
    assert capitals(amount) == f"人民币{words}"


@given(st.integers(-MOST, MOST))
def test_capitals_read_back_are_the_amount(fen):
    assert read_yuan(capitals(str(Decimal(fen).scaleb(-2)))) == fen


@given(st.integers(-MOST, MOST))
def test_capitals_never_hold_two_zeros_in_a_row_nor_one_before_a_unit(fen):
    words = capitals(str(Decimal(fen).scaleb(-2))).replace("零元整", "")
    assert "零零" not in words
    assert not any(f"零{unit}" in words for unit in "仟佰拾万亿元角分")


@given(st.integers(-MOST, MOST), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_english_words_read_back_are_the_amount(minor, currency):
    amount = Money(minor=minor, currency=currency)
    words, _, named = amount_in_words(amount, Language.ENGLISH).rpartition(" ")
    assert named == currency
    assert read_cheque(words) == amount.amount


@given(st.decimals(0, 10**6, places=3), st.sampled_from(Language))
def test_a_number_keeps_each_of_its_decimals(number, language):
    words = in_words(number, language)
    whole, _, decimals = words.partition("点" if language is Language.CHINESE else " point ")
    if language is Language.CHINESE:
        assert read_whole(whole) == int(number)
        digits = "".join(str(DIGITS.index(c)) for c in decimals)
    else:
        assert read_english(whole) == int(number)
        digits = "".join(str(SMALL.index(word)) for word in decimals.split())
    assert Decimal(f"0.{digits or 0}") == number % 1


@pytest.mark.parametrize(
    ("number", "chinese", "english"),
    [
        ("60", "陆拾", "sixty"),
        ("0.05", "零点零伍", "zero point zero five"),
        ("0.5", "零点伍", "zero point five"),
        ("-7", "负柒", "minus seven"),
        ("365", "叁佰陆拾伍", "three hundred sixty-five"),
    ],
)
def test_numbers_are_written_out(number, chinese, english):
    assert in_words(Decimal(number), Language.CHINESE) == chinese
    assert in_words(Decimal(number), Language.ENGLISH) == english


def test_an_amount_in_another_currency_names_it():
    assert amount_in_words(Money.of("4500.25", "EUR"), Language.CHINESE) == "肆仟伍佰点贰伍欧元"
    assert amount_in_words(Money.of("4500", "VND"), Language.CHINESE) == "肆仟伍佰VND"
    assert amount_in_words(Money.of("4500", "JPY"), Language.ENGLISH) == "four thousand five hundred JPY"


# Readers that share nothing with the writer: they add up what each sign is worth.

DIGITS = "零壹贰叁肆伍陆柒捌玖"


def read_yuan(words: str) -> int:
    rest = words.removeprefix("人民币").removesuffix("整")
    sign = -1 if rest.startswith("负") else 1
    fen = 0
    rest = rest.removeprefix("负")
    if "元" in rest:
        whole, rest = rest.split("元")
        fen = 100 * read_whole(whole)
    for unit, worth in (("角", 10), ("分", 1)):
        if unit in rest:
            digit, rest = rest.split(unit)
            fen += worth * DIGITS.index(digit[-1])
    return sign * fen


def read_whole(words: str) -> int:
    total = section = digit = 0
    for sign in words:
        if sign in DIGITS:
            digit = DIGITS.index(sign)
        elif sign in "拾佰仟":
            section += digit * 10 ** ("拾佰仟".index(sign) + 1)
            digit = 0
        else:
            section += digit
            digit = 0
            if sign == "亿":
                total = (total + section) * 10**8
            else:
                total += section * 10**4
            section = 0
    return total + section + digit


SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen""".split()  # noqa: SIM905
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def read_cheque(words: str) -> Decimal:
    sign = -1 if words.startswith("minus ") else 1
    whole, _, part = words.removeprefix("minus ").partition(" and ")
    value = Decimal(read_english(whole))
    if part:
        over, under = part.split("/")
        value += Decimal(over) / Decimal(under)
    return sign * value


def read_english(words: str) -> int:
    total = part = 0
    for word in words.replace("-", " ").split():
        if word in SMALL:
            part += SMALL.index(word)
        elif word in TENS:
            part += 10 * TENS.index(word)
        elif word == "hundred":
            part *= 100
        else:
            total += part * {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}[word]
            part = 0
    return total + part

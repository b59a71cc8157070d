"""Numbers in words, so that a figure on paper can be checked and not altered by a stroke (contract §6).

Chinese in capitals (大写) as the People's Bank prescribes for bills, with 零 wherever the place before a jiao
or fen is empty; English as on a cheque.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from contract.money import Money, exponent
from contract.parties import Language
from contract.values import normalised

_CAPITALS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("仟", "佰", "拾", "")

_CURRENCIES: Final[Mapping[str, str]] = {
    "AUD": "澳大利亚元",
    "CAD": "加拿大元",
    "CHF": "瑞士法郎",
    "EUR": "欧元",
    "GBP": "英镑",
    "HKD": "港元",
    "JPY": "日元",
    "KRW": "韩元",
    "SGD": "新加坡元",
    "TWD": "新台币",
    "USD": "美元",
}

_SMALL: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_LARGE: Final = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))


def in_words(number: Decimal | int, language: Language) -> str:
    """A number: ``陆拾``, ``零点伍``; ``sixty``, ``zero point five``. Every decimal it has, none more."""
    whole, _, decimals = normalised(Decimal(number)).partition(".")
    spell = _capitals if language is Language.CHINESE else _spelled
    minus, point, joint = ("负", "点", "") if language is Language.CHINESE else ("minus ", " point ", " ")
    said = (minus if whole.startswith("-") else "") + spell(abs(int(whole)))
    return said + (point + joint.join(spell(int(digit)) for digit in decimals) if decimals else "")


def amount_in_words(amount: Money, language: Language) -> str:
    """An amount with its currency: ``人民币壹仟元整``, ``one thousand and 00/100 CNY``."""
    if language is Language.ENGLISH:
        return _cheque(amount)
    if amount.currency == "CNY":
        return f"人民币{_yuan(amount.minor)}"
    return in_words(amount.amount, language) + _CURRENCIES.get(amount.currency, amount.currency)


def _yuan(fen: int) -> str:
    yuan, rest = divmod(abs(fen), 100)
    jiao, fen_left = divmod(rest, 10)
    said = f"{_capitals(yuan)}元" if yuan or not rest else ""
    if not rest:
        said += "整"
    if jiao:
        said += ("零" if yuan and yuan % 10 == 0 else "") + f"{_CAPITALS[jiao]}角"
    if fen_left:
        said += ("零" if yuan and not jiao else "") + f"{_CAPITALS[fen_left]}分"
    return f"负{said}" if fen < 0 else said


def _capitals(number: int) -> str:
    """A whole number of at most sixteen digits in Chinese capitals."""
    for size, name in ((10**8, "亿"), (10**4, "万")):
        many, rest = divmod(number, size)
        if many:
            gap = "零" if 0 < rest < size // 10 else ""
            return _capitals(many) + name + gap + (_capitals(rest) if rest else "")
    said = ""
    for digit, place in zip(f"{number:04}", _PLACES, strict=True):
        if digit != "0":
            said += _CAPITALS[int(digit)] + place
        elif said and not said.endswith("零"):
            said += "零"
    return said.rstrip("零") or "零"


def _cheque(amount: Money) -> str:
    digits = exponent(amount.currency)
    whole, rest = divmod(abs(amount.minor), 10**digits)
    part = f" and {rest:0{digits}}/{10**digits}" if digits else ""
    return f"{'minus ' if amount.minor < 0 else ''}{_spelled(whole)}{part} {amount.currency}"


def _spelled(number: int) -> str:
    """A whole number in English, without *and*, which is kept for what follows the point."""
    for size, name in _LARGE:
        many, rest = divmod(number, size)
        if many:
            return f"{_spelled(many)} {name}" + (f" {_spelled(rest)}" if rest else "")
    hundreds, rest = divmod(number, 100)
    if hundreds:
        return f"{_SMALL[hundreds]} hundred" + (f" {_spelled(rest)}" if rest else "")
    if rest < len(_SMALL):
        return _SMALL[rest]
    tens, ones = divmod(rest, 10)
    return _TENS[tens - 2] + (f"-{_SMALL[ones]}" if ones else "")

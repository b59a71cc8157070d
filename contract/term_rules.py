"""What must hold between the fields of a term sheet (contract §2).

Checked on the plain document, so that these faults are listed together with those of single fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from contract import taking_over_rules
from contract.faults import Fault, Finding, clause_of, found_at, shown
from contract.money import exponent
from contract.parties import Role
from contract.values import MAX_DIGITS

SOME = 10
"""Names of a list that a message repeats at most."""


def _parties_differ(document: Any) -> Iterator[Finding]:
    provider, customer = found_at(document, "provider.party_id"), found_at(document, "customer.party_id")
    if provider is not None and provider == customer:
        yield "customer.party_id", customer, "another party_id than the provider's"
    if provider == Role.CUSTOMER:
        yield "provider.party_id", provider, "not the word for the other side"
    if customer == Role.PROVIDER:
        yield "customer.party_id", customer, "not the word for the other side"


def _one_term(document: Any) -> Iterator[Finding]:
    term = found_at(document, "term")
    if isinstance(term, dict) and (term.get("years") is None) == (term.get("months") is None):
        yield "term", "both" if term.get("years") is not None else "neither", "either years or months"


def _not_longer(document: Any, shorter: str, longer: str) -> Iterator[Finding]:
    less, more = found_at(document, shorter), found_at(document, longer)
    if isinstance(less, int) and isinstance(more, int) and less > more:
        yield shorter, less, f"at most {longer} ({more})"


def _digits(document: Any) -> Iterator[Finding]:
    currency = found_at(document, "fees.currency")
    if not isinstance(currency, str):
        return
    digits = exponent(currency)
    paths = ("fees.amount", "penalties.late_response", "penalties.late_resolution_per_day")
    amounts = [(path, found_at(document, path)) for path in paths]
    for path, given in [*amounts, *taking_over_rules.amounts(document)]:
        try:
            amount = Decimal(given)
        except (TypeError, ValueError, InvalidOperation):
            continue
        places = amount.as_tuple().exponent
        if isinstance(places, int) and -MAX_DIGITS <= places < -digits and Fraction(amount) * 10**digits % 1:
            yield path, amount, f"at most {digits} decimals ({currency})"


def _named_once(document: Any, path: str) -> Iterator[Finding]:
    names = found_at(document, path)
    if not isinstance(names, list):
        return
    words = [name for name in names if isinstance(name, str)]
    if len(set(words)) != len(words):
        yield path, ", ".join(words[:SOME]), "each named once"


def _hours_for_make_up_days(document: Any) -> Iterator[Finding]:
    hours = found_at(document, "service_hours")
    if isinstance(hours, dict) and hours.get("holidays") and hours.get("make_up_hours") is None:
        weekly = hours.get("weekly")
        if isinstance(weekly, dict) and not weekly.get("monday"):
            yield "service_hours.make_up_hours", "nothing", "hours, because Monday has none to take them from"


RULES: tuple[Callable[[Any], Iterator[Finding]], ...] = (
    _parties_differ,
    _one_term,
    _hours_for_make_up_days,
    _digits,
    lambda document: _not_longer(document, "fee_change.negotiation_days", "fee_change.notice_days"),
    lambda document: _not_longer(document, "late_payment.grace_days", "late_payment.suspend_after_days"),
    lambda document: _named_once(document, "services"),
    lambda document: _named_once(document, "fees.means"),
    *taking_over_rules.RULES,
)


def faults_between_fields(document: Any) -> list[Fault]:
    """Every rule between fields that the document breaks."""
    return [
        Fault(path=path, clause=clause_of(path), given=shown(given), allowed=allowed)
        for rule in RULES
        for path, given, allowed in rule(document)
    ]

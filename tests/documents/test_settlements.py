"""A settlement on paper says what both confirmed, amount by amount (C9.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contract.disputes import Amount, AmountKind
from contract.parties import Language, Role
from documents import settlements
from documents.writings import writing_of
from tests.contract.money_lives import MoneyAgreed, MoneyLife, cny
from tests.documents.lives import example
from tests.documents.reading import text_of, without_blanks
from tests.documents.test_referrals import documents

BOTH = pytest.mark.parametrize("language", Language)


def settled(**offer: Any) -> MoneyLife:
    """A dispute over a bill, settled by the provider's offer."""
    life = MoneyLife(MoneyAgreed(months=1))
    item = {"matter": "bill", "bill": "B001"}
    life.dispute("open_dispute", life.day(5), item=item, about="Not as agreed.", amount="5000.00")
    life.dispute("offer_settlement", life.day(6), role=Role.PROVIDER, dispute="D001", **offer)
    life.dispute("confirm_settlement", life.day(7), dispute="D001", offer=1)
    return life


@BOTH
def test_both_originals_say_what_was_disputed_what_is_agreed_and_who_confirmed(language):
    life = settled(amounts=[{"kind": "bill", "bill": "B001", "amount": "1234.50"}], text="Half each. 各半。")
    made = documents(life, language)
    texts = [without_blanks(text_of(made[f"dispute-D001-settlement-{language}-{role}.pdf"])) for role in Role]
    write, dispute = writing_of(language), life.file.disputes[-1]
    assert dispute.ending is not None
    assert dispute.ended_at is not None
    for said in (
        write.amount(cny("1234.50")),
        write.amount(cny("5000.00")),
        "Not as agreed.",
        "Half each. 各半。",
        settlements.LABELS[language].not_charged,
        *dispute.ending.persons.values(),
        write.instant(dispute.ended_at, "Asia/Shanghai"),
    ):
        assert all(without_blanks(said) in text for text in texts)
    assert texts[0] != texts[1]


@BOTH
def test_a_settlement_without_amounts_says_so_and_whether_held_days_are_charged(language):
    say = settlements.LABELS[language]
    made = documents(settled(charge_held_days=True), language)
    text = without_blanks(text_of(made[f"dispute-D001-settlement-{language}-customer.pdf"]))
    assert without_blanks(say.no_amount) in text
    assert without_blanks(say.charged) in text


@BOTH
@pytest.mark.parametrize(
    "amount",
    [
        {"kind": "penalty", "request_id": "R-1"},
        {"kind": "penalty", "request_id": "R-1", "penalty": "late_response"},
        {"kind": "bill", "bill": "B007"},
        {"kind": "late_fee", "bill": "B007"},
        {"kind": "credit"},
    ],
    ids=lambda given: "-".join(given.values()),
)
def test_whatever_an_amount_changes_is_named_with_it(amount, language):
    write, say = writing_of(language), settlements.LABELS[language]
    said = settlements.amount_of(
        Amount.model_validate(amount | {"amount": Decimal("77.10")}), example(), write, say
    )
    assert write.amount(cny("77.10")) in said
    assert all(said.count(amount[name]) == 1 for name in ("request_id", "bill") if name in amount)
    assert "None" not in said
    assert set(say.amounts) == set(AmountKind)

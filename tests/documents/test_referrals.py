"""The referral of a dispute on paper: over what, between whom, what happened, to whom (C9.2)."""

from __future__ import annotations

from typing import Any

import pytest

from contract.disputes import Item, Matter
from contract.facts import EventKind, TermsDocument
from contract.parties import Language, Role
from contract.terms import canonical_bytes, digest_of
from documents import on_record, referrals
from documents.writings import writing_of
from tests.contract.money_lives import MoneyAgreed, MoneyLife, cny
from tests.documents.lives import example
from tests.documents.reading import text_of, without_blanks

BOTH = pytest.mark.parametrize("language", Language)


def referred(**content: Any) -> MoneyLife:
    """A dispute of the customer's over a bill: an offer, no agreement, referred after the window."""
    life = MoneyLife(MoneyAgreed(months=1))
    item = {"matter": "bill", "bill": "B001"}
    life.dispute("open_dispute", life.day(5), item=item, about="Not what was agreed. 与约定不符。", **content)
    offer: dict[str, Any] = {"amounts": [{"kind": "bill", "bill": "B001", "amount": "1.00"}]}
    life.dispute("offer_settlement", life.day(6), role=Role.PROVIDER, dispute="D001", text="Half.", **offer)
    life.dispute("refer_dispute", life.day(60), dispute="D001", reason="no answer")
    return life


def documents(life: MoneyLife, language: Language) -> dict[str, bytes]:
    """What is made of the record."""
    terms = canonical_bytes(example())
    first = TermsDocument(agreement_id="A", version=1, digest=digest_of(terms), canonical=terms.decode())
    return on_record.documents_of(life.events, [first], [language])


@BOTH
def test_a_referral_tells_the_commission_over_what_between_whom_and_what_happened(language):
    life = referred(amount="5000.00")
    text = without_blanks(text_of(documents(life, language)[f"dispute-D001-referral-{language}.pdf"]))
    write, sheet = writing_of(language), example()
    dispute = life.file.disputes[-1]
    instants = (dispute.opened_at, dispute.window_ends, dispute.referred_at)
    for said in (
        dispute.commission,
        sheet.provider.name,
        sheet.customer.name,
        "D001",
        "B001",
        "Not what was agreed. 与约定不符。",
        "no answer",
        write.amount(cny("5000.00")),
        *(write.instant(at, "Asia/Shanghai") for at in instants if at is not None),
    ):
        assert without_blanks(said) in text


@BOTH
def test_what_was_offered_to_settle_it_is_not_told_to_the_tribunal(language):
    life = referred()
    assert life.file.disputes[-1].offer is not None
    assert "Half" not in text_of(documents(life, language)[f"dispute-D001-referral-{language}.pdf"])


@BOTH
def test_who_refers_is_the_claimant(language):
    life = referred()
    say = referrals.LABELS[language]
    text = without_blanks(text_of(documents(life, language)[f"dispute-D001-referral-{language}.pdf"]))
    assert text.index(without_blanks(say.claimant)) < text.index("WangFang") < text.index("李明")
    assert say.whole in text_of(documents(life, language)[f"dispute-D001-referral-{language}.pdf"])


@BOTH
@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"matter": "request", "request_id": "R-1"}, "R-1"),
        ({"matter": "penalty", "request_id": "R-1", "penalty": "late_response"}, "C8.1.1"),
        ({"matter": "penalty", "request_id": "R-1", "penalty": "late_resolution"}, "C8.1.2"),
        ({"matter": "bill", "bill": "B007"}, "B007"),
        ({"matter": "payment", "means": "transfer", "reference": "T-9"}, "T-9"),
        ({"matter": "other"}, ""),
    ],
)
def test_whatever_is_disputed_is_named(item, said, language):
    write = writing_of(language)
    named = referrals.item_of(Item.model_validate(item), write, referrals.LABELS[language])
    assert said in named
    assert "{" not in named
    assert set(referrals.LABELS[language].matters) == set(Matter)


def test_a_dispute_that_is_only_opened_makes_no_document():
    life = MoneyLife(MoneyAgreed(months=1))
    life.dispute("open_dispute", life.day(5), item={"matter": "bill", "bill": "B001"}, about="x")
    assert [event.kind for event in life.events if "dispute" in event.kind] == [EventKind.DISPUTE_OPENED]
    assert not [name for name in documents(life, Language.ENGLISH) if name.startswith("dispute")]

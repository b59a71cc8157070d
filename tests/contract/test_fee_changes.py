"""Fee changes: notice, negotiation to the second, what comes of silence, and what is billed (C7.2)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contract.facts import EventKind as E
from contract.refusals import RefusalKind as K
from tests.contract.changing import DAY, HOUR, SECOND, Changing, at

NOTICE = at("2026-03-16 10:00")
CLOSES = NOTICE + 30 * DAY
EARLIEST = date(2026, 5, 16)
OFFER: dict[str, Any] = {"amount": "13000.00", "effective_on": date(2026, 6, 2)}
COUNTER: dict[str, Any] = {"amount": "12500.00"}
TAKES_EFFECT = {"fee_change": {"if_unanswered": "takes_effect"}}
CUSTOMERS = "customer"
PROVIDERS = "provider"


def proposed(**changes: Any) -> Changing:
    life = Changing(**changes)
    life.say("propose_fee_change", PROVIDERS, NOTICE, **OFFER)
    return life


def test_notice_tells_amount_date_and_until_when_it_may_be_negotiated():
    life = Changing()
    event = life.say("propose_fee_change", PROVIDERS, NOTICE, **OFFER)
    assert event.kind is E.FEE_CHANGE_PROPOSED
    assert (event.payload["amount"], event.payload["current"]) == ("13000.00", "12000.00")
    assert event.payload["first_period"] == "2026-06-02"
    assert life.file.negotiations.fee_change is not None
    assert life.file.negotiations.fee_change.closes_at == CLOSES


def test_a_notice_too_short_is_refused_with_the_earliest_date():
    life = Changing()
    why = life.refused("propose_fee_change", PROVIDERS, NOTICE, amount="1", effective_on=date(2026, 5, 15))
    assert (why.kind, why.clause, why.details["earliest"]) == (K.TOO_SOON, "C7.2.1", EARLIEST.isoformat())
    life.say("propose_fee_change", PROVIDERS, NOTICE, amount="1", effective_on=EARLIEST)


def test_a_notice_at_midnight_counts_its_days_from_there():
    life = Changing()
    life.say(
        "propose_fee_change", PROVIDERS, at("2026-03-16 00:00"), amount="1", effective_on=date(2026, 5, 15)
    )


def test_nothing_takes_effect_before_what_was_said_in_time_has_arrived():
    life = Changing(fee_change={"notice_days": 30}, command_delay_hours=48)
    why = life.refused("propose_fee_change", PROVIDERS, NOTICE, amount="1", effective_on=date(2026, 4, 17))
    assert why.details["earliest"] == "2026-04-18"


@pytest.mark.parametrize(
    ("by", "content", "kind"),
    [
        ("customer", OFFER, K.WRONG_PARTY),
        ("provider", OFFER | {"amount": "12000"}, K.INVALID),
        ("provider", OFFER | {"amount": "12000.001"}, K.INVALID),
        ("provider", OFFER | {"effective_on": date(2027, 3, 2)}, K.INVALID),
    ],
)
def test_a_notice_is_refused(by: str, content: dict[str, Any], kind: K):
    assert Changing().refused("propose_fee_change", by, NOTICE, **content).kind is kind


def test_a_notice_that_the_term_has_no_room_for_is_refused():
    late = at("2027-01-15 09:00")
    why = Changing().refused(
        "propose_fee_change", PROVIDERS, late, amount="1", effective_on=date(2027, 2, 28)
    )
    assert why.kind is K.TOO_SOON
    assert "the term ends on 2027-03-01" in why.message


def test_one_is_open_at_a_time():
    life = proposed()
    assert life.refused("propose_fee_change", PROVIDERS, NOTICE + DAY, **OFFER).kind is K.NOT_ALLOWED_NOW
    life.say("withdraw_fee_change", PROVIDERS, NOTICE + DAY)
    life.say("propose_fee_change", PROVIDERS, NOTICE + DAY, **OFFER)


def test_accepted_it_is_the_next_version_from_its_date():
    life = proposed()
    life.say("accept_fee_change", CUSTOMERS, NOTICE + DAY, **OFFER)
    (agreed,) = life.of(E.TERMS_AGREED)
    assert (agreed.clause, agreed.payload["version"]) == ("C7.2", 2)
    starts = at("2026-06-02 00:00")
    assert life.fee_at(starts - SECOND) == "12000.00"
    assert life.fee_at(starts) == "13000.00"
    assert life.file.terms_version == 1
    life.wait(starts)
    assert life.file.terms_version == 2
    assert [event.at for event in life.of(E.TERMS_IN_FORCE)] == [starts]
    assert life.file.digest == life.documents[2].digest


def test_who_accepts_says_what():
    life = proposed()
    for other in ({"amount": "13000.01"}, {"effective_on": date(2026, 6, 3)}):
        why = life.refused("accept_fee_change", CUSTOMERS, NOTICE + DAY, **(OFFER | other))
        assert why.allowed == ["13000.00 CNY from 2026-06-02"]


@pytest.mark.parametrize("name", ["accept_fee_change", "counter_fee_change"])
def test_nobody_answers_its_own_offer(name: str):
    life = proposed()
    assert life.refused(name, PROVIDERS, NOTICE + DAY, **OFFER).kind is K.WRONG_PARTY
    life.say("object_to_fee_change", CUSTOMERS, NOTICE + DAY, **COUNTER)
    counter = OFFER | COUNTER
    assert life.refused(name, CUSTOMERS, NOTICE + 2 * DAY, **counter).kind is K.WRONG_PARTY


def test_offers_go_back_and_forth_until_one_is_accepted():
    life = proposed()
    life.say("object_to_fee_change", CUSTOMERS, NOTICE + DAY, **COUNTER, reason="too much")
    life.say("counter_fee_change", PROVIDERS, NOTICE + 2 * DAY, amount="12800.00")
    life.say("counter_fee_change", CUSTOMERS, NOTICE + 3 * DAY, amount="12600", effective_on=date(2026, 7, 2))
    life.say(
        "accept_fee_change", PROVIDERS, NOTICE + 4 * DAY, amount="12600.00", effective_on=date(2026, 7, 2)
    )
    assert life.fee_at(at("2026-07-02 00:00")) == "12600.00"
    assert life.fee_at(at("2026-07-01 23:59")) == "12000.00"


def test_a_counter_offer_keeps_the_notice_too():
    life = proposed()
    sooner = COUNTER | {"effective_on": date(2026, 5, 15)}
    why = life.refused("object_to_fee_change", CUSTOMERS, NOTICE + DAY, **sooner)
    assert why.details["earliest"] == EARLIEST.isoformat()


def test_after_an_objection_without_an_offer_nothing_stands_to_accept():
    life = proposed()
    life.say("object_to_fee_change", CUSTOMERS, NOTICE + DAY)
    assert life.refused("accept_fee_change", CUSTOMERS, NOTICE + 2 * DAY, **OFFER).allowed == [
        "counter_fee_change"
    ]
    life.say("counter_fee_change", PROVIDERS, NOTICE + 2 * DAY, amount=OFFER["amount"])
    life.say("accept_fee_change", CUSTOMERS, NOTICE + 3 * DAY, **OFFER)


def test_only_the_customer_objects_and_only_the_provider_withdraws():
    life = proposed()
    assert life.refused("object_to_fee_change", PROVIDERS, NOTICE + DAY).kind is K.WRONG_PARTY
    assert life.refused("withdraw_fee_change", CUSTOMERS, NOTICE + DAY).kind is K.WRONG_PARTY


def test_an_acceptance_at_the_closing_instant_counts_and_one_second_later_not():
    life = proposed()
    why = life.refused("accept_fee_change", CUSTOMERS, CLOSES + SECOND, **OFFER)
    assert (why.kind, why.clause) == (K.NOT_ALLOWED_NOW, "C7.2.2")
    life.say("accept_fee_change", CUSTOMERS, CLOSES, **OFFER)
    assert life.fee_at(at("2026-06-02 00:00")) == "13000.00"


def test_not_answered_it_lapses_where_the_terms_say_so():
    life = proposed()
    (lapsed,) = [e for e in life.wait(CLOSES + SECOND) if e.kind is E.FEE_CHANGE_LAPSED]
    assert (lapsed.at, lapsed.payload["answered"]) == (CLOSES, False)
    life.wait(at("2026-06-03 00:00"))
    assert not life.of(E.TERMS_AGREED)


def test_not_answered_it_takes_effect_where_the_terms_say_so():
    life = proposed(**TAKES_EFFECT)
    (taken,) = [e for e in life.wait(CLOSES + SECOND) if e.kind is E.FEE_CHANGE_TAKEN]
    assert taken.at == CLOSES
    assert not life.documents
    life.wait(CLOSES + DAY + SECOND)
    assert life.fee_at(at("2026-06-02 00:00")) == "13000.00"


@pytest.mark.parametrize("if_unanswered", ["takes_effect", "lapses"])
def test_objected_to_and_not_agreed_it_lapses_whatever_silence_means(if_unanswered: str):
    life = proposed(fee_change={"if_unanswered": if_unanswered})
    life.say("object_to_fee_change", CUSTOMERS, NOTICE + DAY)
    life.wait(CLOSES + 3 * DAY)
    (lapsed,) = life.of(E.FEE_CHANGE_LAPSED)
    assert lapsed.payload["answered"] is True
    assert not life.documents


def test_an_acceptance_in_time_that_arrives_after_the_lapse_undoes_it():
    life = proposed()
    life.wait(CLOSES + HOUR)
    assert life.of(E.FEE_CHANGE_LAPSED)
    life.say("accept_fee_change", CUSTOMERS, CLOSES - HOUR, now=CLOSES + 2 * HOUR, **OFFER)
    assert life.fee_at(at("2026-06-02 00:00")) == "13000.00"


def test_an_objection_in_time_that_arrives_after_silence_was_taken_undoes_that():
    life = proposed(**TAKES_EFFECT)
    life.wait(CLOSES + HOUR)
    assert life.of(E.FEE_CHANGE_TAKEN)
    life.say("object_to_fee_change", CUSTOMERS, CLOSES, now=CLOSES + 24 * HOUR, **COUNTER)
    life.wait(at("2026-06-03 00:00"))
    assert [event.at for event in life.of(E.FEE_CHANGE_LAPSED)] == [CLOSES]
    assert not life.documents


def test_both_are_reminded_once_before_the_window_closes():
    life = proposed()
    assert not life.wait(CLOSES - 3 * DAY - SECOND)
    (reminded,) = life.wait(CLOSES - 3 * DAY)
    assert reminded.kind is E.FEE_CHANGE_REMINDED
    assert life.wait(CLOSES) == []


def test_nobody_is_reminded_of_a_window_that_has_closed():
    life = proposed()
    assert [event.kind for event in life.wait(CLOSES + SECOND)] == [E.FEE_CHANGE_LAPSED]


def test_a_period_is_billed_at_the_fee_of_its_first_day():
    life = proposed()
    life.say("accept_fee_change", CUSTOMERS, NOTICE + DAY, amount="13000.00", effective_on=date(2026, 6, 2))
    life.say("propose_fee_change", PROVIDERS, NOTICE + DAY, amount="9000", effective_on=date(2026, 8, 3))
    life.say("accept_fee_change", CUSTOMERS, NOTICE + 2 * DAY, amount="9000", effective_on=date(2026, 8, 3))
    life.bill_until(at("2026-10-02 00:00"))
    assert life.file.money is not None
    billed = [
        (bill.first.isoformat(), str(bill.amount), bill.terms_version) for bill in life.file.money.bills
    ]
    assert billed[2:7] == [
        ("2026-05-02", "12000.00", 1),
        ("2026-06-02", "13000.00", 2),
        ("2026-07-02", "13000.00", 2),
        ("2026-08-02", "13000.00", 2),
        ("2026-09-02", "9000.00", 3),
    ]


def test_it_takes_effect_after_the_version_agreed_last():
    life = Changing()
    text: dict[str, Any] = {
        "text": "t",
        "title": "CEO",
        "changes": {"rating_days": 9},
        "effective_on": date(2026, 8, 1),
    }
    life.say("propose_amendment", PROVIDERS, NOTICE, **text)
    digest = life.of(E.AMENDMENT_PROPOSED)[0].payload["digest"]
    life.say("consent_to_amendment", CUSTOMERS, NOTICE, amendment=1, digest=digest, title="CEO")
    why = life.refused("propose_fee_change", PROVIDERS, NOTICE, amount="1", effective_on=date(2026, 7, 31))
    assert (why.kind, why.details["earliest"]) == (K.TOO_SOON, "2026-08-01")


def test_it_works_where_money_is_not_run():
    life = proposed(billing=False)
    life.say("accept_fee_change", CUSTOMERS, NOTICE + DAY, **OFFER)
    life.wait(at("2026-06-02 00:00"))
    assert life.file.terms_version == 2


def test_what_is_open_lapses_with_the_end_of_the_term():
    life = Changing(term={"years": None, "months": 2}, fee_change={"notice_days": 30, "negotiation_days": 30})
    life.say(
        "propose_fee_change", PROVIDERS, at("2026-03-20 00:00"), amount="1", effective_on=date(2026, 4, 20)
    )
    life.say("propose_termination", CUSTOMERS, at("2026-03-21 00:00"), last_day=date(2026, 4, 1), title="CEO")
    life.say(
        "consent_to_termination", PROVIDERS, at("2026-03-22 00:00"), last_day=date(2026, 4, 1), title="CEO"
    )
    kinds = [event.kind for event in life.wait(at("2026-04-02 00:00"))]
    assert kinds == [E.FEE_CHANGE_LAPSED, E.TERMINATED]

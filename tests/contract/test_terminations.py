"""An early end by consent: who says what, what is returned, what becomes of what is open (C4.2)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contract.agreement import check_submission, close
from contract.agreement_states import AgreementState
from contract.balance import balance
from contract.facts import EventKind as E
from contract.refusals import RefusalKind as K
from contract.refusals import Refused
from tests.contract.changing import DAY, SECOND, Changing, at
from tests.contract.test_amendments import submission

PROPOSED = at("2026-04-10 10:00")
LAST = date(2026, 4, 16)
ENDS = at("2026-04-17 00:00")
DAY_NAMED: dict[str, Any] = {"last_day": LAST, "title": "CEO"}


def proposed(**changes: Any) -> Changing:
    life = Changing(**changes)
    life.bill_until(PROPOSED)
    life.say("propose_termination", "customer", PROPOSED, **DAY_NAMED, reason="moving away")
    return life


def test_consented_to_the_agreement_ends_at_the_end_of_that_day():
    life = proposed()
    life.say("consent_to_termination", "provider", PROPOSED + DAY, **DAY_NAMED)
    assert life.wait(ENDS - SECOND) == []
    (ended,) = life.wait(ENDS)
    assert (ended.kind, ended.at, ended.clause) == (E.TERMINATED, ENDS, "C4.2")
    assert life.file.state is AgreementState.TERMINATED
    life.file.open_requests = []
    assert close(life.file, ENDS)[0].kind is E.AGREEMENT_CLOSED


def test_what_was_prepaid_is_credited_by_days():
    life = proposed()
    assert life.file.money is not None
    life.say("consent_to_termination", "provider", PROPOSED + DAY, **DAY_NAMED)
    (credit,) = life.of(E.CREDIT_GIVEN)
    # April's period has 30 days from the 2nd; it ends after 15 of them.
    assert (credit.payload["amount"], credit.payload["bill"], credit.clause) == ("6000.00", "B002", "C4.2")
    assert balance(life.file.money, LAST).unpaid == 12000_00 + 6000_00
    life.bill_until(at("2026-07-01 00:00"))
    assert len(life.file.money.bills) == 2


def test_requests_after_it_are_refused_and_open_ones_are_finished():
    life = proposed()
    life.say("consent_to_termination", "provider", PROPOSED + DAY, **DAY_NAMED)
    check_submission(life.file, submission(ENDS - SECOND, "technical_support"), ENDS)
    with pytest.raises(Refused) as refused:
        check_submission(life.file, submission(ENDS, "technical_support"), ENDS)
    assert refused.value.refusal.kind is K.NOT_IN_FORCE
    life.wait(ENDS)
    life.file.open_requests = ["R-1"]
    assert close(life.file, ENDS + DAY) == []


def test_only_the_other_consents_to_the_day_that_was_proposed():
    life = proposed()
    later = PROPOSED + DAY
    assert life.refused("consent_to_termination", "customer", later, **DAY_NAMED).kind is K.WRONG_PARTY
    other = DAY_NAMED | {"last_day": date(2026, 4, 17)}
    assert life.refused("consent_to_termination", "provider", later, **other).allowed == ["2026-04-16"]
    assert life.refused("withdraw_termination", "provider", later).kind is K.WRONG_PARTY


def test_declined_withdrawn_or_expired_the_agreement_goes_on():
    life = proposed()
    life.say("decline_termination", "provider", PROPOSED + DAY, reason="no")
    life.say("propose_termination", "provider", PROPOSED + DAY, **DAY_NAMED)
    life.say("withdraw_termination", "provider", PROPOSED + DAY)
    life.say(
        "propose_termination", "provider", PROPOSED + DAY, **(DAY_NAMED | {"last_day": date(2026, 6, 1)})
    )
    (lapsed,) = life.wait(PROPOSED + 15 * DAY + SECOND)
    assert (lapsed.kind, lapsed.payload["why"]) == (E.TERMINATION_LAPSED, "unanswered")
    assert life.file.state is AgreementState.ACTIVE


def test_it_expires_with_the_day_it_names():
    life = proposed()
    why = life.refused("consent_to_termination", "provider", ENDS, **DAY_NAMED)
    assert why.kind is K.NOT_ALLOWED_NOW
    life.say("consent_to_termination", "provider", ENDS - SECOND, **DAY_NAMED)


def test_a_consent_on_the_last_day_that_arrives_after_it_ends_the_agreement_as_of_that_day():
    life = proposed()
    life.wait(ENDS + SECOND)
    life.bill_until(ENDS + SECOND)
    life.say("consent_to_termination", "provider", ENDS - SECOND, now=ENDS + 2 * SECOND, **DAY_NAMED)
    assert life.file.state is AgreementState.TERMINATED
    assert [event.at for event in life.of(E.TERMINATED)] == [ENDS]


def test_days_that_are_past_or_not_early_are_refused():
    life = Changing()
    past = life.refused("propose_termination", "customer", PROPOSED, last_day=date(2026, 4, 9), title="CEO")
    assert (past.kind, past.details["earliest"]) == (K.TOO_SOON, "2026-04-10")
    late = life.refused("propose_termination", "customer", PROPOSED, last_day=date(2027, 3, 1), title="CEO")
    assert (late.kind, late.clause) == (K.INVALID, "C4.1")


def test_once_agreed_it_is_neither_agreed_again_nor_renewed():
    life = proposed()
    life.say("consent_to_termination", "provider", PROPOSED + DAY, **DAY_NAMED)
    later = PROPOSED + 2 * DAY
    assert life.refused("propose_termination", "customer", later, **DAY_NAMED).kind is K.ALREADY_DONE
    why = life.refused(
        "propose_amendment", "customer", later, text="on", title="CEO", changes={"term": {"years": 3}}
    )
    assert (why.kind, why.clause) == (K.NOT_ALLOWED_NOW, "C4.2")


def test_it_works_where_money_is_not_run():
    life = proposed(billing=False)
    life.say("consent_to_termination", "provider", PROPOSED + DAY, **DAY_NAMED)
    assert [event.kind for event in life.wait(ENDS)] == [E.TERMINATED]

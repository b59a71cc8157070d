"""Amendments and supplements: other terms by consent, the versions they make, renewal (C10)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contract import version_making as making
from contract.agreement import check_submission
from contract.commands import Submission
from contract.days import Days
from contract.differences import differences
from contract.facts import EventKind as E
from contract.refusals import Refusal, Refused
from contract.refusals import RefusalKind as K
from contract.terms import TermSheet
from tests.contract.changing import DAY, PARTIES, SECOND, TEXT, Changing, at, sheet

PROPOSED = at("2026-04-01 10:00")
EXPIRES = PROPOSED + 14 * DAY
LONGER: dict[str, Any] = {"fees.payment_days": 45}


def proposed(
    by: str = "customer", when: Any = PROPOSED, life: Changing | None = None, **content: Any
) -> Changing:
    life = life or Changing()
    life.say("propose_amendment", by, when, **(TEXT | {"changes": LONGER} | content))
    return life


def consent(life: Changing, by: str, when: Any, number: int = 1, **given: Any) -> None:
    life.say("consent_to_amendment", by, when, **signing(life, number), **given)


def signing(life: Changing, number: int = 1) -> dict[str, Any]:
    digest = life.of(E.AMENDMENT_PROPOSED)[number - 1].payload["digest"]
    return {"amendment": number, "digest": digest, "title": "CEO"}


def faults(why: Refusal) -> dict[str, str]:
    return {fault["path"]: fault["clause"] for fault in why.details["faults"]}


def submission(when: Any, service: str) -> Submission:
    return Submission.model_validate(
        {
            "command_id": "s",
            "at": when,
            "actor": {"party": PARTIES["customer"], "person": "Wang"},
            "request_id": "R-1",
            "service": service,
            "title": "No sound",
        }
    )


def test_a_proposal_lists_what_would_change_with_its_clause():
    life = proposed(changes=LONGER | {"targets.by_priority.high": {"respond_hours": "0.50"}})
    (event,) = life.of(E.AMENDMENT_PROPOSED)
    told = {
        change["path"]: (change["clause"], change["before"], change["after"])
        for change in event.payload["changes"]
    }
    assert told == {
        "fees.payment_days": ("C7.1", 15, 45),
        "targets.by_priority.high": ("C5.2", None, {"respond_hours": "0.5"}),
    }
    assert event.payload["base"] == 1


def test_consent_to_its_digest_makes_the_next_version():
    life = proposed()
    consent(life, "provider", PROPOSED + DAY)
    (agreed,) = life.of(E.TERMS_AGREED)
    assert (agreed.clause, agreed.payload["version"]) == ("C10.1", 2)
    document = life.documents[2]
    assert TermSheet.model_validate_json(document.canonical).fees.payment_days == 45
    assert document.effective_at == PROPOSED + DAY + SECOND


def test_it_is_the_other_who_consents_or_declines_and_the_proposer_who_withdraws():
    life = proposed(by="customer")
    later = PROPOSED + DAY
    assert life.refused("consent_to_amendment", "customer", later, **signing(life)).kind is K.WRONG_PARTY
    assert life.refused("decline_amendment", "customer", later, amendment=1).kind is K.WRONG_PARTY
    assert life.refused("withdraw_amendment", "provider", later, amendment=1).kind is K.WRONG_PARTY


def test_another_digest_is_refused_with_the_right_one():
    life = proposed()
    given = signing(life) | {"digest": "0" * 64}
    why = life.refused("consent_to_amendment", "provider", PROPOSED + DAY, **given)
    assert (why.kind, why.allowed) == (K.WRONG_DIGEST, [signing(life)["digest"]])


@pytest.mark.parametrize(
    ("name", "by"), [("decline_amendment", "provider"), ("withdraw_amendment", "customer")]
)
def test_declined_or_withdrawn_it_is_over(name: str, by: str):
    life = proposed()
    life.say(name, by, PROPOSED + DAY, amendment=1, reason="no")
    why = life.refused("consent_to_amendment", "provider", PROPOSED + DAY, **signing(life))
    assert why.kind is K.NOT_ALLOWED_NOW
    assert not life.documents


def test_a_consent_at_the_last_instant_counts_and_one_second_later_not():
    life = proposed()
    late = EXPIRES + SECOND
    assert life.refused("consent_to_amendment", "provider", late, **signing(life)).kind is K.NOT_ALLOWED_NOW
    consent(life, "provider", EXPIRES)
    assert life.documents[2]


def test_a_consent_in_time_that_arrives_after_the_expiry_undoes_it():
    life = proposed()
    (lapsed,) = life.wait(EXPIRES + SECOND)
    assert (lapsed.kind, lapsed.at, lapsed.payload["why"]) == (E.AMENDMENT_LAPSED, EXPIRES, "unanswered")
    consent(life, "provider", EXPIRES, now=EXPIRES + DAY)
    # It cannot take effect before what was done meanwhile by the version before.
    assert life.documents[2].effective_at == EXPIRES + DAY + SECOND


def test_every_fault_of_the_result_is_told_at_once():
    why = Changing().refused(
        "propose_amendment",
        "provider",
        PROPOSED,
        **TEXT,
        changes={
            "agreement_id": "OTHER",
            "customer.party_id": "somebody",
            "customer.tax_id": "999",
            "fees.period": "year",
            "fees.currency": "EUR",
            "late_payment.allocation": "interest_first",
            "time_zone": "Europe/Berlin",
            "term": {"months": 6},
            "targets.respond_hours": "-1",
            "no_such_field": 1,
            "services.first": "x",
        },
    )
    assert why.kind is K.INVALID
    assert faults(why) == {
        "services.first": "C3.1",
        "agreement_id": "§7",
        "customer.party_id": "C1.2",
        "time_zone": "§2",
        "fees.currency": "C7.1",
        "fees.period": "C7.1",
        "late_payment.allocation": "C8.2",
        "customer.tax_id": "C1.2",
        "targets.respond_hours": "C5.2",
        "no_such_field": "§2",
        "term": "C10.4",
    }


def test_what_a_whole_sheet_leaves_out_is_no_way_to_change_what_stays():
    whole = sheet().model_dump(mode="json")
    whole.pop("offer_days")
    whole["customer"].pop("country")
    why = Changing().refused("propose_amendment", "provider", PROPOSED, **TEXT, sheet=whole, base=1)
    assert faults(why) == {"offer_days": "C4.1", "customer.country": "C1.2"}


def test_a_tax_number_may_be_added_and_then_stays():
    life = Changing(customer={"tax_id": None})
    proposed("provider", PROPOSED, life, changes={"customer.tax_id": "12-3456789"})
    consent(life, "customer", PROPOSED)
    for other in ("98-7654321", None):
        why = life.refused(
            "propose_amendment", "provider", PROPOSED + DAY, **TEXT, changes={"customer.tax_id": other}
        )
        assert faults(why) == {"customer.tax_id": "C1.2"}


def test_a_shorter_term_is_an_early_end_and_refused_here():
    why = Changing().refused(
        "propose_amendment", "provider", PROPOSED, **TEXT, changes={"term": {"months": 11}}
    )
    assert faults(why) == {"term": "C10.4"}


def test_addresses_and_contacts_may_change():
    life = proposed(
        changes={"customer.contact.email": "new@acme.example", "customer.name": "ACME 2 Co., Ltd."}
    )
    consent(life, "provider", PROPOSED)


def test_a_whole_sheet_says_which_version_it_changes():
    life = proposed()
    consent(life, "provider", PROPOSED)
    whole = sheet(rating_days=9).model_dump(mode="json")
    when = PROPOSED + DAY
    why = life.refused("propose_amendment", "provider", when, **TEXT, sheet=whole, base=1)
    assert why.allowed == ["base 2"]
    life.say("propose_amendment", "provider", when, **TEXT, sheet=whole, base=2)
    changes = life.of(E.AMENDMENT_PROPOSED)[1].payload["changes"]
    assert {change["path"]: change["after"] for change in changes} == {
        "rating_days": 9,
        "fees.payment_days": 15,
    }


def test_a_supplement_in_words_alone_is_a_version_of_the_same_terms():
    life = proposed(changes={})
    consent(life, "provider", PROPOSED)
    assert life.documents[2].digest == life.file.versions[0].digest


def test_versions_take_effect_in_order():
    life = proposed(effective_on=date(2026, 7, 1))
    consent(life, "provider", PROPOSED + DAY)
    sooner: list[dict[str, Any]] = [{}, {"effective_on": date(2026, 6, 30)}]
    for given in sooner:
        why = life.refused(
            "propose_amendment", "provider", PROPOSED + DAY, **TEXT, changes={"rating_days": 9}, **given
        )
        assert (why.kind, why.details["earliest"]) == (K.TOO_SOON, "2026-07-01")
    proposed("provider", PROPOSED + DAY, life, changes={"rating_days": 9}, effective_on=date(2026, 7, 1))
    consent(life, "customer", PROPOSED + DAY, 2)
    begins = at("2026-07-01 00:00")
    assert [life.file.version_at(when).number for when in (begins - SECOND, begins)] == [1, 3]
    assert [event.payload["version"] for event in life.wait(begins)] == [2, 3]


def test_the_past_is_not_amended():
    why = Changing().refused(
        "propose_amendment", "provider", PROPOSED, **TEXT, changes=LONGER, effective_on=date(2026, 3, 31)
    )
    assert (why.kind, why.details["earliest"]) == (K.TOO_SOON, "2026-04-01")


def test_an_amendment_lapses_when_another_version_is_agreed():
    life = proposed()
    proposed("provider", PROPOSED + DAY, life, changes={"rating_days": 9})
    consent(life, "customer", PROPOSED + DAY, 2)
    (lapsed,) = life.of(E.AMENDMENT_LAPSED)
    assert (lapsed.payload["number"], lapsed.payload["why"]) == (1, "superseded")
    assert life.refused("consent_to_amendment", "provider", PROPOSED + 2 * DAY, **signing(life)).allowed == []


def test_an_agreed_fee_change_supersedes_it_too():
    life = proposed()
    offer: dict[str, Any] = {"amount": "1.00", "effective_on": date(2026, 8, 2)}
    life.say("propose_fee_change", "provider", PROPOSED, **offer)
    life.say("accept_fee_change", "customer", PROPOSED + DAY, **offer)
    assert [event.payload["why"] for event in life.of(E.AMENDMENT_LAPSED)] == ["superseded"]


def test_an_open_fee_change_keeps_its_place():
    life = Changing()
    offer: dict[str, Any] = {"amount": "1.00", "effective_on": date(2026, 8, 2)}
    life.say("propose_fee_change", "provider", PROPOSED, **offer)
    for given in (
        {"changes": {"fees.amount": "2.00"}},
        {"changes": LONGER, "effective_on": date(2026, 8, 2)},
    ):
        why = life.refused("propose_amendment", "provider", PROPOSED, **TEXT, **given)
        assert (why.kind, why.clause) == (K.NOT_ALLOWED_NOW, "C7.2")
    proposed("provider", PROPOSED, life)
    consent(life, "customer", PROPOSED)
    life.say("accept_fee_change", "customer", PROPOSED, **offer)
    third = TermSheet.model_validate_json(life.documents[3].canonical)
    assert (third.fees.payment_days, int(third.fees.amount)) == (45, 1)


def test_a_bill_keeps_the_late_payment_terms_of_its_issue():
    life = proposed(changes={"late_payment.percent_per_day": "0.5", "fees.payment_days": 3})
    life.bill_until(PROPOSED)
    consent(life, "provider", PROPOSED)
    life.bill_until(PROPOSED + 40 * DAY)
    assert life.file.money is not None
    assert [
        (b.number, str(b.late.percent_per_day), (b.due_on - b.first).days) for b in life.file.money.bills
    ] == [
        ("B001", "0.05", 15),
        ("B002", "0.5", 3),
        ("B003", "0.5", 3),
    ]


def test_a_request_is_covered_by_the_version_in_force_when_it_was_submitted():
    life = proposed(changes={"services": ["technical_support"]})
    now = PROPOSED + DAY
    consent(life, "provider", now)
    check_submission(life.file, submission(now, "problem_resolution"), now + DAY)
    with pytest.raises(Refused, match="not in the agreement"):
        check_submission(life.file, submission(now + SECOND, "problem_resolution"), now + DAY)


def test_a_renewal_goes_on_without_a_gap():
    life = Changing()
    renewing = at("2027-02-01 10:00")
    life.wait(renewing)
    assert [event.payload["days"] for event in life.of(E.END_REMINDED)] == [30]
    proposed("provider", renewing, life, changes={"term": {"years": 2}})
    consent(life, "customer", renewing)
    (agreed,) = life.of(E.TERMS_AGREED)
    assert (agreed.clause, agreed.payload["last_day"]) == ("C10.4", "2028-03-01")
    assert life.file.dates is not None
    assert life.file.dates.ends_at == at("2028-03-02 00:00")
    assert len(life.file.dates.year_starts) == 2
    assert [event.kind for event in life.wait(at("2027-03-02 00:00") + DAY)] == [E.TERMS_IN_FORCE]
    check_submission(
        life.file, submission(at("2027-03-03 00:00"), "technical_support"), at("2027-03-03 00:00")
    )
    life.bill_until(at("2027-04-02 00:00"))
    assert life.file.money is not None
    assert [b.first.isoformat() for b in life.file.money.bills[-3:]] == [
        "2027-02-02",
        "2027-03-02",
        "2027-04-02",
    ]
    reminded = [event.at for event in life.wait(at("2028-03-01 00:00")) if event.kind is E.END_REMINDED]
    assert reminded == [at("2028-02-24 00:00")]


def test_the_days_of_a_longer_term_reach_as_far_beyond_it_and_known_ones_stay():
    life = Changing(time_zone="Europe/Berlin")
    known = making.days_of(life.file).offsets
    proposed("provider", PROPOSED, life, changes={"term": {"years": 3}})
    consent(life, "customer", PROPOSED)
    assert not making.reaches(life.file)
    otherwise = Days.of("Asia/Shanghai", PROPOSED, PROPOSED + DAY)  # rules that changed for the past too
    berlin = Days.of("Europe/Berlin", PROPOSED, PROPOSED + 6000 * DAY)
    making.look_further(life.file, Days(offsets=[*otherwise.offsets, *berlin.offsets[1:]]))
    assert making.reaches(life.file)
    longer = making.days_of(life.file).offsets
    assert longer[: len(known)] == known
    assert set(longer[len(known) :]) < set(berlin.offsets)
    assert longer[-1] == berlin.offsets[-1]


def test_a_renewal_on_the_last_day_counts_though_it_arrives_after_the_end():
    """Commands come before deadlines: nobody's agreement ends because the workers were away (§3)."""
    life = Changing()
    ends = at("2027-03-02 00:00")
    life.wait(ends - 2 * DAY)
    proposed("provider", ends - 2 * DAY, life, changes={"term": {"years": 2}})
    consent(life, "customer", ends - SECOND, now=ends + 5 * SECOND)
    assert life.file.dates is not None
    assert life.file.dates.ends_at == at("2028-03-02 00:00")


def test_what_has_ended_is_not_renewed():
    life = Changing()
    ends = at("2027-03-02 00:00")
    proposed("provider", ends - 2 * DAY, life, changes={"term": {"years": 2}})
    life.wait(ends)
    why = life.refused("consent_to_amendment", "customer", ends - SECOND, now=ends + SECOND, **signing(life))
    assert why.kind is K.NOT_IN_FORCE


def test_the_rest_of_a_short_last_period_is_billed_when_the_term_is_made_longer():
    life = Changing(term={"years": None, "months": 4}, fees={"period": "quarter"})
    life.bill_until(at("2026-06-10 00:00"))
    assert life.file.money is not None
    assert [(str(b.amount), b.last.isoformat()) for b in life.file.money.bills] == [
        ("12000.00", "2026-06-01"),
        ("3913.04", "2026-07-01"),
    ]
    proposed(
        "provider", at("2026-06-11 10:00"), life, changes={"term": {"months": 8}, "fees.amount": "24000"}
    )
    consent(life, "customer", at("2026-06-11 10:00"))
    life.bill_until(at("2026-10-01 00:00"))
    rest, following = life.file.money.bills[2:]
    assert (rest.number, rest.first.isoformat(), rest.last.isoformat()) == (
        "B002-2",
        "2026-07-02",
        "2026-09-01",
    )
    # The period is billed at one price, that of its first day; its parts add up to it.
    assert str(rest.amount + life.file.money.bills[1].amount) == "12000.00"
    assert (following.number, following.first.isoformat()) == ("B003", "2026-09-02")
    assert str(following.fee) == "24000.00"


def test_differences_go_into_mappings_and_take_lists_whole():
    before = sheet()
    after = sheet(services=["technical_support"], fees={"payment_days": 16, "tax_percent": None})
    assert {d.path: (d.clause, d.before, d.after) for d in differences(before, after)} == {
        "services": ("C3.1", before.model_dump(mode="json")["services"], ["technical_support"]),
        "fees.payment_days": ("C7.1", 15, 16),
        "fees.tax_percent": ("C7.1", "6", None),
    }

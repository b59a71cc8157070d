"""Fee changes, amendments, renewal and an early end, lived by the agreement's workflow (C4.2, C7.2, C10).

1,000.00 a month from Monday 2026-03-02 in Shanghai; 30 days' notice of a fee change, 15 to negotiate; 14 days
to consent; commands up to 24 hours old.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from contract.agreement_changes import ChangesStanding
from contract.agreement_states import AgreementState
from contract.change_commands import (
    AcceptFeeChange,
    ChangeCommand,
    ConsentToAmendment,
    ConsentToTermination,
    CounterFeeChange,
    DeclineAmendment,
    ObjectToFeeChange,
    ProposeFeeChange,
    ProposeTermination,
    WithdrawFeeChange,
)
from contract.facts import EventKind
from contract.faults import Faulty
from contract.parties import Actor
from contract.reading import read_terms
from contract.refusals import RefusalKind
from starter.errors import CommandRefused
from tests.engine import CUSTOMER, DAY, HOUR, PROVIDER, LivedAgreement, World, shanghai

pytestmark = pytest.mark.engine

SECOND = HOUR / 3600
NOTICE = shanghai("2026-03-10 10:00")
CLOSES = NOTICE + 15 * DAY
OFFER: dict[str, Any] = {"amount": "1200.00", "effective_on": date(2026, 5, 2)}
DAY_NAMED: dict[str, Any] = {"last_day": date(2026, 4, 16), "title": "CEO"}
TEXT = {"text": "as discussed", "title": "CEO"}


async def say(
    agreement: LivedAgreement, command: type[ChangeCommand], by: Actor, at: datetime, **content: Any
) -> ChangesStanding:
    await agreement.pass_time_until(at)
    return await agreement.client.change(agreement.id, command, by, at=at, **content)


async def refused(
    agreement: LivedAgreement, command: type[ChangeCommand], by: Actor, at: datetime, **content: Any
) -> RefusalKind:
    with pytest.raises(CommandRefused) as problem:
        await say(agreement, command, by, at, **content)
    return problem.value.kind


async def proposed(agreement: LivedAgreement, by: Actor, at: datetime, **content: Any) -> ChangesStanding:
    await agreement.pass_time_until(at)
    return await agreement.client.propose_amendment(agreement.id, by, at=at, **(TEXT | content))


async def consented(agreement: LivedAgreement, by: Actor, at: datetime, number: int = 1) -> ChangesStanding:
    standing = await agreement.standing()
    assert standing.changes is not None
    (digest,) = [
        one.digest for one in standing.changes.open if (one.what, one.number) == ("amendment", number)
    ]
    signed = {"amendment": number, "digest": digest, "title": "CEO"}
    return await say(agreement, ConsentToAmendment, by, at, **signed)


async def bills(agreement: LivedAgreement) -> list[tuple[str, str, int]]:
    money = await agreement.world.store.money(agreement.id)
    assert money is not None
    return [(bill.first.isoformat(), str(bill.amount), bill.terms_version) for bill in money.bills]


async def test_an_accepted_fee_change_is_billed_from_its_date_c7_2(world: World):
    agreement = await world.agreement(billing=True)
    standing = await say(agreement, ProposeFeeChange, PROVIDER, NOTICE, **OFFER)
    (open_one,) = standing.open
    assert (open_one.what, open_one.until, str(open_one.amount)) == ("fee_change", CLOSES, "1200.00")
    await say(agreement, ObjectToFeeChange, CUSTOMER, NOTICE + DAY, amount="1050.00", reason="too much")
    await say(agreement, CounterFeeChange, PROVIDER, NOTICE + 2 * DAY, amount="1100.00")
    counter = OFFER | {"amount": "1100.00"}
    standing = await say(agreement, AcceptFeeChange, CUSTOMER, NOTICE + 3 * DAY, **counter)
    assert [version.number for version in standing.versions] == [1, 2]
    assert (standing.terms_version, standing.open) == (1, [])
    await agreement.pass_time_until(shanghai("2026-06-02 00:00"))
    await agreement.event(EventKind.BILL_ISSUED, None, 4)
    assert await bills(agreement) == [
        ("2026-03-02", "1000.00", 1),
        ("2026-04-02", "1000.00", 1),
        ("2026-05-02", "1100.00", 2),
        ("2026-06-02", "1100.00", 2),
    ]
    view = await world.store.agreement(agreement.id)
    assert view is not None
    assert view.terms_version == 2
    document = await world.store.terms(agreement.id, 2)
    assert document is not None
    assert document.digest == view.digest
    assert document.effective_at == shanghai("2026-05-02 00:00")
    assert await agreement.is_sound(None)


async def test_too_short_a_notice_is_refused_with_the_earliest_date_c7_2_1(world: World):
    agreement = await world.agreement()
    short = OFFER | {"effective_on": date(2026, 4, 9)}
    with pytest.raises(CommandRefused) as problem:
        await say(agreement, ProposeFeeChange, PROVIDER, NOTICE, **short)
    assert problem.value.kind is RefusalKind.TOO_SOON
    assert problem.value.refusal.details["earliest"] == "2026-04-10"


@pytest.mark.parametrize(("late", "taken"), [(0 * SECOND, True), (SECOND, False)])
async def test_an_acceptance_at_the_closing_instant_counts_c7_2_2(world: World, late: Any, taken: bool):
    agreement = await world.agreement()
    await say(agreement, ProposeFeeChange, PROVIDER, NOTICE, **OFFER)
    if taken:
        standing = await say(agreement, AcceptFeeChange, CUSTOMER, CLOSES + late, **OFFER)
        assert len(standing.versions) == 2
    else:
        kind = await refused(agreement, AcceptFeeChange, CUSTOMER, CLOSES + late, **OFFER)
        assert kind is RefusalKind.NOT_ALLOWED_NOW


async def test_silence_lapses_or_takes_effect_as_agreed_and_both_are_reminded_c7_2_2(world: World):
    lapsing = await world.agreement(billing=True)
    taking = await world.agreement(billing=True, fee_change={"if_unanswered": "takes_effect"})
    for agreement in (lapsing, taking):
        await say(agreement, ProposeFeeChange, PROVIDER, NOTICE, **OFFER)
    for agreement in (lapsing, taking):
        await agreement.pass_time_until(shanghai("2026-05-02 00:00"))
        await agreement.event(EventKind.FEE_CHANGE_REMINDED, None)
        await agreement.event(EventKind.BILL_ISSUED, None, 3)
    assert (await lapsing.event(EventKind.FEE_CHANGE_LAPSED, None)).at == CLOSES
    assert (await taking.event(EventKind.FEE_CHANGE_TAKEN, None)).at == CLOSES
    assert (await bills(lapsing))[-1] == ("2026-05-02", "1000.00", 1)
    assert (await bills(taking))[-1] == ("2026-05-02", "1200.00", 2)


async def test_an_acceptance_in_time_that_arrives_after_the_lapse_undoes_it(world: World):
    agreement = await world.agreement(billing=True)
    await say(agreement, ProposeFeeChange, PROVIDER, NOTICE, **OFFER)
    await agreement.pass_time_until(CLOSES + HOUR)
    await agreement.event(EventKind.FEE_CHANGE_LAPSED, None)
    standing = await agreement.client.change(agreement.id, AcceptFeeChange, CUSTOMER, at=CLOSES, **OFFER)
    assert len(standing.versions) == 2


async def test_a_withdrawn_fee_change_is_over_and_told_again_is_told_once(world: World):
    agreement = await world.agreement()
    await say(agreement, ProposeFeeChange, PROVIDER, NOTICE, command_id="notice-1", **OFFER)
    await say(agreement, ProposeFeeChange, PROVIDER, NOTICE, command_id="notice-1", **OFFER)
    await say(agreement, WithdrawFeeChange, PROVIDER, NOTICE)
    assert await refused(agreement, AcceptFeeChange, CUSTOMER, NOTICE, **OFFER) is RefusalKind.NOT_ALLOWED_NOW
    assert (await agreement.kinds(None)).count("fee_change_proposed") == 1


async def test_requests_keep_the_version_of_their_submission_and_others_have_the_new_one_c10_1(world: World):
    agreement = await world.agreement()
    await agreement.pass_time_until(NOTICE)
    before = await agreement.submit("before", at=NOTICE)
    await proposed(agreement, PROVIDER, NOTICE, changes={"targets.resolve_hours": "24"})
    standing = await consented(agreement, CUSTOMER, NOTICE + HOUR)
    begins = standing.versions[-1].effective_at
    assert begins is not None
    assert begins >= NOTICE + HOUR + SECOND
    await agreement.pass_time_until(begins + HOUR)
    # Submitted before the consent, told after it: by the version of its instant.
    meanwhile = await agreement.submit("meanwhile", at=NOTICE + HOUR)
    after = await agreement.submit("after", at=begins)
    assert before.resolve_due == NOTICE + 48 * HOUR
    assert meanwhile.resolve_due == NOTICE + 49 * HOUR
    assert after.resolve_due == begins + 24 * HOUR
    versions = {r.request_id: r.terms_version for r in await world.store.requests(agreement.id)}
    assert versions == {"before": 1, "meanwhile": 1, "after": 2}
    assert (await agreement.status("before")).snapshot.resolve_due == NOTICE + 48 * HOUR


async def test_an_amendment_is_declined_or_expires_c10_1(world: World):
    agreement = await world.agreement()
    await proposed(agreement, PROVIDER, NOTICE, changes={"rating_days": 9})
    await say(agreement, DeclineAmendment, CUSTOMER, NOTICE, amendment=1, reason="no")
    await proposed(agreement, CUSTOMER, NOTICE, changes={"rating_days": 9})
    await agreement.pass_time_until(NOTICE + 14 * DAY + SECOND)
    lapsed = await agreement.event(EventKind.AMENDMENT_LAPSED, None)
    assert (lapsed.at, lapsed.payload["why"]) == (NOTICE + 14 * DAY, "unanswered")


async def test_every_fault_of_an_amendment_is_told_before_it_is_sent_and_by_the_agreement_itself(
    world: World,
):
    agreement = await world.agreement()
    wrong = {"fees.currency": "EUR", "targets.respond_hours": "0", "service_hours": {"holidays": "XX"}}
    with pytest.raises(Faulty) as faulty:
        await proposed(agreement, PROVIDER, NOTICE, changes=wrong)
    assert {fault.path for fault in faulty.value.faults} >= {"fees.currency", "targets.respond_hours"}
    newest = read_terms((await agreement.client.newest_terms(agreement.id)).canonical)
    stale = {"sheet": newest.model_dump(mode="json"), "base": 7}
    with pytest.raises(CommandRefused) as problem:
        await proposed(agreement, PROVIDER, NOTICE, **stale)
    assert problem.value.refusal.allowed == ["base 1"]


async def test_a_renewed_agreement_goes_on_without_a_gap_c10_4(world: World):
    agreement = await world.agreement(billing=True, term={"months": 3})
    renewing = shanghai("2026-05-28 10:00")
    await proposed(agreement, PROVIDER, renewing, changes={"term": {"months": 6}})
    await consented(agreement, CUSTOMER, renewing)
    await agreement.pass_time_until(shanghai("2026-07-02 00:00"))
    await agreement.event(EventKind.BILL_ISSUED, None, 5)
    view = await world.store.agreement(agreement.id)
    assert view is not None
    assert (view.state, view.ends_at) == (AgreementState.ACTIVE, shanghai("2026-09-02 00:00"))
    await agreement.submit(at=shanghai("2026-07-02 00:00"))
    await agreement.pass_time_until(shanghai("2026-09-02 00:00"))
    await agreement.event(EventKind.EXPIRED, None)
    reminded = [event.at for event in await agreement.events(None) if event.kind is EventKind.END_REMINDED]
    assert reminded[-3:] == [shanghai(day) for day in ("2026-07-04", "2026-08-03", "2026-08-26")]
    assert [first for first, _, _ in await bills(agreement)][-1] == "2026-08-02"


async def test_an_agreed_early_end_ends_it_and_returns_what_was_prepaid_c4_2(world: World):
    agreement = await world.agreement(billing=True)
    at = shanghai("2026-04-10 10:00")
    await agreement.pass_time_until(at)
    await agreement.submit(at=at)
    await say(agreement, ProposeTermination, CUSTOMER, at, reason="moving", **DAY_NAMED)
    assert (
        await refused(agreement, ConsentToTermination, CUSTOMER, at, **DAY_NAMED) is RefusalKind.WRONG_PARTY
    )
    standing = await say(agreement, ConsentToTermination, PROVIDER, at, **DAY_NAMED)
    assert (standing.ends_early, standing.ends_at) == (True, shanghai("2026-04-17 00:00"))
    credit = await agreement.event(EventKind.CREDIT_GIVEN, None)
    assert (credit.payload["amount"], credit.payload["bill"]) == ("500.00", "B002")
    await agreement.pass_time_until(shanghai("2026-04-17 00:00"))
    await agreement.event(EventKind.TERMINATED, None)
    with pytest.raises(CommandRefused) as problem:
        await agreement.submit("late", at=shanghai("2026-04-17 00:00"))
    assert problem.value.kind is RefusalKind.NOT_IN_FORCE
    await agreement.do("withdraw", at=shanghai("2026-04-17 00:00"), by=CUSTOMER)
    await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    money = await world.store.money(agreement.id)
    assert money is not None
    assert money.last == date(2026, 4, 16)
    assert len(money.bills) == 2
    assert await agreement.is_sound(None)


async def test_what_is_open_shows_in_the_ui_and_is_found_by_it(world: World):
    agreement = await world.agreement()
    await say(agreement, ProposeFeeChange, PROVIDER, NOTICE, **OFFER)
    assert b"AftercareOpenChanges" in str(await agreement.handle.fetch_history()).encode()
    metadata = await agreement.handle.query("__temporal_workflow_metadata")
    assert "the customer may answer until" in metadata.current_details


async def test_an_agreement_offered_again_after_a_change_is_the_same_offer(world: World):
    agreement = await world.agreement()
    await proposed(agreement, PROVIDER, NOTICE, changes={"rating_days": 9})
    await consented(agreement, CUSTOMER, NOTICE)
    await agreement.pass_time_until(NOTICE + HOUR)
    await agreement.event(EventKind.TERMS_IN_FORCE, None)
    status = await agreement.client.offer(agreement.terms)
    assert status.receipt.digest != agreement.digest

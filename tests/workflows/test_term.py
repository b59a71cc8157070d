"""The agreement's own timers: the offer's end, reminders, the end, the closing time (C4.1, C10.3).

Agreements begin Monday 2026-03-02 09:00 in Shanghai for a year: effective from that day, so that the last
day is 2027-03-01 and the term ends at its 24:00.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from contract.facts import EventKind
from contract.refusals import RefusalKind
from starter.errors import CommandRefused
from tests.engine import CUSTOMER, DAY, HOUR, PROVIDER, SECOND, START, R, World, shanghai

pytestmark = pytest.mark.engine

OFFER_ENDS = START + 30 * DAY
ENDS = shanghai("2027-03-02 00:00")
CLOSING_ENDS = ENDS + 30 * DAY


async def test_an_offer_not_signed_by_both_lapses_the_second_after_its_days_c4_1(world: World):
    agreement = await world.offer()
    await agreement.sign(PROVIDER)
    await agreement.pass_time_until(OFFER_ENDS)
    assert (await agreement.standing()).receipt.state == "offered"
    await agreement.pass_time_until(OFFER_ENDS + SECOND)
    event = await agreement.event(EventKind.OFFER_LAPSED, None)
    assert (event.at, event.clause, event.party) == (OFFER_ENDS, "C4.1", None)


async def test_a_second_signature_at_the_instant_the_offer_ends_counts_c4_1(world: World):
    agreement = await world.offer()
    await agreement.sign(PROVIDER)
    await agreement.pass_time_until(OFFER_ENDS)
    receipt = await agreement.sign(CUSTOMER, at=OFFER_ENDS)
    assert (receipt.state, receipt.effective_at) == ("active", OFFER_ENDS)
    await agreement.pass_time_until(OFFER_ENDS + HOUR)
    assert "offer_lapsed" not in await agreement.kinds(None)


async def test_a_signature_given_in_time_that_comes_after_the_lapse_makes_the_agreement_active(world: World):
    agreement = await world.offer()
    await agreement.sign(PROVIDER)
    await agreement.pass_time_until(OFFER_ENDS + 23 * HOUR)
    await agreement.event(EventKind.OFFER_LAPSED, None)
    receipt = await agreement.sign(CUSTOMER, at=OFFER_ENDS)
    assert receipt.state == "active"
    assert (await agreement.kinds(None))[-3:] == ["offer_lapsed", "signed", "activated"]
    await agreement.pass_time_until(OFFER_ENDS + 3 * DAY)
    await agreement.submit(at=OFFER_ENDS + 3 * DAY)


async def test_a_lapsed_offer_is_over_when_no_signature_given_in_time_can_still_come(world: World):
    agreement = await world.offer()
    await agreement.pass_time_until(OFFER_ENDS + DAY + SECOND)
    await world.completed(agreement.handle)
    with pytest.raises(CommandRefused) as problem:
        await agreement.sign(CUSTOMER, at=OFFER_ENDS)
    assert problem.value.kind is RefusalKind.NOT_ALLOWED_NOW
    assert await agreement.kinds(None) == ["offered", "offer_lapsed"]


async def test_both_sides_are_reminded_60_30_and_7_days_before_the_end_c10_4(world: World):
    agreement = await world.agreement()
    for nth, days in enumerate((60, 30, 7), start=1):
        reminded = ENDS - timedelta(days=days)
        await agreement.pass_time_until(reminded - SECOND)
        await agreement.standing()
        assert (await agreement.kinds(None)).count("end_reminded") == nth - 1
        await agreement.pass_time_until(reminded)
        event = await agreement.event(EventKind.END_REMINDED, None, nth)
        assert (event.at, event.payload["days"], event.clause) == (reminded, days, "C10.4")


async def test_a_term_shorter_than_a_reminder_goes_without_it_c10_4(world: World):
    agreement = await world.agreement(term={"months": 1})
    await agreement.pass_time_until(shanghai("2026-04-02 00:00"))
    await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    events = await agreement.events(None)
    assert [e.payload["days"] for e in events if e.kind is EventKind.END_REMINDED] == [30, 7]


async def test_the_term_ends_at_24_00_of_its_last_day_and_with_nothing_open_all_is_closed(
    world: World,
):
    agreement = await world.agreement()
    assert (await agreement.standing()).receipt.ends_at == ENDS
    await agreement.pass_time_until(ENDS - SECOND)
    assert (await agreement.standing()).receipt.state == "active"
    await agreement.pass_time_until(ENDS)
    expired = await agreement.event(EventKind.EXPIRED, None)
    closed = await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    assert (expired.at, expired.clause) == (ENDS, "C4.1")
    assert closed.payload == {"still_open": []}
    await world.completed(agreement.handle)


async def test_a_request_stamped_before_the_end_is_admitted_after_it_and_one_at_the_end_is_not(world: World):
    agreement = await world.agreement()
    await agreement.pass_time_until(ENDS - HOUR)
    await agreement.submit("keeps-it-open", at=ENDS - HOUR)
    await agreement.pass_time_until(ENDS + HOUR)
    await agreement.event(EventKind.EXPIRED, None)
    await agreement.submit("in-time", at=ENDS - SECOND)
    with pytest.raises(CommandRefused) as problem:
        await agreement.submit("too-late", at=ENDS)
    assert problem.value.kind is RefusalKind.NOT_IN_FORCE
    assert await world.store.request(agreement.id, "too-late") is None
    assert set((await agreement.standing()).open_requests or []) == {"keeps-it-open", "in-time"}


async def test_the_agreement_closes_at_once_with_the_last_request_open_after_the_end(world: World):
    agreement = await world.agreement()
    await agreement.pass_time_until(ENDS - HOUR)
    for request_id in ("r-1", "r-2"):
        await agreement.bring("resolved", request_id, at=ENDS - HOUR)
    await agreement.pass_time_until(ENDS + 2 * HOUR)
    await agreement.event(EventKind.EXPIRED, None)
    await agreement.do("accept", ENDS + HOUR, "r-1")
    assert (await agreement.standing()).receipt.state == "expired"
    await agreement.do("accept", ENDS + 2 * HOUR, "r-2")
    closed = await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    assert closed.payload == {"still_open": []}
    assert ENDS + 2 * HOUR <= closed.at < ENDS + 3 * HOUR
    await world.completed(agreement.handle)


async def test_requests_still_open_after_the_closing_days_are_listed_when_the_agreement_closes(world: World):
    agreement = await world.agreement()
    await agreement.pass_time_until(ENDS - HOUR)
    for request_id in ("r-2", "r-1"):
        await agreement.bring("waiting", request_id, at=ENDS - HOUR)
    await agreement.pass_time_until(CLOSING_ENDS)
    assert (await agreement.standing()).receipt.state == "expired"
    await agreement.pass_time_until(CLOSING_ENDS + SECOND)
    closed = await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    assert (closed.at, closed.clause) == (CLOSING_ENDS, "C4.1")
    assert closed.payload == {"still_open": ["r-1", "r-2"]}


async def test_a_request_that_outlives_its_agreement_is_finished_all_the_same(world: World):
    agreement = await world.agreement(closing_days=1)
    await agreement.pass_time_until(ENDS - HOUR)
    await agreement.bring("waiting", at=ENDS - HOUR)
    late = ENDS + 2 * DAY
    await agreement.pass_time_until(late)
    await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    await agreement.do("provide_materials", late)
    await agreement.do("resolve", late)
    receipt = await agreement.do("accept", late)
    assert receipt.state == "closed"
    assert await agreement.is_sound()


async def test_a_closure_taken_back_after_the_end_keeps_the_agreement_open_for_that_request(world: World):
    agreement = await world.agreement()
    await agreement.pass_time_until(ENDS - HOUR)
    for request_id in ("r-1", "r-2"):
        await agreement.bring("resolved", request_id, at=ENDS - HOUR)
    acceptance_ends = ENDS - HOUR + 7 * DAY
    await agreement.do("reopen", ENDS - HOUR, "r-2")
    await agreement.pass_time_until(acceptance_ends + HOUR)
    await agreement.event(EventKind.CLOSED_BY_ITSELF, "r-1")
    await agreement.do("reopen", acceptance_ends, "r-1")
    await agreement.do("resolve", acceptance_ends, "r-2")
    await agreement.do("accept", acceptance_ends, "r-2")
    standing = await agreement.standing()
    assert (standing.receipt.state, standing.open_requests) == ("expired", ["r-1"])
    await agreement.do("resolve", acceptance_ends, "r-1")
    await agreement.do("accept", acceptance_ends, "r-1")
    assert (await agreement.event(EventKind.AGREEMENT_CLOSED, None)).payload == {"still_open": []}


async def test_a_submission_told_again_after_the_delay_is_the_same_request_and_a_new_one_is_too_late_c6_1_1(
    world: World,
):
    agreement = await world.agreement()
    await agreement.submit()
    await agreement.do("confirm", START)
    await agreement.pass_time_until(START + 25 * HOUR)
    again = await agreement.submit()
    assert (again.request_id, again.state) == (R, "confirmed")
    assert (await agreement.kinds()).count("submitted") == 1
    for request_id, title, kind in (
        (R, "Other", RefusalKind.OTHER_CONTENT),
        ("r-2", "No sound", RefusalKind.TOO_OLD),
    ):
        with pytest.raises(CommandRefused) as problem:
            await agreement.submit(request_id, title=title)
        assert problem.value.kind is kind
    assert await world.store.request(agreement.id, "r-2") is None


async def test_a_submission_told_again_after_the_end_does_not_open_what_is_closed(world: World):
    agreement = await world.agreement()
    await agreement.pass_time_until(ENDS - HOUR)
    for request_id in (R, "r-2"):
        await agreement.bring("resolved", request_id, at=ENDS - HOUR)
    await agreement.pass_time_until(ENDS + HOUR)
    await agreement.event(EventKind.EXPIRED, None)
    await agreement.do("accept", ENDS + HOUR)
    assert (await agreement.submit(at=ENDS - HOUR)).state == "closed"
    assert (await agreement.standing()).open_requests == ["r-2"]

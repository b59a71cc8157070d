"""One agreement from its offer to its close two years later; every number below was worked out by hand.

Service around the clock. An hour to confirm, 4 to respond, 48 to resolve (critical 8, low 96). 200.00 for a
late response, 500.00 per started day of a late solution, at most 20 % of a contract year's fees of
12 × 1000.00, so 2400.00. Signed on 2026-03-02, so contract years begin on 2 March and the
term ends at 2028-03-02 00:00.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contract.facts import EventKind
from contract.notices import NOTICES
from contract.refusals import RefusalKind
from contract.request import RequestState
from contract.terms import Priority, Target
from records import RequestFilter
from records.results import ComplianceLine
from runtime.settings import MailKind
from starter.errors import CommandRefused
from starter.evidence.packing import pack
from starter.evidence.verify import head_of_mail, parse
from tests.engine import CUSTOMER, DAY, HOUR, PROVIDER, SECOND, LivedAgreement, shanghai, skipping_world
from tests.evidence.forging import faults, rows_of, unpacked

pytestmark = [pytest.mark.engine, pytest.mark.journey]

OFFERED = shanghai("2026-02-27 15:00")
SIGNED = shanghai("2026-03-02 09:00")
ENDS = shanghai("2028-03-02 00:00")


async def live(
    agreement: LivedAgreement, request_id: str, *deeds: tuple[str, datetime], **rating: Any
) -> None:
    """Commands on a request, each at its time."""
    for command, at in deeds:
        await agreement.pass_time_until(at)
        await agreement.do(command, at, request_id, **(rating if command == "rate" else {}))


async def submit(agreement: LivedAgreement, request_id: str, at: datetime, **given: str) -> None:
    await agreement.pass_time_until(at)
    await agreement.submit(request_id, at=at, **given)


async def on_time(agreement: LivedAgreement) -> None:
    """r-1, March 2026: everything kept, rated 5."""
    at = shanghai("2026-03-09 09:00")
    await submit(agreement, "r-1", at)
    await live(
        agreement,
        "r-1",
        ("confirm", at + HOUR),
        ("assign", at + HOUR),
        ("respond", at + 4 * HOUR),
        ("note_diagnosis", at + 6 * HOUR),
        ("resolve", at + 48 * HOUR),
        ("accept", at + 50 * HOUR),
        ("rate", at + 51 * HOUR),
        score=5,
    )


async def a_second_late(agreement: LivedAgreement) -> None:
    """r-2, March 2026, critical: responded a second late, 200.00; resolved in its 8 hours; rated 4."""
    at = shanghai("2026-03-20 22:00")
    await submit(agreement, "r-2", at, priority="critical")
    await live(
        agreement,
        "r-2",
        ("confirm", at),
        ("assign", at),
        ("respond", at + 4 * HOUR + SECOND),
        ("resolve", at + 8 * HOUR),
        ("accept", at + DAY),
        ("rate", at + DAY),
        score=4,
    )


async def days_late(agreement: LivedAgreement) -> None:
    """r-3, April 2026: 5 days 18 hours after the due, 2 of them waiting for materials: 4 days, 2000.00.

    Rated 2 and answered when 5 days had passed to the second.
    """
    at = shanghai("2026-04-10 10:00")
    due = at + 48 * HOUR
    await submit(agreement, "r-3", at)
    await live(
        agreement,
        "r-3",
        ("confirm", at),
        ("assign", at),
        ("respond", at + HOUR),
        ("ask_for_materials", due + DAY),
        ("provide_materials", due + 3 * DAY),
        ("resolve", due + 5 * DAY + 18 * HOUR),
        ("accept", due + 6 * DAY),
        ("rate", due + 6 * DAY),
        ("answer_rating", due + 11 * DAY),
        score=2,
        comment="A week without a printer",
    )


async def late_in_everything(agreement: LivedAgreement) -> None:
    """r-4, May 2026, low: confirmed late (nothing owed), responded late (200.00), solved in 90 of 96 hours.

    Reopened, and solved again 7 hours of running clock later, one of them late: 500.00. Rated 1; answered
    when the answer was overdue.
    """
    at = shanghai("2026-05-05 08:00")
    await submit(agreement, "r-4", at, priority="low")
    await live(
        agreement,
        "r-4",
        ("confirm", at + 2 * HOUR),
        ("assign", at + 2 * HOUR),
        ("respond", at + 30 * HOUR),
        ("resolve", at + 90 * HOUR),
        ("reopen", at + 120 * HOUR),
        ("resolve", at + 127 * HOUR),
        ("accept", at + 128 * HOUR),
        ("rate", at + 128 * HOUR),
        score=1,
        comment="Twice",
    )
    overdue = at + 128 * HOUR + 5 * DAY + SECOND
    await agreement.pass_time_until(overdue)
    await agreement.event(EventKind.FOLLOW_UP_OVERDUE, "r-4")
    report = await agreement.world.store.ratings(agreement.id, overdue)
    assert (report.overdue, [low.request_id for low in report.low if low.overdue]) == (1, ["r-4"])
    await live(agreement, "r-4", ("answer_rating", overdue + DAY))


async def withdrawn(agreement: LivedAgreement) -> None:
    """r-5, June 2026: withdrawn before anything was due."""
    at = shanghai("2026-06-30 23:30")
    await submit(agreement, "r-5", at, service="problem_resolution")
    await live(agreement, "r-5", ("withdraw", at + HOUR / 2))


async def second_year(agreement: LivedAgreement) -> None:
    """r-6, April 2027, made critical: responded late (200.00), solved in time, never accepted, rated 3."""
    at = shanghai("2027-04-01 00:00")
    await submit(agreement, "r-6", at)
    await live(
        agreement,
        "r-6",
        ("confirm", at + HOUR),
        ("assign", at + HOUR),
        ("raise_priority", at + 2 * HOUR),
        ("respond", at + 5 * HOUR),
        ("resolve", at + 8 * HOUR),
        ("rate", at + 8 * HOUR + 10 * DAY),
        score=3,
    )


async def across_the_end(agreement: LivedAgreement) -> None:
    """r-7, submitted two hours before the end of the term and finished after it."""
    at = ENDS - 2 * HOUR
    await submit(agreement, "r-7", at)
    await live(agreement, "r-7", ("confirm", at), ("assign", at), ("respond", ENDS + HOUR))
    with pytest.raises(CommandRefused) as problem:
        await agreement.submit("r-8", at=ENDS)
    assert problem.value.kind is RefusalKind.NOT_IN_FORCE
    assert (await agreement.standing()).open_requests == ["r-7"]
    await live(agreement, "r-7", ("resolve", ENDS + DAY), ("accept", ENDS + 2 * DAY))


REQUESTS = [f"r-{number}" for number in range(1, 8)]


async def test_an_agreement_is_lived_from_its_offer_to_its_close_and_the_books_are_right(tmp_path: Path):
    async with skipping_world(tmp_path, mail=MailKind.OUTBOX) as world:
        agreement = await world.offer(
            OFFERED,
            mail=True,
            term={"years": 2},
            penalties={"cap_percent": 20},
        )
        await agreement.sign(PROVIDER, at=OFFERED)
        await agreement.pass_time_until(SIGNED)
        receipt = await agreement.sign(CUSTOMER, at=SIGNED)
        assert (receipt.state, receipt.effective_at, receipt.ends_at) == ("active", SIGNED, ENDS)
        for chapter in (on_time, a_second_late, days_late, late_in_everything, withdrawn):
            await chapter(agreement)
        await second_year(agreement)
        await across_the_end(agreement)
        await world.completed(agreement.handle)
        await agreement.pass_time_until(ENDS + 30 * DAY)
        for request_id in REQUESTS:
            await world.completed(agreement.request_handle(request_id))

        await the_agreements_own_story(agreement)
        await requests_as_they_ended(agreement)
        await compliance(agreement)
        await ratings(agreement)
        await penalties(agreement)
        await everything_was_told_once(agreement)
        await evidence(agreement, tmp_path / "evidence.zip")


async def the_agreements_own_story(agreement: LivedAgreement) -> None:
    events = await agreement.events(None)
    assert [(event.kind.value, event.at) for event in events[:-1]] == [
        ("offered", OFFERED),
        ("signed", OFFERED),
        ("signed", SIGNED),
        ("activated", SIGNED),
        ("end_reminded", shanghai("2028-01-02 00:00")),
        ("end_reminded", shanghai("2028-02-01 00:00")),
        ("end_reminded", shanghai("2028-02-24 00:00")),
        ("expired", ENDS),
    ]
    assert events[-1].kind is EventKind.AGREEMENT_CLOSED
    assert events[-1].payload == {"still_open": []}
    assert ENDS + 2 * DAY <= events[-1].at < ENDS + 2 * DAY + HOUR
    for workflow in (None, *REQUESTS):
        assert await agreement.is_sound(workflow)


async def requests_as_they_ended(agreement: LivedAgreement) -> None:
    store = agreement.world.store
    recorded = await store.requests(agreement.id)
    assert [request.request_id for request in recorded] == REQUESTS
    assert [r.state for r in recorded] == [*[RequestState.CLOSED] * 4, "withdrawn", "closed", "closed"]
    late = await store.requests(agreement.id, RequestFilter(late=True))
    assert [request.request_id for request in late] == ["r-2", "r-3", "r-4", "r-6"]
    days = {r.request_id: (r.delay_days, r.delay_seconds) for r in recorded if r.resolution_late}
    # r-3: 5 d 18 h less 2 d; r-4: an hour.
    assert days == {"r-3": (4, 324_000), "r-4": (1, 3_600)}
    by_itself = [r.request_id for r in recorded if "closed_by_itself" in await agreement.kinds(r.request_id)]
    assert by_itself == ["r-6"]
    assert recorded[5].closed_at == shanghai("2027-04-08 08:00")


async def compliance(agreement: LivedAgreement) -> None:
    report = await agreement.world.store.compliance(agreement.id)
    assert report.totals == [
        ComplianceLine(target=Target.CONFIRM, month=None, priority=None, met=5, late=1, withdrawn=1),
        ComplianceLine(target=Target.RESPOND, month=None, priority=None, met=3, late=3, withdrawn=1),
        ComplianceLine(target=Target.RESOLVE, month=None, priority=None, met=4, late=2, withdrawn=1),
    ]
    assert [line.percent for line in report.totals] == [Decimal("83.3"), Decimal("50.0"), Decimal("66.7")]
    responses = {
        (line.month, line.priority): (line.met, line.late, line.withdrawn)
        for line in report.lines
        if line.target is Target.RESPOND
    }
    assert responses == {
        ("2026-03", Priority.CRITICAL): (0, 1, 0),
        ("2026-03", Priority.NORMAL): (1, 0, 0),
        ("2026-04", Priority.NORMAL): (1, 0, 0),
        ("2026-05", Priority.LOW): (0, 1, 0),
        ("2026-06", Priority.NORMAL): (0, 0, 1),
        ("2027-04", Priority.CRITICAL): (0, 1, 0),
        ("2028-03", Priority.NORMAL): (1, 0, 0),
    }


async def ratings(agreement: LivedAgreement) -> None:
    report = await agreement.world.store.ratings(agreement.id, ENDS + 30 * DAY)
    assert (report.count, report.average, report.overdue) == (5, Decimal("3.00"), 0)
    assert report.distribution == {1: 1, 2: 1, 3: 1, 4: 1, 5: 1}
    assert [(low.request_id, low.comment) for low in report.low] == [
        ("r-3", "A week without a printer"),
        ("r-4", "Twice"),
    ]
    assert "follow_up_overdue" not in await agreement.kinds("r-3")


async def penalties(agreement: LivedAgreement) -> None:
    first, second = await agreement.world.store.penalties(agreement.id)
    amounts = ("accrued", "reversed", "waived", "above_cap", "net", "cap")
    # 200.00 + 4 × 500.00 + 200.00 + 500.00, capped at 2400.00.
    assert [str(getattr(first, name)) for name in amounts] == [
        *("2900.00", "0.00", "0.00", "500.00", "2400.00", "2400.00")
    ]
    assert [str(getattr(second, name)) for name in amounts] == [
        *("200.00", "0.00", "0.00", "0.00", "200.00", "2400.00")
    ]
    due = shanghai("2026-04-12 10:00")
    solution = shanghai("2026-05-09 08:00") + 30 * HOUR
    assert [
        (row.entry.request_id, row.entry.clause, row.entry.effective_at, str(row.entry.amount))
        for row in (*first.entries, *second.entries)
        if row.entry.request_id
    ] == [
        ("r-2", "C8.1.1", shanghai("2026-03-21 02:00") + SECOND, "200.00"),
        ("r-3", "C8.1.2", due + SECOND, "500.00"),
        ("r-3", "C8.1.2", due + 3 * DAY + SECOND, "500.00"),
        ("r-3", "C8.1.2", due + 4 * DAY + SECOND, "500.00"),
        ("r-3", "C8.1.2", due + 5 * DAY + SECOND, "500.00"),
        ("r-4", "C8.1.1", shanghai("2026-05-05 12:00") + SECOND, "200.00"),
        ("r-4", "C8.1.2", solution + SECOND, "500.00"),
        ("r-6", "C8.1.1", shanghai("2027-04-01 04:00") + SECOND, "200.00"),
    ]


async def everything_was_told_once(agreement: LivedAgreement) -> None:
    """Each event that calls for a mail was mailed to each of its readers, once."""
    world = agreement.world
    for workflow in (agreement.handle, *(agreement.request_handle(request_id) for request_id in REQUESTS)):
        recorded = await world.store.events(workflow.id)
        wanted = [(row.event.seq, reader) for row in recorded for reader in NOTICES.get(row.event.kind, ())]
        sent = await world.store.notifications(workflow.id)
        assert Counter((mail.event_seq, mail.recipient) for mail in sent) == Counter(wanted)
    mails = list(world.settings.outbox.glob("**/*.eml"))
    assert len(mails) == len({mail.read_bytes() for mail in mails}) > 60


async def evidence(agreement: LivedAgreement, file: Path) -> None:
    """All of it in one pack that proves itself, also to whoever has kept the mails (C9.2)."""
    world = agreement.world
    packed = await pack(world.store, agreement.id, file, client=world.temporal)
    assert packed is not None
    assert packed.faults == []
    kept = [head_of_mail(str(mail)) for mail in world.settings.outbox.glob("**/*.eml")]
    assert len(kept) > 60
    assert faults(unpacked(file), heads=kept, digest=packed.digest) == []
    # The test server keeps no lists; runs are found from each to the one it continued.
    workflows = [agreement.handle, *map(agreement.request_handle, REQUESTS)]
    runs = [run for workflow in workflows for run in await world.runs(workflow)]
    assert sorted(row["run_id"] for row in rows_of(unpacked(file), "histories.jsonl")) == sorted(runs)
    assert packed.counts["histories_missing"] == 0
    # The numbers of r-3, which were worked out by hand, with the stretches of service they come from.
    told = parse(unpacked(file)["requests/request-r-3.json"])
    (resolve,) = [clock for clock in told["clocks"] if clock["target"] == "resolve"]
    assert resolve["budget_hours"] == "48"
    assert resolve["due"] == shanghai("2026-04-12 10:00").isoformat()
    assert [pause["kind"] for pause in resolve["pauses"]] == ["materials"]
    assert sum(entry["amount"]["minor"] for entry in told["entries"]) == 2000_00

"""Runs that continue as new lose nothing: requests, commands in flight, what was told before, unsent mail.

The workflows of these tests continue after 60 events instead of 800; see :func:`tests.engine.short_runs`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from contract.facts import EventKind
from contract.refusals import RefusalKind
from runtime.settings import MailKind, Tls
from starter.errors import CommandRefused
from tests.activities.post_office import PostOffice
from tests.engine import (
    CUSTOMER,
    DAY,
    HOUR,
    MINUTE,
    PROVIDER,
    SECOND,
    START,
    LivedAgreement,
    R,
    World,
    eventually,
    shanghai,
    short_runs,
    skipping_world,
)

pytestmark = pytest.mark.engine


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with skipping_world(tmp_path, {"workflow_runner": short_runs(monkeypatch)}) as world:
        yield world


async def test_requests_submitted_in_a_stream_are_each_admitted_once_while_the_agreement_continues(
    world: World,
):
    agreement = await world.agreement()
    names = [f"r-{number}" for number in range(80)]
    receipts = await asyncio.gather(*(agreement.submit(name) for name in names))
    assert [receipt.request_id for receipt in receipts] == names
    assert len(await agreement.world.runs(agreement.handle)) > 3
    recorded = await world.store.requests(agreement.id)
    assert sorted(request.request_id for request in recorded) == sorted(names)
    for name in names:
        assert await agreement.kinds(name) == ["submitted"]
    assert await agreement.kinds(None) == ["offered", "signed", "signed", "activated"]
    assert await agreement.is_sound(None)


async def test_commands_given_in_a_stream_are_each_recorded_once_while_their_request_continues(world: World):
    agreement = await world.agreement()
    await agreement.submit()
    names = [f"note-{number}" for number in range(80)]
    # Each is told twice, the second time while the first may still be under way.
    told = [agreement.do("add_note", START, command_id=name, note=name) for name in names for _ in range(2)]
    await asyncio.gather(*told)
    assert len(await agreement.world.runs(agreement.request_handle())) > 3
    events = (await agreement.events())[1:]
    assert sorted(event.command_id or "" for event in events) == sorted(names)
    assert all(event.payload == {"note": event.command_id} for event in events)
    assert [event.seq for event in events] == list(range(2, 82))
    assert await agreement.is_sound()


async def long_history(agreement: LivedAgreement, at: datetime = START) -> None:
    """Notes on the request until it has continued as new."""
    handle = agreement.request_handle()
    before = len(await agreement.world.runs(handle))

    async def continued() -> bool:
        await agreement.do("add_note", at)
        return len(await agreement.world.runs(handle)) > before

    await eventually(continued, "a new run of the request")


async def test_a_command_told_before_is_known_in_the_next_run(world: World):
    agreement = await world.agreement()
    await agreement.submit()
    first = await agreement.do("confirm", START, command_id="told-before")
    await long_history(agreement)
    again = await agreement.do("confirm", START, command_id="told-before")
    assert (first.state, again.state) == ("confirmed", "confirmed")
    assert (await agreement.kinds()).count("confirmed") == 1


async def test_another_command_under_the_id_of_one_told_before_is_refused_then_and_in_the_next_run(
    world: World,
):
    agreement = await world.agreement()
    await agreement.submit()
    for _ in range(2):
        await agreement.do("add_note", START, command_id="mine", note="first")
        with pytest.raises(CommandRefused) as problem:
            await agreement.do("add_note", START, command_id="mine", note="second")
        assert problem.value.kind is RefusalKind.OTHER_CONTENT
        with pytest.raises(CommandRefused) as problem:
            await agreement.do("confirm", START, command_id="mine")
        assert problem.value.kind is RefusalKind.OTHER_CONTENT
        await long_history(agreement)
    mine = [event for event in await agreement.events() if event.command_id == "mine"]
    assert [event.payload for event in mine] == [{"note": "first"}]


async def test_what_an_agreement_was_told_before_it_knows_in_its_next_run(world: World):
    agreement = await world.offer()
    await agreement.sign(PROVIDER, command_id="provider-signs")
    await agreement.sign(CUSTOMER, command_id="customer-signs")
    await agreement.submit("r-0")
    await asyncio.gather(*(agreement.submit(f"r-{number}") for number in range(1, 30)))
    assert len(await agreement.world.runs(agreement.handle)) > 1
    assert (await agreement.submit("r-0", command_id="told-anew")).request_id == "r-0"
    with pytest.raises(CommandRefused) as problem:
        await agreement.submit("r-0", title="Other content")
    assert problem.value.kind is RefusalKind.OTHER_CONTENT
    assert (await agreement.sign(CUSTOMER, command_id="customer-signs")).state == "active"
    assert await agreement.kinds(None) == ["offered", "signed", "signed", "activated"]


async def test_deadlines_and_days_owed_go_on_in_the_next_run_and_nothing_is_said_twice(world: World):
    agreement = await world.agreement()
    await agreement.bring("responded")
    due = START + 48 * HOUR
    for instant in (START + 36 * HOUR, due + SECOND, due + DAY + SECOND):
        await agreement.pass_time_until(instant)
        await long_history(agreement, instant)
    await agreement.pass_time_until(due + 2 * DAY + SECOND)
    await agreement.comes_to_owe("1500.00")
    said = [kind for kind in await agreement.kinds() if kind.startswith(("target", "penalty"))]
    assert said == ["target_warned", "target_breached", *["penalty_accrued"] * 3]
    assert await agreement.is_sound()


async def test_an_agreement_that_continues_among_the_last_words_of_its_requests_misses_none(world: World):
    """After the end every request tells the agreement that it closed: by signals, more than a run holds."""
    agreement = await world.agreement(term={"months": 1})
    ends = shanghai("2026-04-02 00:00")
    await agreement.pass_time_until(ends - HOUR)
    names = [f"r-{number}" for number in range(40)]
    for name in names:
        await agreement.bring("resolved", name, at=ends - HOUR)
    await agreement.pass_time_until(ends + HOUR)
    await agreement.event(EventKind.EXPIRED, None)
    before = len(await agreement.world.runs(agreement.handle))
    await asyncio.gather(*(agreement.do("accept", ends, name) for name in names))
    closed = await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    assert closed.payload == {"still_open": []}
    assert len(await agreement.world.runs(agreement.handle)) > before
    await world.completed(agreement.handle)


async def test_an_agreement_takes_a_new_run_once_a_year_though_little_happens(world: World):
    agreement = await world.agreement(term={"years": 3})
    await agreement.pass_time_until(START + 400 * DAY)
    await agreement.bring("withdrawn", at=START + 400 * DAY)
    assert len(await agreement.world.runs(agreement.handle)) == 2
    await agreement.pass_time_until(shanghai("2029-03-02 00:00"))
    await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    assert len(await agreement.world.runs(agreement.handle)) == 4
    assert await agreement.kinds(None) == [
        *("offered", "signed", "signed", "activated"),
        *("end_reminded", "end_reminded", "end_reminded", "expired", "agreement_closed"),
    ]


def mails(office: PostOffice, agreement: LivedAgreement, request_id: str | None) -> list[str]:
    """What the mails received about a request, or about the agreement itself, are of."""
    return sorted(
        message["Aftercare-Event"]
        for _, message in office.received
        if (message["Aftercare-Agreement"], message["Aftercare-Request"]) == (agreement.id, request_id)
    )


async def test_mail_not_yet_sent_is_sent_by_the_next_run_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    post = {"mail": MailKind.SMTP, "smtp_host": "127.0.0.1", "smtp_tls": Tls.NONE}
    async with PostOffice() as office:
        options = {"workflow_runner": short_runs(monkeypatch)}
        async with skipping_world(tmp_path, options, smtp_port=office.port, **post) as world:
            agreement = await world.agreement(mail=True)
            await agreement.bring("responded")
            await long_history(agreement)
            assert (await agreement.status()).unsent_notices == 3
            await asyncio.gather(*(agreement.submit(f"more-{number}") for number in range(20)))
            assert len(await agreement.world.runs(agreement.handle)) > 1
            await office.open()

            async def sent() -> bool:
                await agreement.pass_time_until(await agreement.now() + MINUTE)
                return (await agreement.status()).unsent_notices == 0

            await eventually(sent, "the mail of the request")
            assert mails(office, agreement, R) == [
                "1-submitted-customer",
                "1-submitted-provider",
                "3-assigned-customer",
                "4-responded-customer",
            ]
            assert mails(office, agreement, None) == sorted(
                f"{seq}-{kind}-{role}"
                for seq, kind in enumerate(("offered", "signed", "signed", "activated"), start=1)
                for role in ("customer", "provider")
            )

"""Lives of an agreement that is changed, made up at random, lived by the engine as by the rules.

Each life is given to both: to a real workflow, with runs that continue as new all the while, and to
:class:`tests.contract.changing.Living`, which plays the workflow. What is refused, what happens and when,
what is billed and which terms are in force must be the same (C4.2, C7.2, C10).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.change_commands import CHANGE_COMMANDS, ChangeCommandName
from contract.facts import Event
from contract.refusals import RefusalKind
from starter.errors import CommandRefused
from tests.contract.changing import Living
from tests.engine import (
    ACTORS,
    DAY,
    HOUR,
    START,
    LivedAgreement,
    World,
    eventually,
    short_runs,
    skipping_world,
)

pytestmark = pytest.mark.engine

LIVES = 50
DEEDS = 9
TEXT = {"text": "t", "title": "CEO"}
AMENDED: Sequence[dict[str, Any]] = (
    {"fees.payment_days": 20},
    {"rating_days": 9},
    {"fees.amount": "1111.00"},
    {"term": {"months": 9}},
    {"services": ["technical_support"]},
)


class MadeUp:
    """What happens in one life: chances taken from one seed, by where the life stands."""

    def __init__(self, seed: int, model: Living) -> None:
        self.chance = random.Random(seed)
        self.model = model

    def wait(self) -> timedelta:
        return self.chance.choice([HOUR, DAY, 3 * DAY, 10 * DAY, 16 * DAY])

    def deed(self) -> tuple[str, str, dict[str, Any]] | None:
        """The next command: its name, who gives it, what it says; None for silence."""
        pick, negotiations = self.chance.choice, self.model.file.negotiations
        by = pick(["provider", "customer"])
        day = self.model.today + timedelta(days=self.chance.randint(2, 70))
        answers: list[tuple[str, str, dict[str, Any]]] = []
        change, end = negotiations.fee_change, negotiations.termination
        if change is not None and change.standing is not None:
            told = {"amount": str(change.standing.amount), "effective_on": change.standing.effective_on}
            answers += [("accept_fee_change", by, told), ("counter_fee_change", by, {"amount": "1050.00"})]
            answers += [("object_to_fee_change", by, {}), ("withdraw_fee_change", by, {})]
        for one in negotiations.amendments:
            signed = {"amendment": one.number, "digest": one.digest, "title": "CEO"}
            answers += 2 * [("consent_to_amendment", by, signed)]
            answers.append(("decline_amendment", by, {"amendment": one.number}))
        if end is not None:
            answers.append(("consent_to_termination", by, {"last_day": end.last_day, "title": "CEO"}))
            answers.append(("decline_termination", by, {}))
        fee = pick(["900.00", "1000.00", "1200.00"])
        proposals: list[tuple[str, str, dict[str, Any]]] = [
            ("propose_fee_change", "provider", {"amount": fee, "effective_on": day}),
            ("propose_amendment", by, TEXT | {"changes": pick(AMENDED), "effective_on": day}),
            ("propose_termination", by, {"last_day": day, "title": "CEO"}),
        ]
        return pick([None, pick(answers or proposals), pick(answers or proposals), pick(proposals)])


async def told(
    agreement: LivedAgreement, name: str, by: str, at: datetime, content: dict[str, Any]
) -> RefusalKind | None:
    """Give a command to the engine; why it was refused."""
    actor = next(actor for role, actor in ACTORS.items() if role == by)
    try:
        model = CHANGE_COMMANDS[ChangeCommandName(name)]
        await agreement.client.change(agreement.id, model, actor, at=at, **content)
    except CommandRefused as problem:
        return problem.kind
    return None


def of_changes(events: Sequence[Event]) -> list[tuple[str, datetime, Any]]:
    """What happened to the terms, and when."""
    kinds = ("fee_change", "amendment", "termination", "terms", "terminated", "expired", "end_reminded")
    return sorted(
        (event.kind.value, event.at, event.party or "")
        for event in events
        if event.kind.value.startswith(kinds)
    )


async def live(world: World, seed: int) -> None:
    silence = random.Random(seed).choice(["takes_effect", "lapses"])
    terms: dict[str, Any] = {
        "fee_change": {"notice_days": 20, "negotiation_days": 15, "if_unanswered": silence}
    }
    agreement = await world.agreement(billing=True, term={"months": 6}, **terms)
    model = Living(True, agreement.terms)
    happens = MadeUp(seed, model)
    now = START
    for _ in range(DEEDS):
        now += happens.wait()
        model.pass_until(now)
        await agreement.pass_time_until(now)
        deed = happens.deed()
        if deed is None or model.file.state.value != "active":
            continue
        name, by, content = deed
        refused = model.wake(now, model.command(name, by, now, **content))
        expected = next((refusal.kind for refusal in refused.values()), None)
        assert await told(agreement, name, by, now, content) == expected, (seed, deed)
    now += 40 * DAY
    model.pass_until(now)
    await agreement.pass_time_until(now)

    async def same() -> bool:
        return of_changes(await agreement.events(None)) == of_changes(model.events)

    await eventually(same, f"the events of life {seed}")
    money = await world.store.money(agreement.id)
    assert money is not None
    assert model.file.money is not None
    billed = [(b.number, b.first, b.last, b.amount, b.fee, b.terms_version) for b in money.bills]
    expected_bills = model.file.money.bills
    assert billed == [(b.number, b.first, b.last, b.amount, b.fee, b.terms_version) for b in expected_bills]
    assert money.last == model.file.money.last
    documents = await world.store.versions(agreement.id)
    assert [d.digest for d in documents] == [version.digest for version in model.file.versions]
    starts = [version.effective_at for version in model.file.versions]
    assert [d.effective_at for d in documents] == starts
    view = await world.store.agreement(agreement.id)
    assert view is not None
    assert model.file.dates is not None
    assert (view.terms_version, view.ends_at) == (model.file.terms_version, model.file.dates.ends_at)
    assert await agreement.is_sound(None)


@pytest.mark.parametrize("part", range(5))
async def test_lives_through_the_engine_are_what_the_rules_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
):
    options = {"workflow_runner": short_runs(monkeypatch)}
    async with skipping_world(tmp_path, options) as world:
        for seed in range(part, LIVES, 5):
            await live(world, seed)

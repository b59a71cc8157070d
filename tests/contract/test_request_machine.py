"""A request lived at random, command by command and wake by wake, with the contract worked out beside it."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contract.judging import is_over, next_wake
from contract.request_life import refusal_of
from tests.contract.lives import (
    LEADS,
    PRIORITIES,
    Agreed,
    D,
    H,
    Life,
    Told,
    assert_agrees,
    at,
    next_in,
    office_hours,
)

NAMES = sorted({name for name, _ in LEADS})
GAPS = st.sampled_from([0, 1, 60, 1800, H, 4 * H, D, D + 1, 3 * D])


class ARequestLives(RuleBasedStateMachine):
    """Contract time only moves forward; stamps lie between the last command and now."""

    @initialize(
        priority=st.sampled_from(PRIORITIES),
        office=st.booleans(),
        acceptance=st.sampled_from([1, 7]),
        delay=st.sampled_from([1, 24]),
    )
    def submitted(self, priority: str, office: bool, acceptance: int, delay: int) -> None:
        hours = office_hours(200) if office else None
        self.agreed = Agreed(
            acceptance_days=acceptance, rating_days=2, delay_hours=delay, open_hours=hours, window_end=200 * D
        )
        self.priority = priority
        self.life = Life(self.agreed, priority)
        self.told: list[Told] = []
        self.now = 0

    def _tell(self, name: str, stamp: int, value: str | int | None) -> None:
        told = Told(name, stamp, value, id=f"c{len(self.told)}")
        refusal = refusal_of(self.life.file, [], told.command(), at(self.now))
        before = self.life.file.model_dump_json()
        assert before == self.life.file.model_dump_json()
        found = self.life.step([told], self.now)
        assert (refusal is None) == (not found.refused)
        self.told.append(told)

    @rule(data=st.data(), gap=GAPS, back=st.sampled_from([0, 0, 0, 1, 1800, H, 24 * H]))
    def a_command_comes(self, data: st.DataObject, gap: int, back: int) -> None:
        self.now += gap
        last = self.told[-1].at if self.told else 0
        stamp = max(last, self.now - min(back, self.agreed.delay_hours * H))
        if self.now - stamp > self.agreed.delay_hours * H:
            return
        likely = next_in(self.life.file.state.value)
        name = data.draw(st.sampled_from(likely if data.draw(st.integers(0, 9)) else NAMES))
        value: str | int | None = None
        if name in ("raise_priority", "lower_priority"):
            value = data.draw(st.sampled_from(PRIORITIES))
        elif name == "rate":
            value = data.draw(st.integers(1, 5))
        self._tell(name, stamp, value)

    @rule(gap=GAPS)
    def the_engine_wakes_for_no_reason(self, gap: int) -> None:
        self.now += gap
        self.life.wake(self.now)

    @precondition(
        lambda self: next_wake(self.life.file) is not None and not is_over(self.life.file, at(self.now))
    )
    @rule()
    def the_engine_wakes_when_something_is_due(self) -> None:
        wake = next_wake(self.life.file)
        assert wake is not None
        assert wake.at > at(self.now)
        before = len(self.life.events)
        self.now = -(-(wake.at - at(0)) // (at(1) - at(0)))
        self.life.step([], self.now)
        assert len(self.life.events) > before or is_over(self.life.file, at(self.now))

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def a_command_that_was_taken_comes_again(self, data: st.DataObject) -> None:
        known = [one for one in self.life.taken if self.life.file.knows(one.command_id)]
        if not known:
            return
        seq = self.life.file.seq
        assert self.life.step([data.draw(st.sampled_from(known))], self.now).refused == {}
        assert self.life.file.seq == seq

    @invariant()
    def it_is_what_the_contract_gives(self) -> None:
        if self.life.file.judged_until == at(self.now):
            assert_agrees(self.life, self.told, self.now, self.priority, instants=False)


ARequestLives.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestARequestLives = ARequestLives.TestCase

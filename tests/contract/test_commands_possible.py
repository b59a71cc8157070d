"""What a party may do now: what the state allows, less what is done, over, or would change nothing."""

from __future__ import annotations

from contract.facts import RequestSnapshot
from contract.parties import Role
from contract.snapshots import commands_possible, snapshot
from tests.contract.lives import D, Life, at, brought_to


def possible(life: Life, by: Role, second: int) -> list[str]:
    view: RequestSnapshot = snapshot(life.file, at(second))
    return commands_possible(view, by, at(second), life.file.terms.rating_days)


def closed() -> tuple[Life, int]:
    """A request accepted, and when."""
    life = brought_to("closed")
    assert life.file.closed_at is not None
    return life, int((life.file.closed_at - at(0)).total_seconds())


def test_a_rating_can_be_given_once_to_the_last_instant_for_it_c5_5():
    life, second = closed()
    assert possible(life, Role.CUSTOMER, second + 7 * D) == ["rate", "add_note"]
    assert possible(life, Role.CUSTOMER, second + 7 * D + 1) == ["add_note"]
    life.tell("rate", second, 5)
    assert possible(life, Role.CUSTOMER, second) == ["add_note"]


def test_a_rating_is_answered_only_when_it_is_low_and_only_once_c5_5():
    good, second = closed()
    good.tell("rate", second, 3)
    assert possible(good, Role.PROVIDER, second) == ["add_note"]
    bad, second = closed()
    assert possible(bad, Role.PROVIDER, second) == ["add_note"]
    bad.tell("rate", second, 2)
    assert possible(bad, Role.PROVIDER, second) == ["answer_rating", "add_note"]
    bad.tell("answer_rating", second)
    assert possible(bad, Role.PROVIDER, second) == ["add_note"]


def test_the_highest_priority_cannot_be_raised_nor_the_lowest_lowered():
    assert "raise_priority" not in possible(Life(priority="critical"), Role.PROVIDER, 0)
    assert "raise_priority" in possible(Life(priority="high"), Role.PROVIDER, 0)
    assert "lower_priority" not in possible(Life(priority="low"), Role.CUSTOMER, 0)
    assert "lower_priority" in possible(Life(priority="normal"), Role.CUSTOMER, 0)


def test_a_refusal_names_no_more_than_that():
    life, second = closed()
    life.tell("rate", second, 5)
    why = life.refuse("accept", second + 1)
    assert why.allowed == ["add_note"]
    assert why.message.endswith("the customer may now: add_note")

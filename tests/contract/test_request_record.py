"""A request read back from its events is the request that was lived (C6.2.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings

from contract.request_life import apply_suspension, apply_window
from contract.request_record import request_from
from contract.snapshots import snapshot
from tests.contract.lives import D, H, Life, at
from tests.contract.test_request_lives import ENDS, lived, lives

HOUR = timedelta(hours=1)


def read_back(life: Life):
    file = life.file
    return request_from(file.agreement_id, file.request_id, life.events, file.terms, file.window)


@settings(max_examples=250)
@given(lives(), ENDS)
def test_the_events_of_a_life_give_its_file(life_told, after):
    agreed, priority, told = life_told
    now = (told[-1].at if told else 0) + after
    life = lived(agreed, priority, told)
    life.wake(now)
    found = read_back(life)
    assert snapshot(found, at(now)) == snapshot(life.file, at(now))
    assert (found.pauses, found.bases, found.past_bases) == (
        life.file.pauses,
        life.file.bases,
        life.file.past_bases,
    )


def test_a_command_that_arrived_late_and_took_a_closure_back_is_read_back():
    life = Life()
    for second, name in enumerate(("confirm", "assign", "respond", "resolve"), start=1):
        life.tell(name, second)
    life.wake(7 * D + H)
    life.tell("reopen", 7 * D, now=7 * D + H)
    assert "closure_reversed" in life.kinds()
    assert snapshot(read_back(life), at(8 * D)) == snapshot(life.file, at(8 * D))


def test_a_suspension_is_read_back():
    life = Life()
    life.events += apply_suspension(life.file, at(H), None).events
    life.events += apply_suspension(life.file, at(H), at(2 * H)).events
    life.wake(3 * H)
    found = read_back(life)
    assert found.pauses == life.file.pauses
    assert snapshot(found, at(3 * H)) == snapshot(life.file, at(3 * H))


def test_a_new_calendar_among_the_events_changes_nothing_but_the_window():
    life = Life()
    life.events += apply_window(life.file, life.file.window, at(H)).events
    life.tell("confirm", 2 * H)
    assert read_back(life).confirmed_at == life.file.confirmed_at


def test_events_without_a_submission_are_no_request():
    life = Life()
    life.tell("confirm", 10)
    with pytest.raises(ValueError, match="begins with its submission"):
        request_from("A-1", "R-1", life.events[1:], life.file.terms, life.file.window)

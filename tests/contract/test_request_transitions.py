"""Every command in every state: led where the contract says, or refused with what is allowed."""

from __future__ import annotations

import pytest

from contract.parties import Role
from contract.refusals import RefusalKind
from contract.request import TRANSITIONS, RequestState, commands_in
from contract.request_life import EVENT_OF, refusal_of
from tests.contract.lives import BY, CUSTOMER, LEADS, PROVIDER, WAY_TO, Agreed, Life, Told, brought_to

COMMANDS = list(BY)
STATES = list(WAY_TO)
LATER = 100
"""Seconds from the start: after every way to a state, before anything falls due."""

ALLOWED = [(name, state) for name in COMMANDS for state in STATES if (name, state) in LEADS]
REFUSED = [(name, state) for name in COMMANDS for state in STATES if (name, state) not in LEADS]
VALUES: dict[str, str | int] = {"raise_priority": "high", "lower_priority": "low", "rate": 3}


def prepared(name: str, state: str) -> Life:
    """A life in the state, in which nothing but the state can stand against the command."""
    life = brought_to(state)
    if name == "answer_rating" and state in ("closed", "withdrawn"):
        life.tell("rate", LATER - 1, 1)
    return life


def role(name: str) -> Role:
    return Role.PROVIDER if BY[name] == PROVIDER else Role.CUSTOMER


def test_the_table_of_the_product_is_the_table_of_the_contract():
    assert {name.value for name in TRANSITIONS} == set(COMMANDS)
    assert {state.value for state in RequestState} == set(STATES)
    found = {
        (name.value, state.value): (rule.leads_to or state).value
        for name, rule in TRANSITIONS.items()
        for state in rule.states
    }
    assert found == LEADS


def test_who_may_do_what_is_as_the_contract_says():
    either = {name.value for name, rule in TRANSITIONS.items() if rule.by == frozenset(Role)}
    assert either == {"add_note"}
    assert {name.value: rule.by for name, rule in TRANSITIONS.items() if name.value not in either} == {
        name: frozenset({role(name)}) for name in COMMANDS if name not in either
    }


def test_every_command_in_every_state_is_tried_here():
    assert len(ALLOWED) + len(REFUSED) == len(COMMANDS) * len(STATES) == 16 * 8


@pytest.mark.parametrize(("name", "state"), ALLOWED)
def test_an_allowed_command_is_taken_recorded_and_leads_where_the_table_says(name, state):
    life = prepared(name, state)
    before = len(life.events)
    told = Told(name, LATER, VALUES.get(name))
    assert (
        refusal_of(life.file, [], told.command(), life.file.judged_until.replace(second=0, minute=59)) is None
    )
    found = life.step([told], LATER)
    assert found.refused == {}
    assert life.file.state == LEADS[name, state]
    [event] = [event for event in life.events[before:] if event.command_id == told.command_id]
    assert event.kind is EVENT_OF[told.command().name]
    assert event.party == role(name)
    assert event.person == "李明"
    assert event.clause == TRANSITIONS[told.command().name].clause
    assert event.at == told.command().at
    assert life.entries == []


def test_any_command_on_a_clone_leaves_the_original_as_it_was():
    for name, state in ALLOWED:
        life = prepared(name, state)
        life.wake(LATER)
        before, original = life.file.model_dump_json(), life.file
        life.file = original.clone()
        assert life.step([Told(name, LATER, VALUES.get(name))], LATER + 86_400).refused == {}
        assert original.model_dump_json() == before


@pytest.mark.parametrize(("name", "state"), REFUSED)
def test_a_command_the_state_does_not_allow_is_refused_with_the_list_of_what_it_does(name, state):
    life = prepared(name, state)
    before = life.file.model_dump()
    refusal = life.refuse(name, LATER, VALUES.get(name))
    assert refusal.kind is RefusalKind.NOT_ALLOWED_NOW
    assert refusal.details["state"] == state
    assert refusal.clause == TRANSITIONS[Told(name, LATER, VALUES.get(name)).command().name].clause
    expected = [
        other
        for other in COMMANDS
        if (other, state) in LEADS
        and (role(other) == role(name) or other == "add_note")
        and other != "answer_rating"  # nobody has rated it badly
    ]
    assert sorted(refusal.allowed) == sorted(expected)
    assert all(word in refusal.message for word in (name, state, *expected))
    after = life.file.model_dump()
    assert {key for key in after if after[key] != before[key]} <= {"judged_until"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "add_note"])
def test_the_other_party_is_refused_in_every_state(name, state):
    other = CUSTOMER if BY[name] == PROVIDER else PROVIDER
    refusal = prepared(name, state).refuse(name, LATER, VALUES.get(name), by=other)
    assert refusal.kind is RefusalKind.WRONG_PARTY
    assert refusal.allowed == [role(name).value]
    assert role(name).value in refusal.message


@pytest.mark.parametrize("name", COMMANDS)
def test_a_stranger_to_the_agreement_may_do_nothing(name):
    state = next(state for state in STATES if (name, state) in LEADS)
    refusal = prepared(name, state).refuse(name, LATER, VALUES.get(name), by="somebody-else")
    assert refusal.kind is RefusalKind.WRONG_PARTY


@pytest.mark.parametrize("party", [PROVIDER, CUSTOMER])
def test_either_party_may_add_a_note_in_any_state_C6_2_3(party):
    for state in STATES:
        life = brought_to(state)
        life.step([Told("add_note", LATER, by=party)], LATER)
        assert life.refused == {}
        assert life.file.state == state


@pytest.mark.parametrize(("party", "name"), [("provider", "confirm"), ("customer", "withdraw")])
def test_a_party_may_be_named_by_its_role(party, name):
    life = brought_to("submitted")
    life.step([Told(name, LATER, by=party)], LATER)
    assert life.refused == {}


@pytest.mark.parametrize("state", STATES)
def test_what_a_state_allows_can_be_asked_for_one_party_or_for_both(state):
    both = set(commands_in(RequestState(state)))
    assert both == {name for name, in_state in LEADS if in_state == state}
    assert both == set(commands_in(RequestState(state), Role.PROVIDER)) | set(
        commands_in(RequestState(state), Role.CUSTOMER)
    )


def test_a_closure_by_itself_allows_what_a_closure_by_acceptance_does():
    agreed = Agreed(acceptance_days=1)
    for name in COMMANDS:
        life = brought_to("resolved", agreed)
        life.wake(3 * 86_400)
        assert life.file.state is RequestState.CLOSED
        if name == "answer_rating":
            life.tell("rate", 3 * 86_400, 2)
        told = Told(name, 3 * 86_400 + 5, VALUES.get(name))
        refused = life.step([told], told.at).refused
        assert bool(refused) == ((name, "closed") not in LEADS)


# Particulars beyond the table


@pytest.mark.parametrize(
    ("name", "value", "kind", "allowed"),
    [
        ("raise_priority", "normal", RefusalKind.NOT_ALLOWED_NOW, ["critical", "high"]),
        ("raise_priority", "low", RefusalKind.NOT_ALLOWED_NOW, ["critical", "high"]),
        ("lower_priority", "normal", RefusalKind.NOT_ALLOWED_NOW, ["low"]),
        ("lower_priority", "critical", RefusalKind.NOT_ALLOWED_NOW, ["low"]),
    ],
)
def test_a_priority_is_raised_upwards_and_lowered_downwards_only(name, value, kind, allowed):
    life = brought_to("submitted")
    refusal = life.refuse(name, LATER, value)
    assert (refusal.kind, refusal.allowed) == (kind, allowed)
    assert life.file.priority == "normal"


def test_the_highest_priority_cannot_be_raised_nor_the_lowest_lowered():
    for name, value in (("raise_priority", "critical"), ("lower_priority", "low")):
        life = Life(priority=value)
        assert life.refuse(name, LATER, value).allowed == []


def test_a_request_is_rated_once_C5_5():
    life = brought_to("closed")
    life.tell("rate", LATER, 4)
    refusal = life.refuse("rate", LATER + 1, 5)
    assert refusal.kind is RefusalKind.ALREADY_DONE
    assert life.file.rating == 4


@pytest.mark.parametrize("score", [None, 3, 5])
def test_only_a_low_rating_is_answered_C5_5(score):
    life = brought_to("closed")
    if score:
        life.tell("rate", LATER, score)
    assert life.refuse("answer_rating", LATER + 1).kind is RefusalKind.NOT_ALLOWED_NOW


def test_a_low_rating_is_answered_once_C5_5():
    life = prepared("answer_rating", "closed")
    life.tell("answer_rating", LATER)
    assert life.refuse("answer_rating", LATER + 1).kind is RefusalKind.NOT_ALLOWED_NOW


def test_a_refusal_names_rules_states_and_instants_never_what_a_person_wrote_C5_3():
    life = brought_to("closed")
    refusal = life.refuse("reopen", LATER)
    assert "仍有问题" not in refusal.model_dump_json()
    assert "李明" not in refusal.model_dump_json()

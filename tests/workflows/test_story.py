"""What an operator reads of a workflow in the Temporal UI: summaries, details, descriptions (issue 3)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHandle
from temporalio.converter import PayloadConverter

from contract.facts import EventKind
from contract.request import RequestState
from tests.engine import (
    ACTORS,
    DAY,
    HOUR,
    MINUTE,
    PROVIDER,
    SECOND,
    START,
    LivedAgreement,
    R,
    World,
    skipping_world,
)
from workflows.current_details import METADATA_QUERY
from workflows.story import mail_summary

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]

CLAUSE = re.compile(r"(C\d+(\.\d+)*|§\d)")
SUMMARISED = {
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_MARKER_RECORDED,
}
UPSERT = EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES
TASK = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED


@pytest_asyncio.fixture(loop_scope="module")
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world of the test's own, whose time it may pass."""
    async with skipping_world(tmp_path) as world:
        yield world


async def metadata(handle: WorkflowHandle[object, object]) -> WorkflowMetadata:
    """What the Temporal UI asks of a workflow whose page is opened."""
    found: WorkflowMetadata = await handle.query(METADATA_QUERY, result_type=WorkflowMetadata)
    return found


async def details(handle: WorkflowHandle[object, object]) -> str:
    return (await metadata(handle)).current_details


def summary(event: HistoryEvent) -> str:
    payload = event.user_metadata.summary
    return PayloadConverter.default.from_payload(payload, str) if payload.data else ""


async def late_life(agreement: LivedAgreement) -> list[HistoryEvent]:
    """A request late in everything, paused, reopened and badly rated: its history."""
    due = START + 48 * HOUR
    await agreement.submit(title="Project Nightingale")
    for command, at, content in (
        ("confirm", START + 2 * HOUR, {}),
        ("assign", START + 3 * HOUR, {}),
        ("respond", START + 5 * HOUR, {}),
        ("ask_for_materials", START + 20 * HOUR, {"missing": ["the log of Nightingale"]}),
        ("provide_materials", START + 20 * HOUR + DAY, {}),
        ("resolve", due + 2 * DAY + SECOND, {}),
        ("reopen", due + 3 * DAY, {}),
        ("resolve", due + 5 * DAY, {}),
        ("rate", due + 13 * DAY, {"score": 1}),
    ):
        await agreement.pass_time_until(at)
        await agreement.do(command, at, **content)
    return [event async for event in agreement.request_handle().fetch_history_events()]


# Current details


async def test_a_request_says_whose_turn_it_is_and_what_falls_due_next_in_the_contracts_zone(
    shared_agreement: LivedAgreement,
):
    await shared_agreement.submit("turn", at=START)
    told = await details(shared_agreement.request_handle("turn"))
    assert "### Submitted · the provider is to confirm" in told
    assert "**Next:** Confirmation warning · C6.1.2 · **Mon 2 Mar 2026, 09:45:00**" in told
    assert "Response · C5.2: due Mon 2 Mar 2026, 13:00:00 · running" in told
    assert "Times are Asia/Shanghai, contract time: engine time -" in told


async def test_a_request_says_who_has_it_and_what_each_side_may_do(shared_agreement: LivedAgreement):
    await shared_agreement.bring("waiting", "who")
    told = await details(shared_agreement.request_handle("who"))
    assert "### Waiting · the customer is to provide materials" in told
    assert "**With:** Chen Jie" in told
    assert (
        "**The customer may** (`acme`): `provide_materials`, `withdraw`, `lower_priority`, `add_note`" in told
    )
    assert "Resolution · C8.1.2: clock paused" in told
    assert "**Next:** the clock stands still until the customer provides materials · C5.4" in told


@pytest.mark.parametrize("state", RequestState)
async def test_a_request_in_any_state_has_a_story(shared_agreement: LivedAgreement, state: RequestState):
    await shared_agreement.bring(state, f"story-{state}")
    told = await details(shared_agreement.request_handle(f"story-{state}"))
    assert told.lower().startswith(f"### {state}")
    assert "**Penalties so far:** none" in told


async def test_penalties_so_far_are_told_with_their_clauses_and_a_low_rating_with_who_answers(world: World):
    agreement = await world.agreement()
    await late_life(agreement)
    told = await details(agreement.request_handle())
    assert "### Closed · rated 1 · the provider is to answer" in told
    owed = "**2200.00 CNY** (late response 200.00 · C8.1.1, 4 days of late solution at 500.00 · C8.1.2)"
    assert f"**Penalties so far:** {owed}" in told
    assert "Response · C5.2: due Mon 2 Mar 2026, 13:00:00 · **late** Mon 2 Mar 2026, 14:00:00" in told


async def test_a_promise_that_is_broken_stands_in_the_first_line(world: World):
    agreement = await world.agreement()
    await agreement.submit()
    await agreement.pass_time_until(START + HOUR + MINUTE)
    await agreement.event(EventKind.TARGET_BREACHED)
    assert "### Submitted · the provider is to confirm · confirmation late" in await details(
        agreement.request_handle()
    )


async def test_an_offer_says_who_has_not_signed_and_an_agreement_when_its_term_ends(shared_world: World):
    agreement = await shared_world.offer()
    await agreement.sign(PROVIDER)
    told = await details(agreement.handle)
    assert "### On offer · the customer to sign" in told
    assert "**The provider may** (`huaxin`): `refuse_offer`, `withdraw_offer`" in told
    await agreement.sign(ACTORS[next(role for role, actor in ACTORS.items() if actor is not PROVIDER)])
    told = await details(agreement.handle)
    assert "### In force" in told
    assert "until Tue 2 Mar 2027, 00:00:00 · C4.1" in told
    assert "**The customer may** (`acme`): `submit_request`" in told


async def test_an_assignees_name_is_shown_as_written_and_not_as_markup(shared_agreement: LivedAgreement):
    await shared_agreement.bring("confirmed", "markup")
    await shared_agreement.do("assign", START, "markup", assignee="<b>[x](y)</b>")
    told = await details(shared_agreement.request_handle("markup"))
    assert r"**With:** \<b\>\[x\](y)\</b\>" in told


# Summaries and descriptions


async def test_every_timer_and_activity_of_a_late_life_names_its_clause(world: World):
    agreement = await world.agreement(mail=True)
    for history in (
        await late_life(agreement),
        [event async for event in agreement.handle.fetch_history_events()],
    ):
        told = [summary(event) for event in history if event.event_type in SUMMARISED]
        assert len(told) > 5
        assert [text for text in told if not CLAUSE.search(text)] == []


async def test_every_update_query_and_signal_is_described_and_an_update_names_its_clause(
    shared_agreement: LivedAgreement,
):
    await shared_agreement.submit("described", at=START)
    for handle in (shared_agreement.handle, shared_agreement.request_handle("described")):
        known = (await metadata(handle)).definition
        ours = [*known.update_definitions, *known.query_definitions, *known.signal_definitions]
        ours = [one for one in ours if not one.name.startswith("__")]
        assert len(ours) > 4
        assert [one.name for one in ours if not CLAUSE.search(one.description)] == []


async def test_summary_and_details_tell_what_was_promised_and_nothing_that_the_customer_wrote(world: World):
    """The UI has its server render markdown as part of a URL: customer content does not belong there."""
    agreement = await world.agreement()
    history = await late_life(agreement)
    begun = history[0].user_metadata
    details_at_start = PayloadConverter.default.from_payload(begun.details, str)
    assert summary(history[0]) == f"Request {R} · technical support · normal"
    assert "- Response · C5.2: **4 h**" in details_at_start
    told = [summary(event) for event in history]
    told += [details_at_start, await details(agreement.request_handle())]
    assert [text for text in told if "Nightingale" in text] == []
    first = (await agreement.handle.fetch_history()).events[0]
    assert summary(first) == f"Agreement {agreement.id}"
    assert "- critical: **1 / 4 / 8**" in PayloadConverter.default.from_payload(
        first.user_metadata.details, str
    )


async def test_a_summary_stays_short_however_many_notices_wait():
    assert mail_summary([3]) == "Mail notice 3 · C6.2.3"
    assert mail_summary(range(7, 2000)) == "Mail 1993 notices (7 … 1999) · C6.2.3"


# Search attributes over a whole life


async def test_a_task_upserts_once_at_most_and_never_what_is_there_already(world: World):
    history = await late_life(await world.agreement())
    start = history[0].workflow_execution_started_event_attributes.search_attributes.indexed_fields
    known = {name: payload.data for name, payload in start.items()}
    in_task = upserts = 0
    for event in history:
        in_task = 0 if event.event_type == TASK else in_task
        if event.event_type == UPSERT:
            upserts, in_task = upserts + 1, in_task + 1
            told = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
            assert in_task == 1
            assert [name for name, payload in told.items() if known.get(name) == payload.data] == []
            known |= {name: payload.data for name, payload in told.items()}
    assert upserts > 5

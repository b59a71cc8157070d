"""The views docs/temporal-ui.md gives operators find what they promise; the very text found there is run."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from runtime.engines import DevServer, temporal_cli
from tests.engine import World, eventually, real_server, real_world
from tests.pages.scene import AGREEMENT, BREACHED, SOON, WAITING, Desk
from workflows.ids import request_workflow_id

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]

PAGE = (Path(__file__).parents[2] / "docs" / "temporal-ui.md").read_text()
VIEW = re.compile(
    r"^\*\*\[(?P<name>[^]]+)\]\((?P<link>[^)\s]+)\)\*\*.*?^```sql\n(?P<query>[^\n]+)\n```", re.M | re.S
)
COMMAND = re.compile(
    r"^\*\*(?P<name>[^*\n]+)\*\*[^`]*?^```console\n\$ (?P<command>temporal [^\n]+)\n```", re.M | re.S
)


@dataclass(frozen=True)
class View:
    """A saved view of the page: a link that the UI saves, and the query it shows."""

    link: str
    query: str


VIEWS = {found["name"]: View(found["link"], found["query"]) for found in VIEW.finditer(PAGE)}
COMMANDS = {found["name"]: found["command"] for found in COMMAND.finditer(PAGE)}


def ids(*requests: str) -> set[str]:
    return {request_workflow_id(AGREEMENT, request) for request in requests}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DevServer]:
    """A server that takes two failures for a problem, where by default it takes five."""
    sooner = "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=2"
    options = {"extra_args": ["--dynamic-config-value", sooner]}
    async with real_server(tmp_path_factory.mktemp("temporal"), **options) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory, server: DevServer) -> AsyncIterator[World]:
    """A support desk at work."""
    async with real_world(tmp_path_factory.mktemp("desk"), server) as world:
        await world.start_worker()
        await Desk(world.client, datetime.now(UTC)).open()
        yield world


async def found(world: World, name: str) -> set[str]:
    return {found.id async for found in world.temporal.list_workflows(VIEWS[name].query)}


async def finds(world: World, name: str, expected: set[str]) -> None:
    """Wait until a view of the page finds these; listing lags a moment behind."""

    async def look() -> bool:
        return await found(world, name) == expected

    await eventually(look, f"{name} finds {sorted(expected)}", within=60)


async def lists(world: World, name: str, expected: set[str]) -> None:
    """The same of a command of the page, run in a shell as it stands."""
    environment = os.environ | {
        "PATH": f"{temporal_cli().parent}:{os.environ['PATH']}",
        "TEMPORAL_ADDRESS": world.settings.temporal_address,
        "TEMPORAL_NAMESPACE": world.temporal.namespace,
    }

    async def look() -> bool:
        shell = await asyncio.create_subprocess_shell(
            COMMANDS[name], env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, problem = await shell.communicate()
        assert shell.returncode == 0, problem.decode()
        return set(re.findall(r"request/\S+", out.decode())) == expected

    await eventually(look, f"{name} lists {sorted(expected)}", within=60)


async def test_the_page_has_every_view_that_is_tried_here_and_each_link_holds_its_query():
    assert list(VIEWS) == ["Breached and open", "Waiting for materials", "Stuck"]
    assert list(COMMANDS) == ["Due in the next two hours", "Overslept"]
    for name, view in VIEWS.items():
        address = urlsplit(view.link)
        assert address.path == "/namespaces/default/workflows"
        assert parse_qs(address.query) == {"query": [view.query], "savedQuery": [name]}


async def test_breached_and_open_finds_broken_promises_of_requests_that_are_not_closed(desk: World):
    await finds(desk, "Breached and open", ids(WAITING, BREACHED))


async def test_waiting_for_materials_finds_what_the_customer_owes(desk: World):
    await finds(desk, "Waiting for materials", ids(WAITING))


async def test_due_in_the_next_two_hours_lists_what_falls_due_by_then(desk: World):
    await lists(desk, "Due in the next two hours", ids(SOON))


async def test_nothing_is_overslept_while_a_worker_runs(desk: World):
    await lists(desk, "Overslept", set())


async def test_stuck_finds_a_request_whose_workflow_fails_again_and_again(desk: World):
    await finds(desk, "Stuck", set())
    await desk.stop_worker()
    broken = Worker(
        desk.temporal,
        task_queue=desk.settings.task_queue,
        workflows=[Broken],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    handle = desk.temporal.get_workflow_handle(request_workflow_id(AGREEMENT, SOON))

    async def is_found() -> bool:
        return ids(SOON) <= await found(desk, "Stuck")

    async with broken:
        await handle.signal("wake")
        # Others may be: any whose timer fires meanwhile.
        await eventually(is_found, "the broken request found", within=60)
    await desk.start_worker()
    await finds(desk, "Stuck", set())


@workflow.defn(name="ServiceRequest")
class Broken:
    """A release that cannot read what is running."""

    @workflow.run
    async def run(self, given: object) -> None:
        raise RuntimeError("a faulty release")

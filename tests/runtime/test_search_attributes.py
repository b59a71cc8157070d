"""Search attributes at start-up, where registering them is somebody else's right (issue 3)."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from runtime.engines import DevServer, dev_server, temporal_cli
from runtime.search_attributes import SearchAttributesMissing, register_search_attributes
from workflows.search_attributes import ALL

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def bare_server() -> AsyncIterator[DevServer]:
    """A server that knows no search attributes of ours."""
    async with dev_server() as server:
        yield server


async def denied(*_: object, **__: object) -> None:
    raise RPCError("Request unauthorized.", RPCStatusCode.PERMISSION_DENIED, b"")


def without_rights(client: Client, patch: pytest.MonkeyPatch) -> None:
    """From now on the operator's service is closed to this client, as a cluster with an authorizer has it."""
    patch.setattr(client.operator_service, "add_search_attributes", denied)
    patch.setattr(client.operator_service, "list_search_attributes", denied)


async def test_without_the_right_to_register_what_is_printed_can_be_run_by_who_has_it(
    bare_server: DevServer, monkeypatch: pytest.MonkeyPatch
):
    client = bare_server.client
    without_rights(client, monkeypatch)
    with pytest.raises(SearchAttributesMissing, match="PERMISSION_DENIED: Request") as refused:
        await register_search_attributes(client, ALL)
    commands = [line.strip() for line in str(refused.value).splitlines() if line.startswith("  temporal ")]
    assert len(commands) == len(ALL)
    for command in commands:
        subprocess.run([str(temporal_cli()), *shlex.split(command)[1:]], check=True, capture_output=True)
    assert await register_search_attributes(client, ALL) == ()
    monkeypatch.undo()
    assert await register_search_attributes(client, ALL) == ()


async def test_where_some_are_missing_only_those_are_asked_for(
    bare_server: DevServer, monkeypatch: pytest.MonkeyPatch
):
    client = bare_server.client
    await register_search_attributes(client, ALL[:3])
    without_rights(client, monkeypatch)
    with pytest.raises(SearchAttributesMissing) as refused:
        await register_search_attributes(client, ALL)
    told = str(refused.value)
    assert [key.name for key in ALL if f"--name {key.name} " in told] == [key.name for key in ALL[3:]]


async def test_a_namespace_with_no_room_for_another_says_so(bare_server: DevServer):
    too_many = [SearchAttributeKey.for_datetime(f"Date{number}") for number in range(4)]
    with pytest.raises(SearchAttributesMissing, match="cannot have more than 3 search attribute"):
        await register_search_attributes(bare_server.client, too_many)

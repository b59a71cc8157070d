"""A process that used Temporal's runtime leaves with the code it meant."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.engines import dev_server
from runtime.leave import OUTPUT_LOST

ROOT = Path(__file__).parents[2]
# Without the environment's say: it may ask for unbuffered output, which leaves nothing to flush.
PYTHON = (sys.executable, "-E", "-c")
PROCESSES = 50
AT_ONCE = 4

# Forks before the SDK's runtime exists: fifty processes for the price of one import. Each runs a worker
# against a real server, which is what makes one in twenty of them die when it ends in the ordinary way.
LEAVING = """
import asyncio, json, os, sys
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker
from runtime.leave import leave

@activity.defn
async def nothing() -> None: ...

async def work():
    client = await Client.connect(sys.argv[1])
    async with Worker(client, task_queue="leaving", activities=[nothing]):
        pass

def reap():
    pid, status = os.wait()
    running.remove(pid)
    codes.append(os.waitstatus_to_exitcode(status))

running, codes = set(), []
for number in range(int(sys.argv[2])):
    if len(running) == int(sys.argv[3]):
        reap()
    pid = os.fork()
    if pid == 0:
        asyncio.run(work())
        leave(0)
    running.add(pid)
while running:
    reap()
print(json.dumps(codes))
"""


@pytest.mark.engine
async def test_fifty_processes_that_ran_a_worker_leave_with_zero():
    async with dev_server() as server:
        done = subprocess.run(
            [*PYTHON, LEAVING, server.address, str(PROCESSES), str(AT_ONCE)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stderr == ""
    assert json.loads(done.stdout) == [0] * PROCESSES


@pytest.mark.parametrize("code", [0, 1, 3, 130])
def test_the_code_given_is_the_code_left_with_and_what_was_printed_is_written(code: int):
    leaving = f"from runtime.leave import leave; print('worked', end=''); leave({code})"
    done = subprocess.run([*PYTHON, leaving], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, b"worked", b"")


def test_a_reader_that_has_gone_does_not_turn_success_into_failure():
    leaving = "import sys; from runtime.leave import leave; print('x'); sys.stdin.read(); leave(0)"
    process = subprocess.Popen(
        [*PYTHON, leaving],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full to write to")
@pytest.mark.parametrize(("meant", "left"), [(0, OUTPUT_LOST), (2, 2)])
def test_output_that_could_not_be_written_is_not_success(meant: int, left: int):
    leaving = f"from runtime.leave import leave; print('a report'); leave({meant})"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PYTHON, leaving],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            check=False,
        )
    assert done.returncode == left
    assert b"could not be written" in done.stderr

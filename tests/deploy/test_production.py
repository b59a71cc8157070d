"""Production as the compose file describes it, lived in boxes: what workers share, what one's death costs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from contract.commands import CommandName
from contract.facts import EventKind
from contract.request import RequestState
from contract.request_life import EVENT_OF
from tests.deploy.box import why_not
from tests.deploy.compose import HOUSE
from tests.deploy.lived import REQUESTS
from tests.engine import WAYS
from tests.postgres import ABSENT, postgres_binaries

pytestmark = [pytest.mark.engine, pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def seen() -> Any:
    """What was seen when production was lived once."""
    if reason := why_not():
        pytest.skip(reason)
    if postgres_binaries() is None:
        pytest.skip(ABSENT)
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="aftercare-lived-") as folder:
        Path(folder).chmod(0o755)
        lived = subprocess.run(
            ["unshare", "--mount", "--net", sys.executable, "-m", "tests.deploy.lived", folder],
            capture_output=True,
            text=True,
            cwd=HOUSE,
        )
    assert lived.returncode == 0, lived.stderr
    return json.loads(lived.stdout)


def test_the_migrations_may_be_started_twice_at_once(seen: Any):
    assert seen["before the migrations"] == 6
    assert seen["migrations"] == [0, 0]
    assert seen["after the migrations"] == 0


def test_workers_and_codec_server_are_healthy_with_the_keyring_that_was_made(seen: Any):
    assert seen["keys"] == 0
    assert seen["healthy"] == {"worker": 0, "codec": 0}


def test_two_workers_on_one_queue_share_the_requests(seen: Any):
    assert seen["shared"] == 2


def test_nothing_is_lost_or_done_twice_when_one_of_them_is_killed(seen: Any):
    told = [EventKind.SUBMITTED, *(EVENT_OF[CommandName(command)] for command in WAYS[RequestState.CLOSED])]
    assert seen["closed"] == ["closed"] * REQUESTS
    assert seen["kinds"] == [[kind.value for kind in told]] * REQUESTS
    assert seen["sound"] == [True] * REQUESTS


def test_the_command_line_of_the_compose_file_reads_the_same_record(seen: Any):
    assert [agreement["state"] for agreement in seen["on record"]["agreements"]] == ["active"]


def test_notices_reach_the_mail_server_of_the_settings(seen: Any):
    assert seen["mailed"] > 0


def test_a_worker_that_is_told_to_stop_ends_well(seen: Any):
    assert seen["told to stop"] == 0
    assert "worker stopped" in seen["log"].splitlines()[-1]

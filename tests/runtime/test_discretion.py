"""Log lines carry ids and places, never what people wrote (C5.3)."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from io import StringIO

import pytest

from runtime.codec import KeyUnknown
from runtime.logs import log
from tests.loglines import logs

EITHER = pytest.mark.parametrize("as_json", [False, True], ids=["for people", "for machines"])
SECRET = "the label printer of Wang Fang"


def fail() -> None:
    title = SECRET
    try:
        int(title)
    except ValueError as problem:
        raise KeyError(title) from problem


@EITHER
@pytest.mark.parametrize("by", [log, logging.getLogger("temporalio.activity")])
def test_of_an_exception_the_kinds_and_places_are_logged_and_not_the_words(
    as_json: bool, by: logging.Logger, capsys: pytest.CaptureFixture[str]
):
    with logs(as_json):
        try:
            fail()
        except KeyError:
            by.exception("activity failed")
    said = capsys.readouterr().err
    assert "Wang Fang" not in said
    for told in ("activity failed", "builtins.KeyError", "builtins.ValueError", "in fail"):
        assert told in said
    if as_json:
        assert json.loads(said)["event"] == "activity failed"


@EITHER
def test_an_exception_of_ours_that_speaks_in_ids_is_quoted(as_json: bool, capsys: pytest.CaptureFixture[str]):
    with logs(as_json):
        log.warning("cannot go on", exc_info=KeyUnknown("20261122-aa"))
    assert "encrypted with key 20261122-aa" in capsys.readouterr().err


@EITHER
async def test_what_asyncio_says_of_a_forgotten_task_is_shortened(
    as_json: bool, capsys: pytest.CaptureFixture[str]
):
    async def forgotten() -> None:
        raise ValueError(SECRET)

    with logs(as_json):
        task = asyncio.ensure_future(forgotten())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()
    said = capsys.readouterr().err
    assert "Task exception was never retrieved" in said
    assert "builtins.ValueError" in said
    assert "Wang Fang" not in said


def test_a_log_line_that_cannot_be_written_shows_nothing_of_itself(capsys: pytest.CaptureFixture[str]):
    class Full(StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    with logs(False):
        [handler] = logging.getLogger().handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(Full())
        log.error("cannot go on", about=SECRET)
    said = capsys.readouterr().err
    assert "could not be written: OSError" in said
    assert "Wang Fang" not in said

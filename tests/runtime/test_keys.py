"""Keyrings: where they are looked for, what is wrong with one, and how they are made (C5.3)."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload

from runtime.keyring import Key, Keyring, KeysFaulty, read_keyring
from runtime.keys import add_keys, find_keyring, keyring_file, load_keyring, new_key, payload_codec
from runtime.settings import Mode, Settings

EARLIER = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def ids(keyring: Keyring | None) -> list[str]:
    return [key.id for key in keyring or ()]


def test_a_keyring_reads_as_it_was_written():
    ring = Keyring([Key.new(LATER), Key.new()])
    assert list(read_keyring(ring.as_text(), "a file")) == list(ring)


def test_a_key_does_not_show_its_secret():
    key = Key.new()
    assert repr(key.secret) not in repr(key)
    assert "secret" not in repr(key)


def test_every_fault_of_a_keyring_is_named_at_once_and_no_key_with_it():
    entry = {"id": "Not An Id", "writes_from": "soon", "secret": "c2hvcnQtc2VjcmV0"}
    with pytest.raises(KeysFaulty) as problem:
        read_keyring(json.dumps({"keys": [entry], "extra": 1}), "keys.json")
    said = str(problem.value)
    for place in ("keys.json", "keys[0].id", "keys[0].writes_from", "keys[0].secret", "extra"):
        assert place in said
    assert "keys[0].writes_from (allowed: a time with its offset, such as 2026-03-02T09:00:00+08:00)" in said
    assert "c2hvcnQ" not in said
    assert "short-secret" not in said


def test_two_keys_of_one_id_are_refused_and_the_same_one_twice_is_not():
    key = Key.new()
    assert len(Keyring([key, key])) == 1
    with pytest.raises(KeysFaulty, match=key.id):
        Keyring([key, Key.new().model_copy(update={"id": key.id})])


def test_a_keyring_file_is_for_its_owner_only_and_keeps_every_key(tmp_path: Path):
    file = tmp_path / "new folder" / "keys.json"
    before = os.umask(0)
    try:
        keys = [new_key(file), new_key(file, LATER)]
    finally:
        os.umask(before)
    assert ids(load_keyring(file)) == [key.id for key in keys]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["keys.json"]


def test_a_file_that_is_no_keyring_is_not_written_over(tmp_path: Path):
    file = tmp_path / "keys.json"
    file.write_text("something else")
    with pytest.raises(KeysFaulty):
        new_key(file)
    assert file.read_text() == "something else"


def test_keys_of_a_backup_join_those_that_are_there(tmp_path: Path):
    here, backup = tmp_path / "keys.json", tmp_path / "backup.json"
    new, old = new_key(here), new_key(backup, EARLIER)
    assert ids(add_keys(here, *load_keyring(backup))) == [old.id, new.id]
    assert ids(load_keyring(here)) == [old.id, new.id]


def test_the_keyring_is_the_named_one_else_the_one_at_home(tmp_path: Path):
    home, named = new_key(tmp_path / "keys.json"), new_key(tmp_path / "named.json")
    settings = Settings(home=tmp_path)
    assert keyring_file(settings) == tmp_path / "keys.json"
    assert ids(find_keyring(settings)) == [home.id]
    settings = Settings(home=tmp_path, keyring_file=tmp_path / "named.json")
    assert ids(find_keyring(settings)) == [named.id]


def test_a_keyring_may_come_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    ring = Keyring([Key.new()])
    monkeypatch.setenv("AFTERCARE_KEYRING", ring.as_text())
    settings = Settings(home=tmp_path)
    assert ids(find_keyring(settings)) == ids(ring)
    assert next(iter(ring)).model_dump_json().split('"')[-2] not in repr(settings)


def test_a_keyring_in_two_places_is_a_question_not_a_choice(tmp_path: Path):
    settings = Settings(home=tmp_path, keyring=SecretStr("{}"), keyring_file=tmp_path / "keys.json")
    with pytest.raises(KeysFaulty, match="both"):
        find_keyring(settings)


def test_production_refuses_to_run_without_a_key_and_says_what_to_do(tmp_path: Path):
    with pytest.raises(KeysFaulty, match="aftercare keys new"):
        payload_codec(Settings(home=tmp_path, mode=Mode.PRODUCTION))


def test_development_runs_without_a_key(tmp_path: Path):
    assert payload_codec(Settings(home=tmp_path)) is None


@pytest.mark.parametrize("mode", Mode)
def test_a_keyring_that_is_named_must_be_there(tmp_path: Path, mode: Mode):
    with pytest.raises(KeysFaulty, match="No such file"):
        find_keyring(Settings(home=tmp_path, mode=mode, keyring_file=tmp_path / "gone.json"))


async def test_a_running_process_learns_of_keys_added_to_its_file_and_keeps_what_the_file_loses(
    tmp_path: Path,
):
    file, settings = tmp_path / "keys.json", Settings(home=tmp_path)
    new_key(file, EARLIER)
    running = payload_codec(settings)
    new_key(file)
    rotated = payload_codec(settings)
    assert running is not None
    assert rotated is not None
    payload = Payload(data=b"x")
    by_the_new_key = await rotated.encode([payload])
    by_the_old_key = await running.encode([payload])
    assert await running.decode(by_the_new_key) == [payload]
    file.unlink()
    assert await running.decode(by_the_old_key) == [payload]

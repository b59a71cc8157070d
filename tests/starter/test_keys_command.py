"""`aftercare keys`: keyrings are made, rotated and joined without ever showing a key (C5.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from runtime.keys import load_keyring
from tests.starter.conftest import CommandLine


def test_a_rotated_keyring_lists_every_key_and_the_one_that_writes(aftercare: CommandLine, tmp_path: Path):
    first = aftercare("keys", "new", "--json").json
    assert first["file"] == str(tmp_path / "home" / "keys.json")
    later = aftercare("keys", "new", "--from", "2099-01-01T00:00:00+08:00", "--json").json
    listed = aftercare("keys", "list", "--json").json["keys"]
    assert [(key["id"], key["writes"]) for key in listed] == [(first["key"], True), (later["key"], False)]
    assert listed[1]["writes_from"] == "2098-12-31T16:00:00Z"
    assert first["key"] in aftercare.well("keys", "list")


def test_nothing_that_is_printed_holds_a_key(aftercare: CommandLine, tmp_path: Path):
    file = tmp_path / "keys.json"
    printed = aftercare.well("keys", "new", file) + aftercare.well("keys", "new", file, "--json")
    printed += aftercare.well("keys", "list", file) + aftercare.well("keys", "list", file, "--json")
    for key in load_keyring(file):
        assert key.model_dump(mode="json")["secret"] not in printed


def test_a_backup_is_joined_to_the_keyring_that_took_its_place(aftercare: CommandLine, tmp_path: Path):
    backup = tmp_path / "backup.json"
    lost = aftercare("keys", "new", backup, "--from", "2026-01-01T00:00:00Z", "--json").json["key"]
    here = aftercare("keys", "new", "--json").json["key"]
    aftercare.well("keys", "import", backup)
    listed = aftercare("keys", "list", "--json").json["keys"]
    assert [(key["id"], key["writes"]) for key in listed] == [(lost, False), (here, True)]


def test_where_there_is_no_keyring_it_says_how_to_make_one(aftercare: CommandLine):
    said = aftercare("keys", "list")
    assert (said.code, "aftercare keys new" in said.err) == (1, True)


def test_a_file_that_is_no_keyring_is_named_and_not_repeated(aftercare: CommandLine, tmp_path: Path):
    file = tmp_path / "keys.json"
    file.write_text(f"a secret of {datetime.now(UTC).year}")
    said = aftercare("keys", "list", file)
    assert (said.code, str(file) in said.err, "a secret" in said.err) == (1, True, False)

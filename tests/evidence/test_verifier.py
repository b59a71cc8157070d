"""The verifier as whoever receives a pack runs it: plain Python, nothing of ours."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from contract.chain import event_hash
from contract.facts import Event
from starter.evidence import verify
from starter.evidence.verify import MANIFEST, Unreadable, canonical, parse
from tests.evidence.conftest import REQUESTS
from tests.evidence.forging import Files, faults, rewritten, rows_of, with_rows, zipped

SOURCE = Path(verify.__file__)

ANY_TEXT = st.text() | st.text(st.characters(min_codepoint=0xD000, exclude_categories=["Cs"]), max_size=3)
PAYLOADS = st.recursive(
    st.none() | st.booleans() | st.integers(-verify.LARGEST, verify.LARGEST) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(PAYLOADS)
def test_its_canonical_json_is_that_of_rfc_8785(value: object):
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]
    assert parse(canonical(value)) == value


@given(st.dictionaries(ANY_TEXT, PAYLOADS, max_size=4), ANY_TEXT)
def test_its_hash_of_an_event_is_the_records(payload: dict[str, object], person: str):
    content = {"seq": 7, "at": "2026-03-02T01:00:00Z", "kind": "noted", "clause": "C6.2.3", "person": person}
    event = Event.model_validate(content | {"payload": payload})
    told = event.model_dump(mode="json")
    assert verify.event_hash("request/A/R", "f" * 64, told) == event_hash("request/A/R", "f" * 64, event)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b"1.5",
        b"1e3",
        b"NaN",
        b"9007199254740993",
        b"-0",
        b'"\\u00e9"',
        b'"\\ud800"',
        b"\xff",
        b"[" * 100_000,
        b"",
    ],
)
def test_it_reads_nothing_that_was_not_written_canonically(data: bytes):
    with pytest.raises(Unreadable):
        parse(data)


def test_it_needs_nothing_but_the_standard_library_of_python_3_9():
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 9))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in named} <= sys.stdlib_module_names


# As a program


def program(where: Path, *arguments: object) -> tuple[int, str]:
    """What the verifier of a folder says, run by a Python that knows nothing of this environment."""
    command = [sys.executable, "-I", "-S", str(where / "verify.py"), *map(str, arguments)]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, encoding="utf-8")
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(lived: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack of an agreement with requests, unpacked."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(lived / f"{REQUESTS}.zip") as archive:
        archive.extractall(folder)
    return folder


def test_a_pack_is_verified_as_it_came_and_unpacked(lived: Path, folder: Path):
    for arguments in ([lived / f"{REQUESTS}.zip"], [folder], []):
        code, said = program(folder, *arguments)
        assert code == 0, said
        assert said.startswith("sound: ")
        assert said.splitlines()[0].endswith(" files, 6 chains, 51 events")


def test_what_systems_leave_in_folders_is_no_finding(folder: Path, tmp_path: Path):
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "requests" / ".DS_Store").write_bytes(b"1")
    assert program(copy)[0] == 0
    (copy / "requests" / "request-R-9.html").write_bytes(b"1")
    code, said = program(copy)
    assert (code, "requests/request-R-9.html: was added" in said) == (1, True)


def test_it_names_file_and_line_and_leaves_with_one(folder: Path, packs: dict[str, Files], tmp_path: Path):
    files = packs[REQUESTS]
    path = "events/request-R-2.jsonl"
    told = rows_of(files, path)
    del told[4]
    forged = tmp_path / "forged.zip"
    forged.write_bytes(zipped(with_rows(files, path, told)))
    code, said = program(folder, forged)
    assert code == 1
    assert said.splitlines()[0] == f"{path}, line 5: is missing: event 5 was dropped, event 6 is next"
    assert said.splitlines()[-1].startswith("NOT SOUND")
    code, said = program(folder, forged, "--json")
    assert (code, json.loads(said)["sound"]) == (1, False)


def test_a_mailed_notice_proves_its_event_and_all_before_it(
    lived: Path, folder: Path, packs: dict[str, Files], tmp_path: Path
):
    mails = sorted((lived / "outbox").glob(f"*.{REQUESTS}.R-1.*.eml"))
    assert len(mails) > 5
    known = [argument for mail in mails for argument in ("--mail", mail)]
    assert program(folder, lived / f"{REQUESTS}.zip", *known)[0] == 0

    def change(told: list[dict[str, dict[str, str]]]) -> None:
        told[0]["event"]["person"] = "Somebody Else"

    forged = tmp_path / "forged.zip"
    forged.write_bytes(zipped(rewritten(packs[REQUESTS], "events/request-R-1.jsonl", change)))
    assert program(folder, forged)[0] == 0
    code, said = program(folder, forged, "--mail", mails[0])
    assert code == 1
    assert "events/request-R-1.jsonl, line 1: was rewritten" in said


def test_a_digest_that_was_kept_proves_every_byte(lived: Path, folder: Path):
    pack = lived / f"{REQUESTS}.zip"
    digest = verify.sha256((folder / MANIFEST).read_bytes())
    assert program(folder, pack, "--digest", digest)[0] == 0
    code, said = program(folder, pack, "--digest", "0" * 64)
    assert (code, f"its digest is {digest}" in said) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["/nowhere.zip"], "is no evidence pack"),
        ([__file__], "is no evidence pack"),
        (["--head", "agreement/ACME-1:7"], "WORKFLOW:SEQ:HASH"),
        (["--mail", __file__], "no header Aftercare-Chain"),
    ],
)
def test_what_is_no_pack_is_said_to_be_none(folder: Path, arguments: list[str], said: str):
    code, output = program(folder, *arguments)
    assert (code, said in output) == (2, True), output


def test_a_pack_of_another_format_is_not_taken_for_sound(packs: dict[str, Files]):
    manifest = parse(packs[REQUESTS][MANIFEST]) | {"format": "aftercare evidence 2"}
    forged = packs[REQUESTS] | {MANIFEST: canonical(manifest)}
    assert (MANIFEST, 0, "is of a format that this program does not know") in faults(forged)

"""Whatever is changed in an evidence pack, the verifier finds it and names the first wrong row (C6.2.3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from starter.evidence.verify import MANIFEST, canonical, parse, sha256
from tests.evidence.conftest import MONEY, REQUESTS
from tests.evidence.forging import (
    Files,
    altered,
    faults,
    leaves,
    resealed,
    rewritten,
    rows_of,
    with_ledger,
    with_rows,
)

often = settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
which = st.sampled_from([REQUESTS, MONEY])


def rows(files: Files, start: str = "") -> list[str]:
    """Files with rows."""
    return sorted(
        path for path in files if path.endswith(".jsonl") and path.startswith(start) and files[path]
    )


def first(found: list[tuple[str, int, str]], path: str) -> tuple[int, str]:
    """What is found first in a file: the line, and what is wrong."""
    assert found, "nothing was found"
    return next((line, what) for where, line, what in found if where == path)


def test_a_pack_as_it_was_made_is_sound(packs: dict[str, Files]):
    for files in packs.values():
        assert faults(files) == []
        assert faults(files, digest=sha256(files[MANIFEST])) == []


# Who does not know how packs are made


@often
@given(which=which, data=st.data())
def test_any_byte_of_any_file(packs: dict[str, Files], which: str, data: st.DataObject):
    files = packs[which]
    path = data.draw(st.sampled_from(sorted(path for path in files if files[path])))
    place = data.draw(st.integers(0, len(files[path]) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != files[path][place]))
    changed = files[path][:place] + bytes([other]) + files[path][place + 1 :]
    found = faults(files | {path: changed}, digest=sha256(files[MANIFEST]))
    line, _ = first(found, path)
    if path.endswith(".jsonl"):
        assert line == files[path][:place].count(b"\n") + 1


@often
@given(which=which, data=st.data())
def test_a_row_dropped(packs: dict[str, Files], which: str, data: st.DataObject):
    files = packs[which]
    path = data.draw(st.sampled_from(rows(files)))
    lines = files[path].splitlines(keepends=True)
    place = data.draw(st.integers(0, len(lines) - 1))
    line, what = first(faults(files | {path: b"".join(lines[:place] + lines[place + 1 :])}), path)
    assert line == place + 1
    assert what.startswith("is missing")


@often
@given(which=which, data=st.data())
def test_a_row_moved(packs: dict[str, Files], which: str, data: st.DataObject):
    files = packs[which]
    path = data.draw(st.sampled_from([path for path in rows(files) if files[path].count(b"\n") > 1]))
    lines = files[path].splitlines(keepends=True)
    places = st.integers(0, len(lines) - 1)
    start, end = data.draw(st.tuples(places, places).filter(lambda pair: pair[0] != pair[1]))
    lines.insert(end, lines.pop(start))
    line, what = first(faults(files | {path: b"".join(lines)}), path)
    assert line == min(start, end) + 1
    assert what.startswith("was moved")


@often
@given(which=which, data=st.data())
def test_a_row_told_twice(packs: dict[str, Files], which: str, data: st.DataObject):
    files = packs[which]
    path = data.draw(st.sampled_from(rows(files)))
    lines = files[path].splitlines(keepends=True)
    place = data.draw(st.integers(0, len(lines) - 1))
    line, _ = first(faults(files | {path: b"".join([*lines[: place + 1], *lines[place:]])}), path)
    assert line == place + 2


@pytest.mark.parametrize("agreement_id", [REQUESTS, MONEY])
def test_any_file_missing(packs: dict[str, Files], agreement_id: str):
    files = packs[agreement_id]
    for path in set(files) - {MANIFEST}:
        left = {name: data for name, data in files.items() if name != path}
        assert (path, 0, "is missing") in faults(left)


def test_a_file_added(packs: dict[str, Files]):
    found = faults(packs[REQUESTS] | {"events/request-R-9.jsonl": b""})
    assert found == [("events/request-R-9.jsonl", 0, "was added: the manifest does not name it")]


# Who makes manifest and seals anew


@often
@given(which=which, data=st.data())
def test_anything_in_an_event_though_manifest_and_seals_are_made_anew(
    packs: dict[str, Files], which: str, data: st.DataObject
):
    files = packs[which]
    path = data.draw(st.sampled_from(rows(files, "events/")))
    told = rows_of(files, path)
    place = data.draw(st.integers(0, len(told) - 1))
    # When it was recorded is not covered by the chain of events.
    leaf = data.draw(st.sampled_from([at for at in leaves(told[place]) if at != ("recorded_at",)]))
    told[place] = altered(told[place], leaf)
    line, _ = first(faults(resealed(with_rows(files, path, told))), path)
    assert line == place + 1


@often
@given(which=which, data=st.data())
def test_an_event_dropped_though_manifest_and_seals_are_made_anew(
    packs: dict[str, Files], which: str, data: st.DataObject
):
    files = packs[which]
    path = data.draw(
        st.sampled_from([path for path in rows(files, "events/") if files[path].count(b"\n") > 1])
    )
    told = rows_of(files, path)
    place = data.draw(st.integers(0, len(told) - 2))
    del told[place]
    line, what = first(faults(resealed(with_rows(files, path, told))), path)
    assert (line, what.startswith(f"is missing: event {place + 1} was dropped")) == (place + 1, True)


@often
@given(which=which, data=st.data())
def test_events_moved_though_manifest_and_seals_are_made_anew(
    packs: dict[str, Files], which: str, data: st.DataObject
):
    files = packs[which]
    path = data.draw(
        st.sampled_from([path for path in rows(files, "events/") if files[path].count(b"\n") > 1])
    )
    told = rows_of(files, path)
    places = st.integers(0, len(told) - 1)
    start, end = data.draw(st.tuples(places, places).filter(lambda pair: pair[0] != pair[1]))
    told.insert(end, told.pop(start))
    line, _ = first(faults(resealed(with_rows(files, path, told))), path)
    assert line == min(start, end) + 1


@pytest.mark.parametrize("agreement_id", [REQUESTS, MONEY])
def test_events_cut_off_at_the_end_are_missed_by_the_notices_that_tell_of_them(
    packs: dict[str, Files], agreement_id: str
):
    files = packs[agreement_id]
    spoken_of = {(row["workflow_id"], row["event_seq"]) for row in rows_of(files, "notifications.jsonl")}
    checked = 0
    for path in rows(files, "events/"):
        last = rows_of(files, path)[-1]
        if (last["workflow_id"], last["event"]["seq"]) in spoken_of:
            cut = rewritten(files, path, lambda told: told.pop() and None)
            assert "which is missing" in first(faults(cut), "notifications.jsonl")[1]
            checked += 1
    assert checked


def test_other_terms_than_those_signed(packs: dict[str, Files]):
    files = packs[REQUESTS]
    text = files["terms/version-1.json"].replace(b'"late_response":"200"', b'"late_response":"20"')
    assert text != files["terms/version-1.json"]
    found = faults(resealed(files | {"terms/version-1.json": text}))
    assert found == [
        ("terms/version-1.json", 0, "was altered: it is not version 1 of the terms as on record")
    ]
    told = rows_of(files, "terms.jsonl")
    told[0]["digest"] = sha256(text)
    forged = with_rows(files | {"terms/version-1.json": text}, "terms.jsonl", told)
    line, what = first(faults(resealed(forged)), "terms.jsonl")
    assert (line, what) == (1, "was altered: no event names these terms, version 1")


@pytest.mark.parametrize("agreement_id", [REQUESTS, MONEY])
def test_another_amount_than_its_event_tells_of(packs: dict[str, Files], agreement_id: str):
    files = packs[agreement_id]
    checked = 0
    for place, row in enumerate(rows_of(files, "ledger.jsonl")):
        if row["entry"]["kind"] not in {"penalty", "penalty_reversal", "bill"}:
            continue

        def raise_it(told: list[Any], place: int = place) -> None:
            told[place]["entry"]["amount"]["minor"] += 100

        line, what = first(faults(with_ledger(files, raise_it)), "ledger.jsonl")
        assert (line, what.startswith("was altered: event")) == (place + 1, True)
        checked += 1
    assert checked > 1


@pytest.mark.parametrize("agreement_id", [REQUESTS, MONEY])
def test_an_entry_dropped_that_an_event_tells_of(packs: dict[str, Files], agreement_id: str):
    files = packs[agreement_id]
    for place, row in enumerate(rows_of(files, "ledger.jsonl")):
        if row["entry"]["kind"] in {"penalty", "bill"}:

            def drop(told: list[Any], place: int = place) -> None:
                del told[place]

            _, what = first(faults(with_ledger(files, drop)), "ledger.jsonl")
            assert row["entry"]["key"] in what


def test_an_entry_added(packs: dict[str, Files]):
    def add(told: list[Any]) -> None:
        told.append(altered(altered(told[0], ("entry", "key")), ("entry", "explanation", "target")))

    _, what = first(faults(with_ledger(packs[REQUESTS], add)), "ledger.jsonl")
    assert "tells of something else" in what


@often
@given(which=which, data=st.data())
def test_any_amount_of_a_statement(packs: dict[str, Files], which: str, data: st.DataObject):
    files = packs[which]
    paths = sorted(path for path in files if path.startswith("statements/") and path.endswith(".json"))
    path = data.draw(st.sampled_from(paths))
    told = parse(files[path])
    checked = ("lines", "penalties", "owed", "penalties_owed", "net")
    amounts = [at for at in leaves(told) if at[-1] == "minor" and at[1] in checked]
    amounts += [at for at in leaves(told) if at[0] == "accounts"]
    leaf = data.draw(st.sampled_from(amounts))
    assert first(faults(resealed(files | {path: canonical(altered(told, leaf))})), path)


def test_any_segment_of_a_clock(packs: dict[str, Files]):
    files = packs[REQUESTS]
    checked = 0
    for path in sorted(path for path in files if path.startswith("requests/") and path.endswith(".json")):
        told = parse(files[path])
        for number, clock in enumerate(told["clocks"]):
            for place, segment in enumerate(clock["segments"]):
                for end in ("from", "to"):
                    changed = altered(told, ("clocks", number, "segments", place, end))
                    later = (
                        segment[end][:17] + f"{(int(segment[end][17:19]) + 1) % 60:02}" + segment[end][19:]
                    )
                    changed["clocks"][number]["segments"][place][end] = later
                    if clock["due"] is not None:
                        _, what = first(faults(resealed(files | {path: canonical(changed)})), path)
                        assert f"the {clock['target']} clock" in what
                        checked += 1
    assert checked > 20


@often
@given(which=which, data=st.data())
def test_any_cell_of_the_ledger_as_a_table(packs: dict[str, Files], which: str, data: st.DataObject):
    files = packs[which]
    lines = files["ledger.csv"].split(b"\n")
    place = data.draw(st.integers(1, len(lines) - 2))
    lines[place] = b"x" + lines[place]
    line, what = first(faults(resealed(files | {"ledger.csv": b"\n".join(lines)})), "ledger.csv")
    assert (line, what) == (place + 1, "was altered: it is not what ledger.jsonl says")


def test_a_notice_of_another_event(packs: dict[str, Files]):
    files = packs[REQUESTS]
    told = rows_of(files, "notifications.jsonl")
    told[3]["event_seq"] += 1
    line, _ = first(faults(resealed(with_rows(files, "notifications.jsonl", told))), "notifications.jsonl")
    assert line == 4


def test_a_run_of_the_engine_left_out(packs: dict[str, Files]):
    files = packs[REQUESTS]
    told = [row for row in rows_of(files, "histories.jsonl") if row["previous_run"] is not None]
    line, what = first(faults(resealed(with_rows(files, "histories.jsonl", told))), "histories.jsonl")
    assert (line, what) == (1, "continues run run-1, which is missing")


# Who makes the chain itself anew: what the other side knows


@often
@given(which=which, data=st.data())
def test_a_chain_made_anew_is_found_by_a_hash_that_the_other_side_knows(
    packs: dict[str, Files], which: str, data: st.DataObject
):
    files = packs[which]
    path = data.draw(st.sampled_from(rows(files, "events/")))
    told = rows_of(files, path)
    place = data.draw(st.integers(0, len(told) - 1))
    known = data.draw(st.integers(place, len(told) - 1))
    head = (told[known]["workflow_id"], known + 1, told[known]["hash"])

    def change(told: list[Any]) -> None:
        told[place]["event"]["clause"] += "x"

    forged = rewritten(files, path, change)
    # By itself such a pack is as good as any: the manual says so.
    assert faults(forged) == []
    line, what = first(faults(forged, heads=[head]), path)
    assert (line, what.startswith("was rewritten")) == (known + 1, True)
    assert first(faults(forged, digest=sha256(files[MANIFEST])), MANIFEST)


def test_events_cut_off_at_the_end_are_found_by_a_hash_that_the_other_side_knows(packs: dict[str, Files]):
    files, path = packs[REQUESTS], "events/request-R-1.jsonl"
    last = rows_of(files, path)[-1]
    cut = rewritten(files, path, lambda told: told.pop() and None)
    head = (last["workflow_id"], last["event"]["seq"], last["hash"])
    line, what = first(faults(cut, heads=[head]), path)
    assert (line, what.startswith("is missing")) == (last["event"]["seq"], True)

"""Packs to tamper with: their files by path, and what a forger does who knows how they are made."""

from __future__ import annotations

import copy
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from starter.evidence.verify import (
    GENESIS,
    MANIFEST,
    Verifying,
    canonical,
    event_hash,
    ledger_table,
    parse,
    seal,
    sha256,
)

Files = dict[str, bytes]
Fault = tuple[str, int, str]


class Held:
    """A pack in memory, for the verifier."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.names = list(files)

    def read(self, name: str) -> bytes:
        return self._files[name]


def unpacked(pack: Path) -> Files:
    with zipfile.ZipFile(pack) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: Files) -> bytes:
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


def faults(files: Files, **known: Any) -> list[Fault]:
    return Verifying(Held(files)).run(**known).faults  # type: ignore[arg-type]


def rows_of(files: Files, path: str) -> list[Any]:
    return [parse(line)["row"] for line in files[path].splitlines()]


def with_rows(files: Files, path: str, rows: list[Any]) -> Files:
    """Other rows in a file, numbered and sealed as they should be."""
    previous, lines = GENESIS, []
    for number, row in enumerate(rows, 1):
        previous = seal(path, previous, row)
        lines.append(canonical({"n": number, "row": row, "seal": previous}) + b"\n")
    return files | {path: b"".join(lines)}


def resealed(files: Files) -> Files:
    """A manifest made anew for the files as they are now."""
    manifest = parse(files[MANIFEST])
    manifest["files"], manifest["heads"] = [], {}
    for path in sorted(set(files) - {MANIFEST}):
        entry: dict[str, Any] = {"path": path, "sha256": sha256(files[path]), "bytes": len(files[path])}
        if path.endswith(".jsonl"):
            lines = [parse(line) for line in files[path].splitlines()]
            entry |= {"rows": len(lines), "seal": lines[-1]["seal"] if lines else GENESIS}
            if path.startswith("events/") and lines:
                last = lines[-1]["row"]
                manifest["heads"][last["workflow_id"]] = {"seq": last["event"]["seq"], "hash": last["hash"]}
        manifest["files"].append(entry)
    return files | {MANIFEST: canonical(manifest)}


def rewritten(files: Files, path: str, change: Callable[[list[Any]], None]) -> Files:
    """Events changed, and every hash, copy and seal after them made anew: a forger who leaves nothing out."""
    rows = rows_of(files, path)
    change(rows)
    previous = GENESIS
    for row in rows:
        row["previous"] = previous
        previous = row["hash"] = event_hash(row["workflow_id"], previous, row["event"])
    files = with_rows(files, path, rows)
    beside = path.replace("events/", "requests/").replace(".jsonl", ".json")
    if beside in files:
        told = parse(files[beside])
        told["timeline"] = [row["event"] | {"hash": row["hash"]} for row in rows]
        files = files | {beside: canonical(told)}
    return resealed(files)


def with_ledger(files: Files, change: Callable[[list[Any]], None]) -> Files:
    """Entries changed, with the table and the requests' copies of them."""
    rows = rows_of(files, "ledger.jsonl")
    change(rows)
    entries = {row["entry"]["key"]: row["entry"] for row in rows}
    files = with_rows(files, "ledger.jsonl", rows)
    files = files | {"ledger.csv": ("\ufeff" + ledger_table(entries.values())).encode()}
    for path in [path for path in files if path.startswith("requests/") and path.endswith(".json")]:
        told = parse(files[path])
        told["entries"] = [entries[e["key"]] for e in told["entries"] if e["key"] in entries]
        files = files | {path: canonical(told)}
    return resealed(files)


Place = tuple[str | int, ...]


def leaves(value: Any, at: Place = ()) -> Iterator[Place]:
    """Where the single values of a row are."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*at, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from leaves(one, (*at, index))
    else:
        yield at


def altered(value: Any, place: Place) -> Any:
    """The same with another value at one place."""
    found = copy.deepcopy(value)
    holder = found
    for step in place[:-1]:
        holder = holder[step]
    before = holder[place[-1]]
    match before:
        case bool():
            holder[place[-1]] = not before
        case int():
            holder[place[-1]] = before + 1
        case str():
            holder[place[-1]] = f"{before}x"
        case _:
            holder[place[-1]] = "x"
    return found

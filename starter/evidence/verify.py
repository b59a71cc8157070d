"""Verifies an evidence pack of aftercare, with Python 3.9 or newer and nothing else.

    python verify.py                                the pack in whose unpacked folder this file is
    python verify.py PACK                           a pack, as .zip or unpacked
    python verify.py PACK --digest SHA256           and that it is the pack whose digest you were told
    python verify.py PACK --mail FILE.eml           and that it has the event that a mailed notice told you of
    python verify.py PACK --head WORKFLOW:SEQ:HASH  and that an event has the hash that you know

It names the first row of each file that was altered, dropped or moved. Exit code 0: everything fits together;
1: something does not, each finding on a line; 2: this is no evidence pack, or the command line is wrong.

It only reads, and runs nothing that is in the pack. README.md says what it can prove and what not.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import re
import sys
import zipfile
from collections import Counter
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from fractions import Fraction
from typing import Any, Iterable, NoReturn, Sequence  # noqa: UP035 - Python 3.9 reads this too

FORMAT = "aftercare evidence 1"
MANIFEST = "manifest.json"
LEDGER = "ledger.jsonl"
GENESIS = "0" * 64
"""What stands before the first row of a chain."""
LARGEST = 2**53 - 1
"""The largest number that canonical JSON carries exactly."""
NOT_AS_MADE = "was altered: it is not what the maker of this pack would have written"

_LEFT_BY_FOLDERS = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""What macOS and Windows put into folders that somebody looks at."""

_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")
_MICROSECOND = timedelta(microseconds=1)


class Unreadable(ValueError):
    """Something in a pack is not what its maker would have written; the message says what."""


# Canonical JSON (RFC 8785) without fractions, of which there are none in a pack


def canonical(value: Any) -> bytes:
    """The one way to write a value."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    if _BEYOND_BMP.search(text):  # keys are ordered by UTF-16, which differs only there
        text = _by_utf_16(value)
    return text.encode()


def _by_utf_16(value: Any) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be"))
        return "{" + ",".join(_by_utf_16(key) + ":" + _by_utf_16(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_by_utf_16, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def parse(data: bytes) -> Any:
    """The value that canonical bytes hold; raises Unreadable for any other bytes."""
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_no_key_twice,
            parse_int=_whole,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
        as_made = canonical(value) == data
    except (ValueError, RecursionError):
        raise Unreadable("was altered: it cannot be read") from None
    if not as_made:
        raise Unreadable(NOT_AS_MADE)
    return value


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _whole(text: str) -> int:
    number = int(text) if len(text) < 20 else LARGEST + 1
    if abs(number) > LARGEST:
        raise ValueError("a number too large")
    return number


def _refuse(text: str) -> NoReturn:
    raise ValueError("a fraction")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def event_hash(workflow_id: str, previous: str, event: dict[str, Any]) -> str:
    """The record's own chain: a hash over the event and the hash of the one before."""
    return sha256(canonical({"workflow_id": workflow_id, "previous": previous, "event": event}))


def seal(path: str, previous: str, row: dict[str, Any]) -> str:
    """The pack's own chain: a hash over a row of a file and the seal of the one before."""
    return sha256(canonical({"file": path, "previous": previous, "row": row}))


# Packs


class Zipped:
    """A pack as it came."""

    def __init__(self, path: Any) -> None:
        self._zip = zipfile.ZipFile(path)
        self.names = [info.filename for info in self._zip.infolist() if not info.is_dir()]

    def read(self, name: str) -> bytes:
        return self._zip.read(name)


class Unpacked:
    """A pack in a folder."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.names: list[str] = []
        for folder, _, files in os.walk(path):
            below = os.path.relpath(folder, path).replace(os.sep, "/")
            found = sorted(set(files) - _LEFT_BY_FOLDERS)
            if not below.endswith("__pycache__"):
                self.names += [name if below == "." else f"{below}/{name}" for name in found]

    def read(self, name: str) -> bytes:
        try:
            with open(os.path.join(self._path, *name.split("/")), "rb") as file:
                return file.read()
        except FileNotFoundError:
            raise KeyError(name) from None


class Verifying:
    """One look at a pack. ``faults``: what was found, each its file, the line or 0, and what is wrong."""

    def __init__(self, pack: Zipped | Unpacked) -> None:
        self.pack = pack
        self.faults: list[tuple[str, int, str]] = []
        self.manifest: dict[str, Any] = {}
        self.digest = ""
        self.chains: dict[str, list[dict[str, Any]]] = {}
        """Of each workflow its events, with their hashes."""
        self._where: dict[str, str] = {}
        """Of each workflow its file."""
        self._texts: dict[str, str] = {}
        """Of each text of terms its digest."""
        self._terms: list[dict[str, Any]] = []
        self._ledger: dict[str, dict[str, Any]] = {}
        self._lines: dict[str, int] = {}
        """Of each entry of the ledger its line."""

    def run(self, digest: str | None = None, heads: Iterable[tuple[str, int, str]] = ()) -> Verifying:
        """Look at everything. ``digest`` and ``heads`` are what is known from elsewhere."""
        self._manifest(digest)
        named = {entry["path"]: entry for entry in self.manifest.get("files", ())}
        times = Counter(self.pack.names)
        for path in sorted(set(times) - set(named) - {MANIFEST}):
            self._fault(path, 0, "was added: the manifest does not name it")
        for path in sorted(set(named) - set(times)):
            self._fault(path, 0, "is missing")
        there = sorted(set(times) & set(named))
        for path in there:
            if times[path] > 1:
                self._fault(path, 0, "is there twice")
            self._file(path, named[path])
        self._check_terms()
        self._check_ledger()
        for path in there:
            self._beside(path)
        for head in heads:
            self._head(*head)
        for workflow_id, head in sorted(self.manifest.get("heads", {}).items()):
            self._head(workflow_id, head["seq"], head["hash"], last=True)
        return self

    def _fault(self, path: str, line: int, what: str) -> None:
        self.faults.append((path, line, what))

    def _faulty(self, path: str) -> bool:
        return any(fault[0] == path for fault in self.faults)

    def _manifest(self, digest: str | None) -> None:
        try:
            data = self.pack.read(MANIFEST)
        except KeyError:
            raise Unreadable("there is no manifest.json") from None
        self.digest = sha256(data)
        if digest is not None and digest.lower() != self.digest:
            self._fault(MANIFEST, 0, f"is of another pack: its digest is {self.digest}")
        try:
            manifest = parse(data)
            if manifest["format"] != FORMAT:
                raise Unreadable("is of a format that this program does not know")
            for entry in manifest["files"]:
                _typed(entry["path"], str)
                _typed(entry["sha256"], str)
            for head in manifest["heads"].values():
                _typed(head["seq"], int)
                _typed(head["hash"], str)
            _typed(manifest["agreement_id"], str)
        except Unreadable as problem:
            self._fault(MANIFEST, 0, str(problem))
        except (KeyError, TypeError, AttributeError):
            self._fault(MANIFEST, 0, NOT_AS_MADE)
        else:
            self.manifest = manifest

    def _file(self, path: str, entry: dict[str, Any]) -> None:
        try:
            data = self.pack.read(path)
        except Exception as problem:  # whatever the unpacking stumbles over
            self._fault(path, 0, f"was altered: it cannot be read ({type(problem).__name__})")
            return
        if path.endswith(".jsonl"):
            self._rows(path, data, entry)
        elif path.startswith("terms/"):
            self._texts[path] = sha256(data)
        if sha256(data) != entry["sha256"] and not self._faulty(path):
            self._fault(path, 0, "was altered: it is not the file that the manifest names")

    # Rows

    def _rows(self, path: str, data: bytes, entry: dict[str, Any]) -> None:
        """Look at every row of a file, up to the first that is wrong."""
        lines = data.split(b"\n")
        unfinished = lines.pop()
        previous = GENESIS
        for number, line in enumerate(lines, 1):
            try:
                sealed = parse(line)
                row, stamp = sealed["row"], sealed["seal"]
                if sealed["n"] != number:
                    raise Unreadable(_out_of_place(lines, number, sealed["n"]))
                if len(sealed) != 3 or seal(path, previous, row) != stamp:
                    raise Unreadable("was altered: it does not match its seal")
                self._row(path, number, row)
            except Unreadable as problem:
                self._fault(path, number, str(problem))
                return
            except (KeyError, TypeError, AttributeError, ValueError):
                self._fault(path, number, NOT_AS_MADE)
                return
            previous = stamp
        if unfinished:
            self._fault(path, len(lines) + 1, "was altered: it has no end")
        elif entry.get("rows") != len(lines):
            counted, more = entry.get("rows"), len(lines) + 1
            dropped = isinstance(counted, int) and counted > len(lines)
            what = f"is missing: row {more} of {counted} was dropped" if dropped else "was added"
            self._fault(path, more if dropped else len(lines), what)
        elif entry.get("seal") != previous:
            self._fault(path, len(lines), "was altered: it is not the last that the manifest names")

    def _row(self, path: str, number: int, row: dict[str, Any]) -> None:
        """What one row says, as far as it can be held against what was read before."""
        if path.startswith("events/"):
            self._event(path, row)
        elif path == LEDGER:
            self._entry(number, row["entry"])
        elif path == "notifications.jsonl":
            self._notice(row)
        elif path == "terms.jsonl":
            self._terms.append(row)
        elif path == "invoices.jsonl":
            self._invoice(row)

    def _event(self, path: str, row: dict[str, Any]) -> None:
        workflow_id, event = row["workflow_id"], row["event"]
        chain = self.chains.setdefault(workflow_id, [])
        if self._where.setdefault(workflow_id, path) != path or len(set(self._where.values())) != len(
            self._where
        ):
            raise Unreadable("was moved: its workflow has a file of its own")
        if event["seq"] != len(chain) + 1:
            raise Unreadable(f"is missing: event {len(chain) + 1} was dropped, event {event['seq']} is next")
        previous = chain[-1]["hash"] if chain else GENESIS
        if row["previous"] != previous:
            raise Unreadable(f"was altered: event {event['seq']} does not continue the event before it")
        if event_hash(workflow_id, previous, event) != row["hash"]:
            raise Unreadable(f"was altered: event {event['seq']} does not match its hash")
        chain.append(row)

    def _entry(self, number: int, entry: dict[str, Any]) -> None:
        if entry["key"] in self._ledger:
            raise Unreadable(f"was added: an entry with the key {entry['key']} is there")
        if _typed(entry["amount"]["minor"], int) <= 0 or entry["debit"] == entry["credit"]:
            raise Unreadable("was altered: it does not move an amount from one account to another")
        self._ledger[entry["key"]], self._lines[entry["key"]] = entry, number

    def _notice(self, row: dict[str, Any]) -> None:
        workflow_id, seq, recipient = row["workflow_id"], row["event_seq"], row["recipient"]
        about = sha256(f"{workflow_id}\n{seq}\n{recipient}".encode())
        if not row["message_id"].startswith(f"<{seq}.{recipient}.{about[:32]}@"):
            raise Unreadable("was altered: its Message-ID is of another event or another recipient")
        if not self._faulty(self._where.get(workflow_id, "")) and self._of(workflow_id, seq) is None:
            raise Unreadable(f"tells of event {seq} of {workflow_id}, which is missing")

    def _invoice(self, row: dict[str, Any]) -> None:
        document = row["document"]
        if sha256(canonical(document)) != row["digest"]:
            raise Unreadable(f"was altered: {document['number']} does not match its digest")
        if sum(line["amount"]["minor"] for line in document["lines"]) != document["gross"]["minor"]:
            raise Unreadable(f"was altered: {document['number']} is not the sum of its lines")
        for event in [row["event"] for row in self.chains.get(self._own, [])]:
            told = event["payload"]
            if told.get("key") == document["key"] and told.get("digest", row["digest"]) != row["digest"]:
                raise Unreadable(f"was altered: event {event['seq']} tells of another {document['number']}")
        for file in row["files"]:
            if file["file"] not in self.pack.names or sha256(self.pack.read(file["file"])) != file["digest"]:
                raise Unreadable(f"was issued with another {file['file']}")

    # What must fit together

    def _of(self, workflow_id: str, seq: Any) -> dict[str, Any] | None:
        """An event with its hash; None when there is none."""
        chain = self.chains.get(workflow_id, [])
        return chain[seq - 1] if isinstance(seq, int) and 0 < seq <= len(chain) else None

    def _head(self, workflow_id: str, seq: int, known: str, last: bool = False) -> None:
        """An event whose hash is known, from elsewhere or from the manifest: there it is the last one."""
        path = self._where.get(workflow_id, MANIFEST)
        if self._faulty(path):
            return
        found, chain = self._of(workflow_id, seq), self.chains.get(workflow_id, [])
        if found is None:
            self._fault(path, len(chain) + 1, f"is missing: event {seq} of {workflow_id} is known")
        elif found["hash"] != known:
            what = (
                f"was rewritten: event {seq} of {workflow_id}, or one before it, is not the one that is known"
            )
            self._fault(path, seq, what)
        elif last and len(chain) > seq:
            self._fault(path, seq + 1, f"was added: the manifest ends with event {seq}")

    @property
    def _own(self) -> str:
        """The workflow of the agreement itself."""
        return f"agreement/{self.manifest.get('agreement_id')}"

    def _check_terms(self) -> None:
        """Every version of the terms is one that the agreement's events name, the first what was signed."""
        path = "terms.jsonl"
        if self._faulty(path) or self._faulty(self._where.get(self._own, "")):
            return
        events = [row["event"] for row in self.chains.get(self._own, [])]
        named = {digest for event in events for digest in _digests(event["payload"])}
        signed = {event["payload"].get("digest") for event in events if event["kind"] == "signed"}
        for line, row in enumerate(self._terms, 1):
            if row["digest"] not in named:
                self._fault(path, line, f"was altered: no event names these terms, version {row['version']}")
            elif line == 1 and signed - {row["digest"]}:
                self._fault(path, line, "was altered: other terms were signed")
            elif self._texts.get(row["file"], row["digest"]) != row["digest"]:
                self._fault(
                    row["file"],
                    0,
                    f"was altered: it is not version {row['version']} of the terms as on record",
                )

    def _check_ledger(self) -> None:
        """Every entry rests on its event, and every amount that an event tells was posted."""
        # Where a row is named already, what rests on it would only be named again.
        if self._faulty(LEDGER) or any(map(self._faulty, self._where.values())):
            return
        sums: Counter[str] = Counter()
        for key, entry in self._ledger.items():
            sums[entry["debit"]] += entry["amount"]["minor"]
            sums[entry["credit"]] -= entry["amount"]["minor"]
            fault = self._fault_of(entry)
            if fault is not None:
                self._fault(LEDGER, self._lines[key], fault)
        if sum(sums.values()):
            self._fault(LEDGER, 0, "debits and credits differ")
        for workflow_id, chain in self.chains.items():
            for row in chain:
                event, told = row["event"], row["event"]["payload"]
                for key, amount in _posted(self.manifest.get("agreement_id"), event["kind"], told):
                    if key not in self._ledger:
                        what = f"is missing: event {event['seq']} of {workflow_id} tells of {key}"
                        self._fault(LEDGER, len(self._ledger) + 1, what)
                    elif _minor(amount) != self._ledger[key]["amount"]["minor"]:
                        what = f"was altered: event {event['seq']} of {workflow_id} tells of {amount}"
                        self._fault(LEDGER, self._lines[key], what)

    def _fault_of(self, entry: dict[str, Any]) -> str | None:
        """What is wrong with what an entry rests on."""
        for other in (entry["reverses"], *entry["explanation"].get("because_of", ())):
            if other is not None and other not in self._ledger:
                return f"rests on the entry {other}, which is missing"
        if entry["event_seq"] is None:
            return None
        request_id = entry["request_id"]
        owner = f"request/{self.manifest.get('agreement_id')}/{request_id}" if request_id else self._own
        found = self._of(owner, entry["event_seq"])
        if found is None:
            return f"rests on event {entry['event_seq']} of {owner}, which is missing"
        event = found["event"]
        tells = event["payload"].get("key") == (entry["reverses"] or entry["key"])
        kinds = {"penalty": "penalty_accrued", "penalty_reversal": "penalty_reversed"}
        if request_id and entry["kind"] in kinds and not (tells and event["kind"] == kinds[entry["kind"]]):
            return f"was altered: event {event['seq']} of {owner} tells of something else"
        return None

    # Files that say again what rows say

    def _beside(self, path: str) -> None:
        if self._faulty(path):
            return
        try:
            if path == "ledger.csv":
                self._table(path)
            elif path.startswith("requests/") and path.endswith(".json"):
                self._request(parse(self.pack.read(path)))
            elif path.startswith("statements/") and path.endswith(".json"):
                self._statement(parse(self.pack.read(path)))
            elif path == "histories.jsonl":
                self._histories(path)
        except Unreadable as problem:
            self._fault(path, 0, str(problem))
        except (KeyError, TypeError, AttributeError, ValueError, IndexError, ArithmeticError):
            self._fault(path, 0, NOT_AS_MADE)

    def _table(self, path: str) -> None:
        if self._faulty(LEDGER):
            return
        made = ledger_table(self._ledger.values()).split("\n")
        found = self.pack.read(path).decode("utf-8-sig").split("\n")
        for line in range(max(len(made), len(found))):
            if made[line : line + 1] != found[line : line + 1]:
                self._fault(path, line + 1, f"was altered: it is not what {LEDGER} says")
                return

    def _request(self, told: dict[str, Any]) -> None:
        chain = self.chains.get(told["workflow_id"], [])
        path = self._where.get(told["workflow_id"], "")
        if self._faulty(path):
            return
        for place in range(max(len(chain), len(told["timeline"]))):
            row, shown = chain[place : place + 1], told["timeline"][place : place + 1]
            if not row or not shown or dict(row[0]["event"], hash=row[0]["hash"]) != shown[0]:
                raise Unreadable(f"was altered: event {place + 1} is not the one in {path}")
        for entry in told["entries"]:
            if not self._faulty(LEDGER) and self._ledger.get(entry["key"]) != entry:
                raise Unreadable(f"was altered: {entry['key']} is not the entry in {LEDGER}")
        for clock in told["clocks"] or ():
            fault = _fault_of_clock(clock)
            if fault is not None:
                raise Unreadable(f"was altered: the {clock['target']} clock {fault}")

    def _statement(self, told: dict[str, Any]) -> None:
        found = told["statement"]
        balance = 0
        for line in found["lines"]:
            balance += line["amount"]["minor"]
            if line["balance"]["minor"] != balance:
                raise Unreadable(f"was altered: the line {line['kind']} {line['about']} does not add up")
        owed = sum(line["amount"]["minor"] for line in found["penalties"])
        for name, total in (("owed", balance), ("penalties_owed", owed), ("net", balance - owed)):
            if found[name]["minor"] != total:
                raise Unreadable(f"was altered: {name} is not the sum of its lines")
        if self._faulty(LEDGER):
            return
        ends = _instant(told["day_ends"])
        accounts: Counter[str] = Counter()
        penalties = {}
        for key, entry in self._ledger.items():
            if _instant(entry["effective_at"]) < ends:
                minor = entry["amount"]["minor"]
                accounts[entry["debit"]] += minor
                accounts[entry["credit"]] -= minor
                if "penalty_payable" in (entry["debit"], entry["credit"]):
                    penalties[key] = minor if entry["credit"] == "penalty_payable" else -minor
        if {line["key"]: line["amount"]["minor"] for line in found["penalties"]} != penalties:
            raise Unreadable(f"was altered: its penalties are not those of {LEDGER}")
        if told["accounts"] != {name: total for name, total in accounts.items() if total}:
            raise Unreadable(f"was altered: its accounts are not what {LEDGER} adds up to")

    def _histories(self, path: str) -> None:
        runs = [parse(line)["row"] for line in self.pack.read(path).split(b"\n")[:-1]]
        known = {(run["workflow_id"], run["run_id"]) for run in runs}
        for line, run in enumerate(runs, 1):
            if run["previous_run"] and (run["workflow_id"], run["previous_run"]) not in known:
                self._fault(path, line, f"continues run {run['previous_run']}, which is missing")
            elif run["file"] and run["file"] not in self.pack.names:
                self._fault(path, line, f"names {run['file']}, which is missing")


def _out_of_place(lines: Sequence[bytes], number: int, found: Any) -> str:
    """What is wrong where a row has the number of another."""
    start = b'{"n":%d,' % number
    if any(line.startswith(start) for line in lines):
        return f"was moved: row {found} stands where row {number} belongs"
    return f"is missing: row {number} was dropped, row {found} is next"


def _typed(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(kind.__name__)
    return value


def _digests(payload: Any) -> list[str]:
    return re.findall('"([0-9a-f]{64})"', json.dumps(payload))


def _posted(agreement_id: Any, kind: str, told: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """The entries that an event tells of: key and amount."""
    if kind == "penalty_accrued":
        yield told["key"], told["amount"]
    elif kind == "penalty_reversed":
        yield f"reversal:{told['key']}", told["amount"]
    elif kind == "bill_issued":
        name = told["number"] if told.get("period") is None else told["period"]
        for key, amount in (
            (f"bill:{agreement_id}:{name}", "amount"),
            (f"set-off:{agreement_id}:{told['number']}", "set_off"),
        ):
            if _minor(told.get(amount, "0")):
                yield key, told[amount].lstrip("-")


def _minor(amount: str) -> int:
    """``200.00`` → 20000: amounts are written with all digits of their currency."""
    return int(amount.replace(".", ""))


def _fault_of_clock(clock: dict[str, Any]) -> str | None:
    """A due is where the segments of service time, outside every pause, reach the budget."""
    spans = [(_instant(span["from"]), _instant(span["to"])) for span in clock["segments"]]
    pauses = [(_instant(pause["from"]), pause["to"] and _instant(pause["to"])) for pause in clock["pauses"]]
    for place, (begin, end) in enumerate(spans):
        if begin >= end or (place and spans[place - 1][1] > begin):
            return "has segments that overlap"
        if any(begin < (until or end) and since < end for since, until in pauses):
            return "runs within a pause"
    if clock["due"] is None:
        return None
    run = sum((end - begin for begin, end in spans), timedelta(0)) // _MICROSECOND
    # A budget is kept in microseconds and written in hours.
    if abs(run - Fraction(clock["budget_hours"]) * 3_600_000_000) >= 1:
        return "does not add up to its budget"
    ends = [spans[-1][1]] + ([_instant(clock["not_before"])] if clock["not_before"] else [])
    return None if _instant(clock["due"]) == max(ends) else "does not end at its due"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))  # Python 3.9 does not know the Z


COLUMNS = (
    *("key", "kind", "clause", "effective_at", "debit", "credit", "minor", "currency", "terms_version"),
    *("request_id", "event_seq", "reverses", "party", "person", "reason", "formula"),
)


def ledger_table(entries: Iterable[dict[str, Any]]) -> str:
    """The ledger as a table for a spreadsheet, amounts in minor units."""
    made = io.StringIO()
    table = csv.writer(made, lineterminator="\n")
    table.writerow(COLUMNS)
    for entry in entries:
        told = dict(entry, formula=entry["explanation"].get("formula"), **entry["amount"])
        table.writerow([_cell(told[name]) for name in COLUMNS])
    return made.getvalue()


def _cell(value: Any) -> str:
    """Text that a spreadsheet does not take for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") and text else text


# The command line


def known_head(text: str) -> tuple[str, int, str]:
    """``agreement/A-1:7:3fa9…``."""
    found = re.fullmatch("(.+):([0-9]+):([0-9a-fA-F]{64})", text)
    if found is None:
        raise argparse.ArgumentTypeError("WORKFLOW:SEQ:HASH, such as agreement/A-1:7:3fa9…")
    return found.group(1), int(found.group(2)), found.group(3).lower()


def head_of_mail(path: str) -> tuple[str, int, str]:
    """The event that a mailed notice tells of, by its headers."""
    try:
        with open(path, "rb") as file:
            mail = message_from_bytes(file.read(), policy=policy.default)
    except OSError as problem:
        raise argparse.ArgumentTypeError(f"{path}: {problem.strerror}") from None
    names = (str(mail[f"Aftercare-{name}"] or "").strip() for name in ("Agreement", "Request", "Chain"))
    agreement_id, request_id, chain = names
    if not agreement_id or not chain:
        raise argparse.ArgumentTypeError(f"{path} is no notice of an event: it has no header Aftercare-Chain")
    workflow_id = f"request/{agreement_id}/{request_id}" if request_id else f"agreement/{agreement_id}"
    return known_head(":".join([workflow_id, *chain.split()]))


def main(arguments: Sequence[str]) -> int:
    described = argparse.RawDescriptionHelpFormatter
    command = argparse.ArgumentParser(description=__doc__, formatter_class=described)
    here = os.path.dirname(os.path.abspath(__file__))
    command.add_argument("pack", metavar="PACK", nargs="?", default=here)
    command.add_argument("--digest", metavar="SHA256")
    command.add_argument("--head", metavar="WORKFLOW:SEQ:HASH", type=known_head, action="append", default=[])
    command.add_argument("--mail", metavar="FILE", type=head_of_mail, action="append", default=[])
    command.add_argument("--json", action="store_true", help="print JSON, for programs")
    given = command.parse_args(arguments)
    try:
        pack: Zipped | Unpacked = Unpacked(given.pack) if os.path.isdir(given.pack) else Zipped(given.pack)
        look = Verifying(pack).run(given.digest, given.head + given.mail)
    except (OSError, zipfile.BadZipFile, Unreadable) as problem:
        print(f"{given.pack} is no evidence pack: {problem}", file=sys.stderr)
        return 2
    if given.json:
        faults = [{"file": path, "line": line, "what": what} for path, line, what in look.faults]
        print(json.dumps({"sound": not faults, "digest": look.digest, "faults": faults}))
    elif look.faults:
        for path, line, what in look.faults:
            print(f"{path}, line {line}: {what}" if line else f"{path}: {what}")
        print(f"NOT SOUND: {len(look.faults)} finding(s)")
    else:
        events = sum(map(len, look.chains.values()))
        print(f"sound: {len(pack.names)} files, {len(look.chains)} chains, {events} events")
        print(f"digest of this pack: {look.digest}")
    return 1 if look.faults else 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))

"""What goes into an evidence pack, and how it is laid out (C9.2, C6.2.3).

Rows are evidence, pages are for reading. The same facts make the same bytes: nothing in a pack says when,
where or by whom it was made, but of which day it is.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import rfc8785
from temporalio.client import Client
from temporalio.converter import PayloadCodec

from contract.deadlines import CLAUSES, read
from contract.facts import Account, TermsDocument
from contract.judging import explain_clock, iso
from contract.reading import read_terms
from contract.request_file import RequestFile
from contract.service_hours import CalendarYear
from contract.statements import Statement
from contract.terms import Target
from documents.errors import CannotPrint
from records.evidence import Chain, Invoiced, Ledger, Notices, Outline, Piece, Stated
from records.results import RecordedEvent
from records.store import RecordStore
from starter.evidence.pages import request_page, statement_page
from starter.evidence.papers import papers
from starter.evidence.parcel import Parcel
from starter.evidence.remembered import Missing, runs_of
from starter.evidence.verify import Verifying, Zipped, canonical, ledger_table
from workflows.ids import resending_workflow_id

HERE = files("starter.evidence")
_UNSAFE = re.compile("[^A-Za-z0-9._-]")


@dataclass(slots=True)
class Packed:
    """What a pack came to. ``faults``: what its own verifier finds in it: path, line or 0, and what."""

    digest: str = ""
    as_of: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    faults: list[tuple[str, int, str]] = field(default_factory=list)
    not_printed: str | None = None
    """Why documents are left out; None when none is."""


class _Packing:
    """Takes an agreement's record piece by piece and lays it down."""

    def __init__(self, parcel: Parcel, expect: Callable[[int], None], done: Callable[[], None]) -> None:
        self._parcel = parcel
        self._expect = expect
        self._done = done
        self.told: dict[str, Any] = {}
        self.workflows: dict[str, int] = {}
        """Each workflow's id, with the number of its events."""
        self.counts = dict.fromkeys(
            (
                *("terms", "requests", "events", "entries", "notifications", "invoices", "statements"),
                *("documents", "calendars", "histories", "histories_missing", "payloads_encrypted"),
            ),
            0,
        )
        self._heads: dict[str, dict[str, Any]] = {}
        self._postings: list[tuple[datetime, Account, Account, int]] = []
        self._invoices: list[dict[str, Any]] = []
        self._stated: list[Statement] = []
        self._terms: tuple[TermsDocument, ...] = ()
        self._own: tuple[RecordedEvent, ...] = ()
        self.not_printed: str | None = None

    def take(self, piece: Piece) -> None:
        match piece:
            case Outline():
                self._begin(piece)
            case Chain():
                self._chain(piece)
                self._done()
            case CalendarYear():
                path = f"calendars/{piece.country}-{piece.year}-{piece.digest[:12]}.json"
                self._parcel.add(path, rfc8785.dumps(piece.model_dump(mode="json")))
                self.counts["calendars"] += 1
            case Ledger():
                self._ledger(piece)
            case Notices():
                with self._parcel.rows("notifications.jsonl") as rows:
                    for sent in piece.sent:
                        if sent.event_seq <= self.workflows.get(sent.workflow_id, 0):
                            rows.add(sent.model_dump(mode="json"))
                    self.counts["notifications"] = rows.count
            case Invoiced():
                self._invoice(piece)
            case Stated():
                self._state(piece)

    def _begin(self, outline: Outline) -> None:
        agreement = outline.agreement
        self.told = {
            "agreement_id": agreement.agreement_id,
            "provider_id": agreement.provider_id,
            "customer_id": agreement.customer_id,
            "as_of": outline.as_of.isoformat(),
            "made_with": f"aftercare {version('aftercare')}",
        }
        self._expect(outline.chains)
        self._terms = outline.terms
        with self._parcel.rows("terms.jsonl") as rows:
            for document in outline.terms:
                row = document.model_dump(mode="json", exclude={"canonical"})
                rows.add(row | {"file": f"terms/version-{document.version}.json"})
            self.counts["terms"] = rows.count
        for document in outline.terms:
            self._parcel.add(f"terms/version-{document.version}.json", document.canonical.encode())

    def _chain(self, chain: Chain) -> None:
        stem = "agreement" if chain.request_id is None else f"request-{chain.request_id}"
        self.workflows[chain.workflow_id] = len(chain.events)
        if chain.events:
            last = chain.events[-1]
            self._heads[chain.workflow_id] = {"seq": last.event.seq, "hash": last.hash}
        self.counts["events"] += len(chain.events)
        with self._parcel.rows(self._parcel.named(f"events/{stem}", ".jsonl")) as rows:
            for row in chain.events:
                rows.add(row.model_dump(mode="json"))
        if chain.request_id is None:
            self._own = chain.events
        else:
            self.counts["requests"] += 1
            told = request_told(chain, read_terms(self._terms[-1].canonical).time_zone)
            path = self._parcel.named(f"requests/{stem}", ".json")
            self._parcel.add(path, canonical(told))
            self._parcel.add(path.removesuffix(".json") + ".html", request_page(told))

    def _ledger(self, ledger: Ledger) -> None:
        entries = []
        with self._parcel.rows("ledger.jsonl") as rows:
            for posted in ledger.entries:
                rows.add(posted.model_dump(mode="json"))
                entry = posted.entry
                entries.append(entry)
                self._postings.append((entry.effective_at, entry.debit, entry.credit, entry.amount.minor))
            self.counts["entries"] = rows.count
        table = ledger_table(entry.model_dump(mode="json") for entry in entries)
        self._parcel.add("ledger.csv", ("\ufeff" + table).encode())

    def _state(self, stated: Stated) -> None:
        accounts: dict[str, int] = {}
        for at, debit, credit, minor in self._postings:
            if at < stated.day_ends:
                accounts[debit] = accounts.get(debit, 0) + minor
                accounts[credit] = accounts.get(credit, 0) - minor
        told = {
            "statement": stated.statement.model_dump(mode="json"),
            "day_ends": iso(stated.day_ends),
            "accounts": {name: total for name, total in accounts.items() if total},
        }
        path = f"statements/{stated.statement.as_of.isoformat()}"
        self._parcel.add(f"{path}.json", canonical(told))
        self._parcel.add(f"{path}.html", statement_page(told))
        self.counts["statements"] += 1
        self._stated.append(stated.statement)

    def _invoice(self, invoiced: Invoiced) -> None:
        record = invoiced.record
        kept = []
        for file in invoiced.files:
            path = f"invoices/{record.document.number}/{_UNSAFE.sub('_', file.name)}"
            self._parcel.add(path, file.content)
            kept.append(file.model_dump(mode="json", exclude={"content"}) | {"file": path})
        # As its digest has it.
        document = record.document.model_dump(mode="json", exclude_none=True)
        self._invoices.append(record.model_dump(mode="json") | {"document": document, "files": kept})

    def documents(self) -> None:
        """The agreement and its statements on paper; where they cannot be printed, why not."""
        with self._parcel.rows("invoices.jsonl") as rows:
            for row in self._invoices:
                rows.add(row)
            self.counts["invoices"] = rows.count
        for printed in papers(self._terms, self._own, self._stated):
            try:
                for name, data in printed():
                    self._parcel.add(f"documents/{name}", data)
                    self.counts["documents"] += 1
            except CannotPrint as problem:
                self.not_printed = self.not_printed or str(problem)
            except Exception as problem:  # a fault of ours must not keep the evidence back
                self.not_printed = self.not_printed or f"a fault of aftercare's own: {type(problem).__name__}"
            self._done()

    async def histories(
        self,
        store: RecordStore,
        client: Client | None,
        codec: PayloadCodec | None,
        until: datetime | None,
    ) -> None:
        """The engine's histories, and a row for each run, also for those that are missing."""
        index: list[dict[str, Any]] = []
        # Notices that were sent again have workflows of their own.
        kept = await store.histories_of(self.told["agreement_id"])
        helpers = [name for name in map(resending_workflow_id, self.workflows) if name in kept]
        workflows = [*self.workflows, *helpers]
        self._expect(len(workflows) + len(self._stated))
        for workflow_id in workflows:
            stem = "histories/" + workflow_id.replace(f"/{self.told['agreement_id']}", "", 1).replace(
                "/", "-"
            )
            async for found in runs_of(store, client, codec, workflow_id, until):
                if isinstance(found, Missing):
                    self.counts["histories_missing"] += 1
                    gone = {"previous_run": None, "outcome": "missing", "file": None}
                    index.append({"workflow_id": workflow_id, "run_id": found.run_id} | gone)
                    continue
                path = self._parcel.named(stem, ".json")
                self._parcel.add(path, found.content)
                self.counts["histories"] += 1
                self.counts["payloads_encrypted"] += found.encrypted
                index.append(
                    found.run.model_dump(mode="json")
                    | {
                        "file": path,
                        "from": "record" if found.from_record else "engine",
                        "payloads": {"read": found.read, "encrypted": found.encrypted},
                        "keys_missing": sorted(found.keys_missing),
                    }
                )
            self._done()
        with self._parcel.rows("histories.jsonl") as rows:
            for row in index:
                rows.add(row)

    def finish(self) -> str:
        for name in ("README.md", "verify.py"):
            self._parcel.add(name, HERE.joinpath(name).read_bytes())
        return self._parcel.close(self.told | {"heads": self._heads, "counts": self.counts})


async def pack(
    store: RecordStore,
    agreement_id: str,
    target: Path,
    *,
    client: Client | None = None,
    codec: PayloadCodec | None = None,
    today: datetime | None = None,
    until: datetime | None = None,
    expect: Callable[[int], None] = lambda count: None,
    done: Callable[[], None] = lambda: None,
) -> Packed | None:
    """Write the evidence pack of an agreement to a file, and look at it as whoever receives it would.

    ``client`` is asked for histories that are not on record, ``codec`` decrypts them. ``until``: only what
    had happened by that instant of contract time. ``expect`` is told how many steps more there are, ``done``
    of each. None for an agreement that is not on record; then, and when it fails, nothing is written.
    """
    handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)  # it is for its owner only, and stays so: the pack is in clear
    parcel = Parcel(unfinished)
    try:
        packing = _Packing(parcel, expect, done)
        if not await store.evidence(agreement_id, packing.take, today=today, until=until):
            return None
        await packing.histories(store, client, codec, until)
        packing.documents()
        digest = packing.finish()
        faults = Verifying(Zipped(unfinished)).run(digest).faults
        os.replace(unfinished, target)
        return Packed(digest, str(packing.told["as_of"]), packing.counts, faults, packing.not_printed)
    finally:
        parcel.abandon()
        with suppress(FileNotFoundError):
            os.unlink(unfinished)


def request_told(chain: Chain, zone: str) -> dict[str, Any]:
    """A request as it can be redone by hand: what happened, each clock with its segments, what was posted."""
    file = chain.request
    submitted = chain.events[0].event.payload
    return {
        "workflow_id": chain.workflow_id,
        "request_id": chain.request_id,
        "time_zone": zone,
        "service": submitted.get("service"),
        "title": submitted.get("title"),
        "description": submitted.get("description"),
        "state": None if file is None else file.state.value,
        "priority": None if file is None else file.priority.value,
        "terms_version": None if file is None else file.terms.version,
        "clocks": None if file is None else list(_clocks(file, chain.events[-1].event.at)),
        "timeline": [row.event.model_dump(mode="json") | {"hash": row.hash} for row in chain.events],
        "entries": [posted.entry.model_dump(mode="json") for posted in chain.posted],
    }


def _clocks(file: RequestFile, now: datetime) -> Iterable[dict[str, Any]]:
    """Each target's clock as of the last event, and those of the resolution that another priority ended."""
    for target in Target:
        reading = read(file, target)
        if reading is None:
            continue
        for basis in [*(file.past_bases if target is Target.RESOLVE else ()), file.bases[target]]:
            now_counts = basis is file.bases[target]
            yield {
                "target": target.value,
                "clause": CLAUSES[target],
                "until": iso(basis.until),
                **explain_clock(file, target, basis),
                "stopped": iso(reading.stopped) if now_counts else None,
                "late": reading.is_late(now) if now_counts else None,
            }

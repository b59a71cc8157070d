"""`aftercare agreement evidence`: all that is on record of an agreement, in a file that proves itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from starter import given
from starter.commands.options import AgreementId, AsJson
from starter.errors import NotReached, Unknown
from starter.exits import ExitCode
from starter.lookup import agreement_on_record
from starter.progress import progress
from starter.reaching import record_store, settings, temporal
from starter.showing.paper import facts, say
from starter.showing.plain import print_json

if TYPE_CHECKING:
    from temporalio.client import Client
    from temporalio.converter import PayloadCodec

    from starter.evidence.packing import Packed

_SHOWN = {
    "terms": "versions of the terms",
    "requests": "requests",
    "events": "events in hash chains",
    "entries": "entries of the ledger",
    "statements": "statements",
    "invoices": "invoices and credit notes",
    "documents": "documents as PDF",
    "notifications": "notices sent",
    "calendars": "calendar years",
    "histories": "histories of the engine",
}


def evidence(
    agreement: AgreementId,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="The file to write. [default: evidence-ID.zip]"),
    ] = None,
    until: Annotated[
        date | None,
        typer.Option("--until", parser=given.day, metavar="DAY", help="Only up to the end of this day."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put all that is on record of an agreement into one file that proves itself (C9.2, C6.2.3)."""
    target = (to or Path(f"evidence-{agreement}.zip")).absolute()
    if not target.parent.is_dir():
        raise typer.BadParameter(f"given {to}; allowed: a file in a folder that is there")
    asyncio.run(_evidence(agreement, target, until, as_json))


async def _evidence(agreement_id: str, target: Path, until: date | None, as_json: bool) -> None:
    # Only here: what the engine speaks is heavy, and most commands of this group do without.
    from starter.evidence.packing import pack
    from starter.operating.engine import answering

    async with record_store() as store:
        _, terms = await agreement_on_record(store, agreement_id)
        ends = None if until is None else _end_of(until, ZoneInfo(terms.time_zone))
        client = None if ends is not None else await _engine()
        with progress(as_json) as bar, answering():
            task = bar.add_task("packing evidence", total=0)
            packed = await pack(
                store,
                agreement_id,
                target,
                client=client,
                codec=_codec(),
                until=ends,
                expect=_expecting(lambda total: bar.update(task, total=total)),
                done=lambda: bar.advance(task),
            )
    if packed is None:
        raise Unknown(f"there is no agreement {agreement_id} on record")
    if as_json:
        print_json(_told(target, packed, asked=client is not None))
    else:
        _show(target, packed, asked=client is not None, cut=ends is not None)
    if packed.faults:
        raise typer.Exit(ExitCode.DIFFERENT)


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    """The last instant of a local day that a record can name."""
    following = datetime.combine(day + timedelta(days=1), datetime.min.time()).replace(tzinfo=zone)
    return following.astimezone(UTC) - timedelta(microseconds=1)


async def _engine() -> Client | None:
    """The engine, for histories of what still runs; None where it does not answer."""
    from runtime.connection import Unreachable

    try:
        return await temporal()
    except (NotReached, Unreachable):
        return None


def _codec() -> PayloadCodec | None:
    """What decrypts histories; None without keys: then they stay encrypted, and the pack says so."""
    from runtime.keyring import KeysFaulty
    from runtime.keys import payload_codec

    try:
        return payload_codec(settings())
    except KeysFaulty:
        return None


def _expecting(tell: Callable[[int], None]) -> Callable[[int], None]:
    total = 0

    def more(count: int) -> None:
        nonlocal total
        total += count
        tell(total)

    return more


def _told(target: Path, packed: Packed, asked: bool) -> dict[str, object]:
    faults = [{"file": path, "line": line, "what": what} for path, line, what in packed.faults]
    return {
        "file": str(target),
        "digest": packed.digest,
        "as_of": packed.as_of,
        "engine_asked": asked,
        "sound": not faults,
        "faults": faults,
        "not_printed": packed.not_printed,
        **packed.counts,
    }


def _show(target: Path, packed: Packed, *, asked: bool, cut: bool) -> None:
    rows = [(name, str(packed.counts[key])) for key, name in _SHOWN.items()]
    say(facts([("written", str(target)), ("as of", packed.as_of), *rows, ("digest", packed.digest)]))
    missing, encrypted = packed.counts["histories_missing"], packed.counts["payloads_encrypted"]
    if missing:
        say(f"{missing} histories are missing: the engine had forgotten them before they were put on record")
    if encrypted:
        say(f"{encrypted} payloads of histories are left encrypted: their keys are not here")
    if packed.not_printed is not None:
        say(f"documents are left out: {packed.not_printed}")
    if not asked and not cut:
        say("the engine does not answer: histories of what still runs are not in it")
    for path, line, what in packed.faults:
        say(f"{path}, line {line}: {what}" if line else f"{path}: {what}")
    say("NOT SOUND: the record was tampered with" if packed.faults else "sound; keep the digest, both of you")

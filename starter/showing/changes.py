"""Changes of an agreement for people: versions of the terms, what differs, what is open (C4.2, C7.2, C10)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table

from contract.agreement_changes import ChangesStanding
from contract.differences import Difference
from contract.facts import AgreementSnapshot, Event, TermsDocument
from contract.negotiations import OpenChange
from contract.values import Instant, Model
from starter.showing.paper import DIM, GOOD, NOTED, NOTHING, exactly, facts, marked, money, table, words


class VersionShown(Model):
    """A version of the terms as it is shown."""

    version: int
    digest: str
    effective_at: Instant | None
    clause: str
    why: str
    state: str
    """``in_force``, ``to_come`` or ``past``."""


def version(view: AgreementSnapshot, document: TermsDocument, agreed: Event | None) -> VersionShown:
    """A version with how it was agreed: by the signatures, or as its event says."""
    compared = (document.version > view.terms_version) - (document.version < view.terms_version)
    return VersionShown(
        version=document.version,
        digest=document.digest,
        effective_at=view.effective_at if agreed is None else document.effective_at,
        clause="C4.1" if agreed is None else agreed.clause,
        why="the agreement as signed" if agreed is None else agreed.payload["why"],
        state={1: "to_come", 0: "in_force", -1: "past"}[compared],
    )


def versions(found: Sequence[VersionShown], zone: ZoneInfo) -> Table:
    """The versions of an agreement's terms."""
    made = table(
        "Versions of the terms", "version", "state", "from", "clause", "by", "digest", right=["version"]
    )
    styles = {"in_force": GOOD, "to_come": NOTED, "past": DIM}
    for one in found:
        made.add_row(
            str(one.version),
            marked(words(one.state), styles[one.state]),
            exactly(one.effective_at, zone) if one.effective_at else NOTHING,
            one.clause,
            one.why,
            one.digest,
        )
    return made


def differences(found: Sequence[Difference], title: str) -> Table:
    """Fields that differ."""
    made = table(title, "field", "clause", "before", "after")
    for one in found:
        made.add_row(one.path, one.clause, _value(one.before), _value(one.after))
    return made


def _value(value: Any) -> str:
    match value:
        case None:
            return NOTHING
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def standing_lines(standing: ChangesStanding, zone: ZoneInfo) -> list[str]:
    """The answer to a command: the terms in force, those to come, and what is open."""
    lines = [f"agreement {standing.agreement_id}: version {standing.terms_version} of the terms is in force"]
    for one in standing.versions:
        if one.number > standing.terms_version and one.effective_at is not None:
            begins = exactly(one.effective_at, zone)
            lines.append(f"version {one.number} takes effect {begins}: {one.why} ({one.clause})")
    lines += [_open_line(one, zone) for one in standing.open]
    if standing.ends_early and standing.ends_at is not None:
        lines.append(f"it ends early, as both agreed: {exactly(standing.ends_at, zone)} (C4.2)")
    return lines


def _open_line(one: OpenChange, zone: ZoneInfo) -> str:
    what = f"{words(one.what)} {one.number}"
    if one.amount is not None:
        what += f", {money(one.amount)} from {one.effective_on}, offered by the {one.by}"
    if one.last_day is not None:
        what += f", ends with {one.last_day}"
    line = f"{what}: the {one.by.other} may answer until {exactly(one.until, zone)} ({one.clause})"
    return line if one.digest is None else f"{line}\n  digest {one.digest}"


def amendment(event: Event, until: datetime, zone: ZoneInfo) -> list[RenderableType]:
    """An amendment as it was proposed: what is signed by consenting to it."""
    told: Mapping[str, Any] = event.payload
    found = [Difference.model_validate(change) for change in told["changes"]]
    rows: list[tuple[str, RenderableType]] = [
        ("amendment", str(told["number"])),
        ("proposed by", f"{event.person}, {told['title']} ({event.party})"),
        ("changes", f"version {told['base']}"),
        ("from", told["effective_on"] or "the consent"),
        ("may be answered until", exactly(until, zone)),
        ("digest", told["digest"]),
        ("text", told["text"]),
    ]
    return [facts(rows), "", differences(found, "What would change") if found else "no term changes"]

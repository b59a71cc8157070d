"""What a person gave on the command line, read as the contract's values.

A word that cannot be read is a mistake of usage; a document with faults is :class:`Faulty`, with all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer
from pydantic import TypeAdapter, ValidationError

from contract.faults import Fault, Faulty, faults_of, one_line
from contract.parties import Actor
from contract.reading import check_terms, parse
from contract.taking_over_rules import faults_of_instants
from contract.terms import TermSheet
from contract.values import Identifier
from starter.countries import unknown_country

_PERIODS = re.compile(r"^(?P<begin>[^/]+)/(?P<end>[^/]*)$")
_LENGTH = re.compile(r"^(?:(\d{1,5})d)?(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,5})s)?$")

_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)


def actor(text: str) -> Actor:
    """``provider:Li Ming``: a party, by its role or its party_id, and the person who acts in its name."""
    party, colon, person = text.partition(":")
    if not colon:
        raise typer.BadParameter(f"given {text!r}; allowed: PARTY:PERSON, such as provider:Li Ming")
    try:
        return Actor(party=party.strip(), person=person)
    except ValidationError as problem:
        raise typer.BadParameter(one_line(faults_of(problem, "C1"))) from None


def local_time(text: str) -> datetime:
    """An ISO 8601 time in whole seconds, with its offset or without one (then in the contract's zone)."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.microsecond:
        raise typer.BadParameter(
            f"given {text!r}; allowed: a time in whole seconds, such as 2026-03-02T09:00 "
            "or 2026-03-02T09:00:00+08:00"
        )
    return found


def stamp(text: str) -> datetime:
    """When a command happened: a time that says its offset, for no agreement has been looked up yet."""
    found = local_time(text)
    if found.tzinfo is None:
        raise typer.BadParameter(f"given {text!r}; allowed: a time with its offset, such as {text}+08:00")
    return found


def instant(found: datetime, zone: ZoneInfo) -> datetime:
    """A local time as an instant: one that does not exist moves forward, of two it is the first (§3)."""
    local = found if found.tzinfo is not None else found.replace(tzinfo=zone, fold=0)
    return local.astimezone(UTC)


def day(text: str) -> date:
    """A day of the contract, ``2026-03-02``."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"given {text!r}; allowed: a day, such as 2026-03-02") from None


def length(text: str) -> timedelta:
    """A length of time, such as ``2h``, ``90m`` or ``1d12h``; more than none."""
    found = _LENGTH.match(text.replace(" ", "").lower())
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    long = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not long:
        what = "more than none" if found and any(found.groups()) else "a length of time"
        raise typer.BadParameter(f"given {text!r}; allowed: {what}, such as 2h, 90m or 1d12h")
    return long


def identifier(text: str) -> str:
    """The id of an agreement or a request."""
    try:
        return _IDENTIFIER.validate_python(text)
    except ValidationError as problem:
        raise typer.BadParameter(one_line(faults_of(problem))) from None


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which a clock is held; without an end it still is."""

    begin: datetime
    end: datetime | None


def pause(text: str) -> Pause:
    """``FROM/TO``, or ``FROM/`` for a pause that has not ended."""
    found = _PERIODS.match(text)
    if found is None:
        raise typer.BadParameter(f"given {text!r}; allowed: FROM/TO, or FROM/ while it lasts")
    end = found["end"]
    return Pause(local_time(found["begin"]), local_time(end) if end else None)


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, or a time of day, of the contract."""

    value: date | datetime

    def begins(self, zone: ZoneInfo) -> datetime:
        """The instant itself, or the beginning of the day."""
        if isinstance(self.value, datetime):
            return instant(self.value, zone)
        return instant(datetime.combine(self.value, time()), zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        """The instant itself, or the end of the day."""
        if isinstance(self.value, datetime):
            return instant(self.value, zone)
        return instant(datetime.combine(self.value + timedelta(days=1), time()), zone)


def moment(text: str) -> Moment:
    """``2026-03-02``, or a time as :func:`local_time` reads it."""
    try:
        return Moment(date.fromisoformat(text))
    except ValueError:
        return Moment(local_time(text))


def content(path: Path) -> bytes:
    """What is in a file."""
    try:
        return path.read_bytes()
    except OSError as problem:
        raise typer.BadParameter(f"{path}: {problem.strerror or problem}") from None


def words(path: Path) -> str:
    """The text of a file; raises Faulty when it is not text."""
    try:
        return content(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        fault = Fault(path="", clause="§2", given="bytes that are no UTF-8", allowed="text in UTF-8")
        raise Faulty(str(path), [fault]) from None


def document(path: Path) -> Any:
    """The plain data of a YAML or JSON file, numbers exact, dates as text; raises Faulty."""
    try:
        return parse(words(path))
    except Faulty as problem:
        raise Faulty(str(path), problem.faults) from None


def sheet(path: Path) -> TermSheet:
    """The term sheet in a file; raises Faulty with every fault."""
    found = document(path)
    faults = _unknown_country(found) + faults_of_instants(found)
    try:
        terms = check_terms(found)
    except Faulty as problem:
        raise Faulty(str(path), problem.faults + faults) from None
    if faults:
        raise Faulty(str(path), faults)
    return terms


def _unknown_country(found: Any) -> list[Fault]:
    """Told beside the faults of the model, of which a country of another shape is one."""
    hours = found.get("service_hours") if isinstance(found, dict) else None
    country = hours.get("holidays") if isinstance(hours, dict) else None
    return unknown_country(country) if isinstance(country, str) else []

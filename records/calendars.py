"""Snapshots of the exceptional days of a country's year, kept for replay and for proof (contract §3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import rfc8785
from sqlalchemy import Connection, func, select, text

from contract.service_hours import CalendarYear
from records.schema import calendar_years

LOCK = 7_203_114_002
"""The advisory lock of PostgreSQL under which a newest snapshot stays the newest (SQLite has one writer)."""


def keep(connection: Connection, year: CalendarYear, recorded_at: datetime) -> bool:
    """Store a snapshot as the newest of its year; False when the newest says the same already.

    Waits for admissions under way, so that whoever looks for open requests afterwards finds theirs.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
    newest = newest_of(connection, year.country, [year.year]).get(year.year)
    if newest is not None and newest.digest == year.digest:
        return False
    row = {
        "country": year.country,
        "year": year.year,
        "digest": year.digest,
        "announced": year.announced,
        "canonical": rfc8785.dumps(year.model_dump(mode="json")).decode(),
        "recorded_at": recorded_at,
    }
    connection.execute(calendar_years.insert(), row)
    return True


def newest_of(connection: Connection, country: str, years: Iterable[int]) -> dict[int, CalendarYear]:
    """The newest snapshot of each of the years; years without one are left out."""
    newest = (
        select(func.max(calendar_years.c.position))
        .where(calendar_years.c.country == country, calendar_years.c.year.in_(list(years)))
        .group_by(calendar_years.c.year)
    )
    found = connection.scalars(
        select(calendar_years.c.canonical).where(calendar_years.c.position.in_(newest))
    )
    snapshots = [CalendarYear.model_validate_json(canonical) for canonical in found]
    return {snapshot.year: snapshot for snapshot in snapshots}


def hold_newest(connection: Connection, digests: Collection[str]) -> bool:
    """Whether all the snapshots are the newest of their years; they stay it until the transaction's end."""
    if not digests:
        return True
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:number)"), {"number": LOCK})
    later = calendar_years.alias()
    newest = (
        select(func.max(later.c.position))
        .where(later.c.country == calendar_years.c.country, later.c.year == calendar_years.c.year)
        .scalar_subquery()
    )
    found = connection.scalars(
        select(calendar_years.c.digest).where(
            calendar_years.c.digest.in_(list(digests)), calendar_years.c.position == newest
        )
    )
    return set(found) == set(digests)


def by_digest(connection: Connection, digest: str) -> CalendarYear | None:
    """The snapshot a workflow rests on, however old."""
    canonical = connection.scalars(
        select(calendar_years.c.canonical).where(calendar_years.c.digest == digest).limit(1)
    ).one_or_none()
    return None if canonical is None else CalendarYear.model_validate_json(canonical)

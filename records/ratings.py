"""How the customer rated the service, and whether low ratings were answered (C5.5)."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from sqlalchemy import Connection, func, select

from contract.facts import EventKind
from records.queries import matching
from records.results import LowRating, RatingReport, RequestFilter
from records.schema import events, requests

RATINGS: Final = range(1, 6)
LOW: Final = 2
"""A rating up to this opens a follow-up that the provider must answer."""


def ratings(
    connection: Connection, agreement_id: str, as_of: datetime, wanted: RequestFilter
) -> RatingReport:
    """Ratings of the requests a filter asks for; a follow-up is overdue when ``as_of`` is past its due."""
    counted = matching(select(requests.c.rating, func.count()), agreement_id, wanted).where(
        requests.c.rating.is_not(None)
    )
    found = {row[0]: row[1] for row in connection.execute(counted.group_by(requests.c.rating))}
    count = sum(found.values())
    total = sum(rating * times for rating, times in found.items())
    low = _low(connection, agreement_id, as_of, wanted)
    return RatingReport(
        count=count,
        average=(Decimal(total) / count).quantize(Decimal("0.01"), ROUND_HALF_UP) if count else None,
        distribution={rating: found.get(rating, 0) for rating in RATINGS},
        low=low,
        overdue=sum(rating.overdue for rating in low),
    )


def _low(
    connection: Connection, agreement_id: str, as_of: datetime, wanted: RequestFilter
) -> list[LowRating]:
    """Each low rating with the event that gave it: the last, should there be several."""
    rated = (events.c.workflow_id == requests.c.workflow_id) & (events.c.kind == EventKind.RATED.value)
    columns = (
        requests.c.request_id,
        requests.c.rating,
        requests.c.follow_up_due,
        requests.c.follow_up_answered_at,
        events.c.at,
        events.c.payload,
    )
    rows = matching(select(*columns), agreement_id, wanted).join(events, rated)
    rows = rows.where(requests.c.rating <= LOW).order_by(events.c.at, requests.c.request_id, events.c.seq)
    found: dict[str, LowRating] = {}
    for row in connection.execute(rows):
        due, answered_at = row.follow_up_due, row.follow_up_answered_at
        found[row.request_id] = LowRating(
            request_id=row.request_id,
            rating=row.rating,
            rated_at=row.at,
            comment=row.payload.get("comment"),
            follow_up_due=due,
            answered_at=answered_at,
            overdue=answered_at is None and due is not None and as_of > due,
        )
    return list(found.values())

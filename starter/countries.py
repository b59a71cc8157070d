"""Countries whose holidays can be applied: those there is calendar data for (C5.2)."""

from __future__ import annotations

from contract.faults import Fault


def unknown_country(country: str | None) -> list[Fault]:
    """The fault of a term sheet whose holidays nobody publishes: no request could ever be admitted."""
    if not country:
        return []
    from activities.holiday_data import known_countries  # takes a while to load, and most sheets name none

    if country in known_countries():
        return []
    return [
        Fault(
            path="service_hours.holidays",
            clause="C5.2",
            given=country,
            allowed="null, or a country with calendar data, such as CN, DE, GB, JP, US",
        )
    ]

"""`aftercare request show|list`: requests as the record store has them, whatever the engine does (C6.2.3)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from contract.facts import RequestSnapshot
from contract.parties import Role
from contract.reading import read_terms
from contract.request import RequestState
from contract.service_hours import Calendar
from contract.snapshots import commands_possible
from contract.terms import Target, TermSheet
from records.results import RequestFilter
from records.store import RecordStore
from starter.commands.options import AgreementId, AsJson, From, Priorities, RequestId, Services, To
from starter.errors import Unknown
from starter.lookup import agreement_on_record
from starter.reaching import record_store
from starter.showing import requests as showing
from starter.showing.paper import say
from starter.showing.plain import print_json


def show(agreement: AgreementId, request: RequestId, as_json: AsJson = False) -> None:
    """Show a request: state, clocks, penalties, and its whole timeline (C6.2.3)."""
    asyncio.run(_show(agreement, request, as_json))


def list_(
    agreement: AgreementId,
    state: Annotated[
        list[RequestState] | None, typer.Option("--state", help="In this state; repeatable.")
    ] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Not closed or withdrawn.")] = False,
    late: Annotated[bool, typer.Option("--late", help="Late in a target, or in --target.")] = False,
    target: Annotated[
        Target | None, typer.Option("--target", help="The target that --late asks for.")
    ] = None,
    service: Services = None,
    priority: Priorities = None,
    from_: From = None,
    to: To = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    as_json: AsJson = False,
) -> None:
    """List an agreement's requests in order of their submission."""
    asyncio.run(
        _list(
            agreement,
            RequestFilter(
                states=state,
                open=True if open_only else None,
                late=True if late or target else None,
                target=target,
                services=service,
                priorities=priority,
            ),
            from_,
            to,
            limit,
            as_json,
        )
    )


async def _show(agreement_id: str, request_id: str, as_json: bool) -> None:
    async with record_store() as store:
        await agreement_on_record(store, agreement_id)
        record = await store.request(agreement_id, request_id)
        if record is None:
            raise Unknown(f"there is no request {request_id} of agreement {agreement_id} on record")
        document = await store.terms(agreement_id, record.request.terms_version)
        assert document is not None
        terms = read_terms(document.canonical)
        provisional_from = await _provisional_from(store, record.request, terms)
    # In contract time, which is the wall clock's except in rehearsals and demonstrations.
    now = max(datetime.now(UTC), record.request.as_of)
    if as_json:
        possible = partial(commands_possible, record.request, at=now, rating_days=terms.rating_days)
        allowed = {role: possible(role) for role in Role}
        print_json(
            {
                "request": record.request,
                "allowed": allowed,
                "entries": record.entries,
                "events": record.events,
            }
        )
    else:
        say(*showing.request(record, terms, now, provisional_from))


async def _provisional_from(store: RecordStore, view: RequestSnapshot, terms: TermSheet) -> datetime | None:
    """The instant from which dues rest on a year not announced yet; None when none of this request's does."""
    dues = [due for due in (view.confirm_due, view.respond_due, view.resolve_due) if due is not None]
    country = terms.holiday_country
    if not dues or country is None:
        return None
    begin, end = view.submitted_at, max(dues)
    needed = Calendar(terms.service_hours, terms.time_zone).years_needed(begin, end)
    known = await store.calendars(country, needed)
    found = Calendar(terms.service_hours, terms.time_zone, known).provisional_from(begin, end)
    # Announced by now, but the request has not been told: its dues are not what they will be.
    return begin if found is None and view.provisional else found


async def _list(
    agreement_id: str, wanted: RequestFilter, from_: From, to: To, limit: int | None, as_json: bool
) -> None:
    async with record_store() as store:
        _, terms = await agreement_on_record(store, agreement_id)
        zone = ZoneInfo(terms.time_zone)
        views = await store.requests(agreement_id, submitted(wanted, from_, to, zone), limit=limit)
    if as_json:
        print_json({"requests": views})
    elif views:
        say(showing.requests(views, zone))
    else:
        say("no such requests")


def submitted(wanted: RequestFilter, from_: From, to: To, zone: ZoneInfo) -> RequestFilter:
    """The filter with its span of submission: days and local times are the contract's."""
    return wanted.model_copy(
        update={
            "submitted_from": from_.begins(zone) if from_ else None,
            "submitted_before": to.ends(zone) if to else None,
        }
    )

"""`aftercare report …`: how the contract was kept and what lateness costs, from the record store alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from contract.facts import AgreementSnapshot
from records.results import ComplianceLine, RequestFilter
from records.store import RecordStore
from starter.commands.options import AgreementId, AsJson, From, Priorities, Services, To
from starter.commands.request_reading import submitted
from starter.lookup import agreement_on_record
from starter.reaching import record_store
from starter.showing import penalties as showing_penalties
from starter.showing import reports as showing
from starter.showing.paper import say
from starter.showing.plain import plain, print_json

Found = TypeVar("Found")

app = typer.Typer(no_args_is_help=True, help="Reports on an agreement, from the record store.")


@app.command()
def compliance(
    agreement: AgreementId,
    service: Services = None,
    priority: Priorities = None,
    from_: From = None,
    to: To = None,
    as_json: AsJson = False,
) -> None:
    """How the targets were kept, per month of submission and priority (C5.1)."""
    wanted = RequestFilter(services=service, priorities=priority)
    _, zone, report = _about(
        agreement, lambda store, zone: store.compliance(agreement, submitted(wanted, from_, to, zone))
    )
    if as_json:
        print_json({"lines": _lines(report.lines), "totals": _lines(report.totals)})
    else:
        say(*showing.compliance(report, zone))


@app.command()
def ratings(
    agreement: AgreementId,
    service: Services = None,
    priority: Priorities = None,
    from_: From = None,
    to: To = None,
    as_json: AsJson = False,
) -> None:
    """How the customer rated the service, and whether low ratings were answered (C5.5)."""
    wanted = RequestFilter(services=service, priorities=priority)
    now = datetime.now(UTC)
    _, zone, report = _about(
        agreement, lambda store, zone: store.ratings(agreement, now, submitted(wanted, from_, to, zone))
    )
    if as_json:
        print_json(report)
    else:
        say(*showing.ratings(report, zone))


@app.command()
def penalties(
    agreement: AgreementId,
    year: Annotated[int | None, typer.Option("--year", min=1, help="Of this contract year.")] = None,
    as_json: AsJson = False,
) -> None:
    """What lateness costs, entry by entry with clause and formula, per contract year with its cap (C8.1)."""
    view, zone, years = _about(agreement, lambda store, _: store.penalties(agreement, year))
    if as_json:
        print_json({"years": years})
        return
    if not years:
        say("no penalties")
    begins = dict(enumerate(view.year_starts, start=1))
    for one in years:
        entries, sums = showing_penalties.year(one, begins.get(one.contract_year), zone)
        say(entries, "", sums, "")


def _lines(lines: list[ComplianceLine]) -> list[dict[str, Any]]:
    return [plain(line) | {"requests": line.requests, "percent": plain(line.percent)} for line in lines]


def _about(
    agreement_id: str, report: Callable[[RecordStore, ZoneInfo], Awaitable[Found]]
) -> tuple[AgreementSnapshot, ZoneInfo, Found]:
    """An agreement, its zone and a report on it; raises Unknown."""

    async def found() -> tuple[AgreementSnapshot, ZoneInfo, Found]:
        async with record_store() as store:
            view, terms = await agreement_on_record(store, agreement_id)
            zone = ZoneInfo(terms.time_zone)
            return view, zone, await report(store, zone)

    return asyncio.run(found())

"""`aftercare ops …`: what operators ask and do, across all agreements."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from activities.histories import Histories
from contract.deadlines import CLAUSES
from contract.facts import RequestSnapshot
from records.results import RequestFilter
from starter import given
from starter.commands.options import AsJson, Priorities, Services
from starter.errors import Unknown
from starter.exits import ExitCode
from starter.lookup import agreement_on_record, zones_of
from starter.operating.engine import Engine, answering
from starter.operating.reconciling import Reconciling
from starter.operating.retrying import Outcome, Step, perform, plan
from starter.operating.stuck import GRACE
from starter.operating.stuck import stuck as find_stuck
from starter.operating.together import each
from starter.operating.verifying import verify as recompute
from starter.progress import progress
from starter.reaching import record_store, record_url, settings, temporal
from starter.showing import operations as showing
from starter.showing.paper import say
from starter.showing.plain import plain, print_json

app = typer.Typer(no_args_is_help=True, help="For operators, across all agreements.")

SOON = timedelta(hours=2)
"""How far ahead one looks for what is at risk."""

OFTEN = timedelta(seconds=2)
"""How often the live view looks."""

Agreements = Annotated[
    list[str] | None,
    typer.Option("--agreement", parser=given.identifier, metavar="ID", help="Of this agreement; repeatable."),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--at", parser=given.stamp, metavar="TIME", help="As of this time, with offset; without it, now."
    ),
]


@app.command("at-risk")
def at_risk(
    within: Annotated[
        timedelta | None,
        typer.Option(
            "--within",
            parser=given.length,
            metavar="LENGTH",
            help="Due within so long, such as 90m or 1d12h. [default: 2h]",
        ),
    ] = None,
    agreement: Agreements = None,
    service: Services = None,
    priority: Priorities = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    at: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """What falls due next, the most urgent first; what has passed and is not judged yet comes before."""
    asyncio.run(
        _at_risk(
            within or SOON,
            agreement,
            RequestFilter(services=service, priorities=priority),
            limit,
            at or datetime.now(UTC),
            as_json,
        )
    )


@app.command()
def attention(agreement: Agreements = None, at: AsOf = None, as_json: AsJson = False) -> None:
    """What asks for a person, because nothing in the contract goes on by itself from there."""
    asyncio.run(_attention(agreement, at or datetime.now(UTC), as_json))


@app.command()
def stuck(
    agreement: Agreements = None,
    grace: Annotated[
        timedelta | None,
        typer.Option(
            "--grace",
            parser=given.length,
            metavar="LENGTH",
            help="How long a task may wait for a worker, and a due may have passed. [default: 1m]",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Workflows that do not get on: since when, how often tried, and the last error."""
    asyncio.run(_stuck(agreement, grace or GRACE, as_json))


@app.command()
def retry(
    agreement: Annotated[
        str | None,
        typer.Argument(parser=given.identifier, metavar="[AGREEMENT]", help="What is stuck of an agreement."),
    ] = None,
    request: Annotated[
        str | None,
        typer.Argument(parser=given.identifier, metavar="[REQUEST]", help="Only of this request."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Of all agreements.")] = False,
    reset: Annotated[
        bool,
        typer.Option(
            "--reset",
            help="Also set workflows whose code fails back to their last good point.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set going again what is stuck: try failing activities at once, send refused notices again."""
    if (agreement is None) is not everything:
        raise typer.BadParameter("name an AGREEMENT, or give --all")
    asyncio.run(_retry(agreement, request, reset, dry_run, as_json))


@app.command()
def reconcile(
    agreement: Agreements = None,
    only_open: Annotated[
        bool, typer.Option("--open", help="Only what is not over: quicker where much is.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the record store with what every workflow says of itself; exits with 6 where they differ."""
    asyncio.run(_reconcile(agreement, only_open, as_json))


@app.command()
def verify(agreement: Agreements = None, as_json: AsJson = False) -> None:
    """Recompute the hash chains of the record; exits with 6 where a row is not what was recorded (C6.2.3)."""
    asyncio.run(_verify(agreement, as_json))


@app.command()
def archive(agreement: Agreements = None, as_json: AsJson = False) -> None:
    """Put the engine's histories of what is over on record now; workers do it every few minutes (C6.2.3)."""
    asyncio.run(_archive(agreement, as_json))


@app.command()
def watch(
    every: Annotated[
        timedelta | None,
        typer.Option(
            "--every", parser=given.length, metavar="LENGTH", help="How often to look. [default: 2s]"
        ),
    ] = None,
) -> None:
    """A live view: what is due next, breaches as they happen, throughput, open requests by state."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise typer.BadParameter("watch needs a terminal; programs have `ops at-risk --json`")
    # Only here: the other commands do without its weight.
    from starter.watching.app import Watch

    record_url()  # a setting that cannot be read is told before the screen changes
    view = Watch(record_store, (every or OFTEN).total_seconds())
    view.run()
    raise typer.Exit(view.return_code or ExitCode.DONE)


# What they do


async def _at_risk(
    within: timedelta,
    agreements: list[str] | None,
    wanted: RequestFilter,
    limit: int | None,
    now: datetime,
    as_json: bool,
) -> None:
    async with record_store() as store:
        zones = await zones_of(store, agreements or [])
        views = await store.upcoming(now + within, agreement_ids=agreements, wanted=wanted, limit=limit)
        zones |= await zones_of(store, (view.agreement_id for view in views))
    if as_json:
        found = [_risk(view, now) for view in views]
        print_json({"as_of": now, "within_seconds": int(within.total_seconds()), "requests": found})
    elif views:
        say(showing.at_risk(views, now, zones))
    else:
        say("nothing falls due by then")


def _risk(view: RequestSnapshot, now: datetime) -> dict[str, Any]:
    assert view.next_due is not None
    assert view.next_target is not None
    left = view.next_due - now
    return {
        "agreement_id": view.agreement_id,
        "request_id": view.request_id,
        "target": view.next_target,
        "clause": CLAUSES[view.next_target],
        "due": view.next_due,
        "seconds_left": int(left.total_seconds()),
        "urgency": showing.urgency(left),
        "provisional": view.provisional,
        "state": view.state,
        "priority": view.priority,
        "service": view.service,
        "assignee": view.assignee,
    }


async def _attention(agreements: list[str] | None, now: datetime, as_json: bool) -> None:
    async with record_store() as store:
        zones = await zones_of(store, agreements or [])
        found = await store.attention(now)
        if agreements is not None:
            found = [one for one in found if one.agreement_id in agreements]
        zones |= await zones_of(store, (one.agreement_id for one in found))
    if as_json:
        print_json({"as_of": now, "attention": found})
    elif found:
        say(showing.attention(found, now, zones))
    else:
        say("nothing asks for a person")


@asynccontextmanager
async def _engine() -> AsyncIterator[Engine]:
    yield Engine(await temporal(), settings().task_queue)


async def _stuck(agreements: list[str] | None, grace: timedelta, as_json: bool) -> None:
    async with _engine() as engine:
        total = await engine.count(agreements, only_open=True)
        with progress(as_json) as bar:
            task = bar.add_task("looking at workflows", total=total)
            found = await find_stuck(engine, agreements, grace, lambda: bar.advance(task))
    if as_json:
        print_json({"looked_at": total, "stuck": found})
    elif found:
        say(showing.stuck(found, datetime.now(UTC)))
    else:
        say(f"nothing is stuck; {total} open workflows")
    if found:
        raise typer.Exit(ExitCode.DIFFERENT)


async def _retry(
    agreement: str | None, request: str | None, reset: bool, dry_run: bool, as_json: bool
) -> None:
    async with record_store() as store, _engine() as engine:
        if agreement is not None:
            await agreement_on_record(store, agreement)
            if request is not None and await store.request(agreement, request) is None:
                raise Unknown(f"there is no request {request} of agreement {agreement} on record")
        agreements = None if agreement is None else [agreement]
        steps = await plan(engine, store, agreements, request, reset=reset)
    queue = settings().task_queue
    done: list[Step] = []
    if dry_run:
        done = steps
    else:
        with progress(as_json) as bar:
            task = bar.add_task("setting going again", total=len(steps))
            async for step in each(steps, lambda step: perform(engine, step, queue)):
                bar.advance(task)
                done.append(step)
    if as_json:
        print_json({"dry_run": dry_run, "steps": done})
    elif done:
        say(showing.steps(done))
    else:
        say("nothing is stuck")
    if any(step.outcome in {Outcome.LEFT, Outcome.FAILED} for step in done):
        raise typer.Exit(ExitCode.DIFFERENT)


async def _reconcile(agreements: list[str] | None, only_open: bool, as_json: bool) -> None:
    async with record_store() as store, _engine() as engine:
        for agreement in agreements or []:
            await agreement_on_record(store, agreement)
        with progress(as_json) as bar:
            task = bar.add_task("comparing workflows", total=0)
            result = await Reconciling(
                engine,
                store,
                agreements,
                only_open=only_open,
                expect=lambda more: bar.update(task, total=(bar.tasks[task].total or 0) + more),
                looked=lambda: bar.advance(task),
            ).run()
    if as_json:
        print_json(
            {
                "compared": result.compared,
                "gone": result.gone,
                "unanswered": result.unanswered,
                "differences": result.differences,
            }
        )
    else:
        say(*showing.reconciled(result))
    if result.differences:
        raise typer.Exit(ExitCode.DIFFERENT)
    if result.unanswered:
        raise typer.Exit(ExitCode.NOT_REACHED)


async def _verify(agreements: list[str] | None, as_json: bool) -> None:
    async with record_store() as store:
        for agreement in agreements or []:
            await agreement_on_record(store, agreement)
        with progress(as_json) as bar:
            task = bar.add_task("verifying chains", total=0)
            found = await recompute(
                store,
                agreements,
                expect=lambda more: bar.update(task, total=(bar.tasks[task].total or 0) + more),
                looked=lambda: bar.advance(task),
            )
    sound = all(one.sound for one in found)
    if as_json:
        lines = [plain(one) | {"sound": one.sound} for one in found]
        print_json({"sound": sound, "agreements": lines})
    elif found:
        say(*showing.verified(found))
    else:
        say("nothing is on record")
    if not sound:
        raise typer.Exit(ExitCode.DIFFERENT)


async def _archive(agreements: list[str] | None, as_json: bool) -> None:
    async with record_store() as store, _engine() as engine:
        for agreement in agreements or []:
            await agreement_on_record(store, agreement)
        with progress(as_json) as bar:
            task = bar.add_task("archiving histories", total=None)
            with answering():
                swept = await Histories(engine.client, store).sweep(
                    agreement_ids=agreements, looked=lambda count: bar.advance(task, count)
                )
    if as_json:
        print_json({"kept": swept.kept, "known": swept.known, "left": swept.left})
    else:
        say(f"{swept.kept} histories put on record, {swept.known} were there")
        if swept.left:
            say(f"{swept.left} left: their agreements are not on record")

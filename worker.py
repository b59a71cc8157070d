"""The one process entry of the service: settings → client → worker → serve until told to stop."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from activities.admission import Admissions
from activities.billing import Billing
from activities.calendars import Calendars
from activities.counted_mail import CountedMailer
from activities.histories import archiving
from activities.invoicing import Invoicing, ProviderFault, provider
from activities.mail import Mailer, NoMailer, OutboxMailer, SmtpMailer
from activities.messages import Sender
from activities.notifications import Notifications
from activities.records import Recording
from activities.taking_over import TakingOver
from activities.term_sheets import TermSheets
from contract.faults import Faulty
from records.faults import RecordFault
from records.store import RecordStore
from runtime.connection import Unreachable, connect, known, shut_out
from runtime.engines import register_search_attributes
from runtime.keyring import KeysFaulty
from runtime.leave import leave
from runtime.logs import configure_logs, log
from runtime.loop import run
from runtime.profile import in_force
from runtime.sandbox import sandbox
from runtime.search_attributes import SearchAttributeFault
from runtime.settings import PROFILE, MailKind, Settings
from runtime.telemetry import sdk_runtime, traced
from runtime.working import work
from workflows import search_attributes
from workflows.agreement import Agreement
from workflows.current_details import CurrentDetails
from workflows.resending import ResendNotices
from workflows.service_request import ServiceRequest

if TYPE_CHECKING:
    from runtime.metrics import Metrics
    from runtime.monitoring import Standing

BUILD = version("aftercare")


def mailer(settings: Settings) -> Mailer:
    """How notices leave, by the settings."""
    match settings.mail:
        case MailKind.SMTP:
            password = settings.smtp_password
            return SmtpMailer(
                host=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_username,
                password=None if password is None else password.get_secret_value(),
                tls=settings.smtp_tls,
                timeout=settings.smtp_timeout_seconds,
            )
        case MailKind.OUTBOX:
            return OutboxMailer(settings.outbox)
        case MailKind.NONE:
            return NoMailer()


def build(
    client: Client,
    store: RecordStore,
    settings: Settings,
    metrics: Metrics | None = None,
    *,
    unguarded: bool = False,
) -> Worker:
    """A worker with all workflows and activities; run it with ``async with`` or ``run()``.

    ``unguarded``: outside the sandbox and on the loop's own thread, for engines that end with the process.
    """
    sending = mailer(settings)
    if metrics is not None:
        sending = CountedMailer(sending, metrics.mailed)
    sheets = TermSheets(store)
    calendars = Calendars(store, sheets)
    recording = Recording(store)
    notifications = Notifications(store, sending, Sender(settings.mail_from, settings.mail_domain))
    admissions = Admissions(client, store, sheets, calendars, settings.task_queue)
    taking_over = TakingOver(store, sheets, calendars, admissions)
    billing = Billing(client, store)
    invoicing = Invoicing(store, provider(settings.invoices))
    # As few as the SDK begins with where the most is less.
    polls = PollerBehaviorAutoscaling(maximum=settings.max_pollers, initial=min(5, settings.max_pollers))
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=[Agreement, ServiceRequest, ResendNotices],
        activities=[
            recording.record,
            recording.open_requests,
            recording.known_requests,
            admissions.admit_request,
            taking_over.take_over_requests,
            calendars.service_window,
            calendars.term_dates,
            notifications.notify,
            billing.issue_bill,
            billing.settle_penalties,
            billing.tell_suspension,
            invoicing.issue_invoice,
        ],
        workflow_runner=UnsandboxedWorkflowRunner() if unguarded else sandbox(),
        debug_mode=unguarded,
        interceptors=[CurrentDetails()],
        # Named, because otherwise the SDK reads every loaded module's code to make one up.
        build_id=BUILD,
        graceful_shutdown_timeout=timedelta(seconds=settings.drain_seconds),
        workflow_task_poller_behavior=polls,
        activity_task_poller_behavior=polls,
        max_cached_workflows=settings.max_cached_workflows,
        max_concurrent_workflow_tasks=settings.max_concurrent_workflow_tasks,
        max_concurrent_activities=settings.max_concurrent_activities,
        max_concurrent_local_activities=settings.max_concurrent_local_activities,
    )


async def serve(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then finish what has begun (within ``drain_seconds``)."""
    metrics = _metrics(settings)
    sdk, sdk_metrics = sdk_runtime(settings)
    async with traced(settings) as interceptors:
        client = await connect(settings, runtime=sdk, interceptors=interceptors)
        if client.data_converter.payload_codec is None:
            log.warning("payloads are not encrypted: there is no keyring", remedy="aftercare keys new")
        if missing := await register_search_attributes(client, search_attributes.ALL):
            log.info("search attributes registered", names=missing)
        store = await RecordStore.open(
            settings.records, connections=settings.record_connections, watch=metrics
        )
        async with store, _watched(settings, client, store, metrics, sdk_metrics) as standing:
            where = {"address": settings.temporal_address, "task_queue": settings.task_queue}
            log.info("worker ready", **where, **({"monitoring": standing.address} if metrics else {}))
            worker = build(client, store, settings, metrics)
            ending = shut_out(client, settings)
            async with archiving(client, store):
                await work(worker, settings.drain_seconds, standing.begin_draining, ending)


def _metrics(settings: Settings) -> Metrics | None:
    if settings.monitoring_address is None:
        return None
    # Here and below: rehearsals build workers too, and no one watches those.
    from runtime.metrics import Metrics

    return Metrics()


@asynccontextmanager
async def _watched(
    settings: Settings,
    client: Client,
    store: RecordStore,
    metrics: Metrics | None,
    sdk_metrics: str | None,
) -> AsyncIterator[Standing]:
    """How this worker is, told where the settings say; nowhere when they do not."""
    from runtime.monitoring import Standing, in_time, scraped, told

    standing = Standing({"temporal": partial(known, client), "records": store.check_ready})
    if settings.monitoring_address is None or metrics is None or sdk_metrics is None:
        yield standing
        return

    async def all_metrics() -> bytes:
        metrics.stand(await in_time(store.open_by_state()))
        return metrics.text() + await scraped(sdk_metrics)

    standing.metrics = all_metrics
    async with told(standing, settings.monitoring_address):
        yield standing


def main() -> None:
    """Exit codes: 0 told to stop, 1 Temporal or the record store does not answer, 3 faulty settings,
    70 a fault of aftercare's own, 75 told to stop and ended before all was finished.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", metavar="FILE", help="settings, as TOML", type=Path)
    if profile := parser.parse_args().profile:
        os.environ[PROFILE] = str(profile.absolute())
    try:
        settings = in_force().settings
    except Faulty as problem:
        print(problem, file=sys.stderr)
        leave(3)
    configure_logs(settings)
    from runtime.monitoring import AddressTaken

    try:
        run(serve(settings))
    except (
        *(Unreachable, KeysFaulty, SearchAttributeFault, RecordFault, Faulty),
        *(AddressTaken, RPCError, ProviderFault),
    ) as problem:
        if settings.json_logs:
            log.critical("worker ended", reason=str(problem))
        else:  # as it is: some of them list what to do, line by line
            print(problem, file=sys.stderr)
        leave(1)
    except (OSError, SQLAlchemyError) as problem:
        log.critical("worker ended", reason=f"the record store does not answer: {type(problem).__name__}")
        leave(1)
    except Exception:
        log.critical("worker ended", reason="a fault of aftercare's own", exc_info=True)
        leave(70)
    leave(0)


if __name__ == "__main__":
    main()

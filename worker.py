"""The one process entry of the service: settings → client → worker → serve until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.admission import Admissions
from activities.calendars import Calendars
from activities.mail import Mailer, NoMailer, OutboxMailer, SmtpMailer
from activities.messages import Sender
from activities.notifications import Notifications
from activities.records import Recording
from activities.term_sheets import TermSheets
from contract.faults import Faulty
from records.faults import RecordFault
from records.store import RecordStore
from runtime.connection import Unreachable, connect
from runtime.engines import register_search_attributes
from runtime.keyring import KeysFaulty
from runtime.leave import leave
from runtime.logs import configure_logs, log
from runtime.loop import run
from runtime.profile import in_force
from runtime.sandbox import sandbox
from runtime.search_attributes import SearchAttributeFault
from runtime.settings import PROFILE, MailKind, Settings
from workflows import search_attributes
from workflows.agreement import Agreement
from workflows.current_details import CurrentDetails
from workflows.resending import ResendNotices
from workflows.service_request import ServiceRequest

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


def build(client: Client, store: RecordStore, settings: Settings) -> Worker:
    """A worker with all workflows and activities; run it with ``async with`` or ``run()``."""
    sheets = TermSheets(store)
    calendars = Calendars(store, sheets)
    recording = Recording(store)
    notifications = Notifications(store, mailer(settings), Sender(settings.mail_from, settings.mail_domain))
    admissions = Admissions(client, store, sheets, calendars, settings.task_queue)
    # As few as the SDK begins with where the most is less.
    polls = PollerBehaviorAutoscaling(maximum=settings.max_pollers, initial=min(5, settings.max_pollers))
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=[Agreement, ServiceRequest, ResendNotices],
        activities=[
            recording.record,
            recording.open_requests,
            admissions.admit_request,
            calendars.service_window,
            calendars.term_dates,
            notifications.notify,
        ],
        workflow_runner=sandbox(),
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
    """Run until SIGTERM or SIGINT, then finish what has begun (within ``drain_seconds``)."""
    client = await connect(settings)
    if client.data_converter.payload_codec is None:
        log.warning("payloads are not encrypted: there is no keyring", remedy="aftercare keys new")
    missing = await register_search_attributes(client, search_attributes.ALL)
    if missing:
        log.info("search attributes registered", names=missing)
    async with await RecordStore.open(settings.records, connections=settings.record_connections) as store:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, stop.set)
        async with build(client, store, settings):
            log.info("worker ready", address=settings.temporal_address, task_queue=settings.task_queue)
            await stop.wait()
            log.info("worker draining", seconds=settings.drain_seconds)
    log.info("worker stopped")


def main() -> None:
    """Exit codes: 0 told to stop, 1 Temporal or the record store cannot be used, 3 faulty settings."""
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
    try:
        run(serve(settings))
    except (Unreachable, KeysFaulty, SearchAttributeFault, RecordFault, Faulty) as problem:
        print(problem, file=sys.stderr)
        leave(1)
    leave(0)


if __name__ == "__main__":
    main()

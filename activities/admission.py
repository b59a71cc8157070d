"""Admitting a request: recorded first, then its workflow started, both exactly once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import rfc8785
from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.calendars import Calendars
from activities.term_sheets import TermSheets
from contract.commands import Submission
from contract.facts import Event, EventKind, RecordBatch
from contract.notices import NOTICES
from contract.request_file import RequestFile, RequestTerms
from contract.request_life import open_file
from contract.snapshots import snapshot
from records.faults import CalendarOutdated
from records.store import RecordStore
from workflows.ids import request_workflow_id
from workflows.payloads import Admission, Admitted, Receipt, RequestStart, Ways
from workflows.search_attributes import request_attributes, typed
from workflows.story import request_details, request_summary


def content_digest(submission: Submission) -> str:
    """What makes two submissions the same request: everything but who sent it, when, and the command's id."""
    content = submission.model_dump(mode="json", exclude={"command_id", "at", "actor"})
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def _as_recorded(event: Event) -> Submission:
    """The submission that a request's first event tells of."""
    return Submission.model_validate(
        {
            "command_id": event.command_id,
            "at": event.at,
            "actor": {"party": event.party, "person": event.person},
            **event.payload,
        }
    )


class Admissions:
    """Admits the requests of agreements."""

    def __init__(
        self, client: Client, store: RecordStore, sheets: TermSheets, calendars: Calendars, task_queue: str
    ) -> None:
        self._client = client
        self._store = store
        self._sheets = sheets
        self._calendars = calendars
        self._task_queue = task_queue

    @activity.defn(name="admit_request")
    async def admit_request(self, admission: Admission) -> Admitted:
        """Record a request's submission and start its workflow; the same again gives the same answer."""
        digest = content_digest(admission.submission)
        if admission.only_known:
            return await self._known(admission.agreement_id, admission.submission.request_id, digest)
        file, batch = await self._open(admission)
        try:
            known = await self._store.admit(batch, digest, file.window.calendars)
        except CalendarOutdated:
            # Whoever kept the newer one tells the requests on record; this one is not among them yet.
            self._calendars.forget()
            file, batch = await self._open(admission)
            known = await self._store.admit(batch, digest, file.window.calendars)
        if not known.started:
            if known.existing_digest != digest:
                return Admitted(other_content=True)
            record = await self._store.request(file.agreement_id, file.request_id)
            if record is not None and (
                len(record.events) > len(batch.events)
                # Whoever takes over the requests of an agreement starts it.
                or record.events[0].event.kind is not EventKind.SUBMITTED
            ):
                return Admitted(receipt=Receipt.of(record.request, record.events[-1].event.seq))
            if record is not None:
                # Recorded, perhaps not started: what is on record counts, not this second telling of it.
                recorded = _as_recorded(record.events[0].event)
                self._calendars.forget()
                file, _ = await self._open(admission.model_copy(update={"submission": recorded}))
        await self.start(file, admission.ways, [1] if EventKind.SUBMITTED in NOTICES else [])
        return Admitted(receipt=Receipt.of(snapshot(file, file.submitted_at), file.seq))

    async def _known(self, agreement_id: str, request_id: str, digest: str) -> Admitted:
        """The answer to a submission that comes too late to be admitted, but may be told again."""
        record = await self._store.request(agreement_id, request_id)
        if record is None:
            return Admitted()
        if record.content_digest != digest:
            return Admitted(other_content=True)
        return Admitted(receipt=Receipt.of(record.request, record.events[-1].event.seq))

    async def _open(self, admission: Admission) -> tuple[RequestFile, RecordBatch]:
        submission = admission.submission
        sheet = await self._sheets.sheet(admission.agreement_id, admission.terms_version)
        terms = RequestTerms.from_sheet(sheet, admission.terms_version, submission.service)
        window = await self._calendars.window_for(sheet, submission.at, terms.longest_budget())
        file, outcome = open_file(admission.agreement_id, submission, terms, window)
        batch = RecordBatch(
            workflow_id=request_workflow_id(file.agreement_id, file.request_id),
            agreement_id=file.agreement_id,
            request_id=file.request_id,
            events=outcome.events,
            request=snapshot(file, submission.at),
        )
        return file, batch

    async def start(self, file: RequestFile, ways: Ways, untold: Sequence[int]) -> None:
        """Start the workflow of a request on record; ``untold`` are the events to be mailed first."""
        view = snapshot(file, file.judged_until)
        unsent = list(untold) if ways.mail else []
        try:
            await self._client.start_workflow(
                "ServiceRequest",
                RequestStart(file=file, ways=ways, unsent=unsent),
                id=request_workflow_id(file.agreement_id, file.request_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=typed(request_attributes(view, ways.offset)),
                static_summary=request_summary(file),
                static_details=request_details(file),
            )
        except WorkflowAlreadyStartedError:
            activity.logger.debug("request already started", extra={"request_id": file.request_id})

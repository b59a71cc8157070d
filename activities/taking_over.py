"""The open requests of a running agreement taken over: each recorded and started, exactly once (C6.2.3)."""

from __future__ import annotations

import asyncio

from temporalio import activity

from activities.admission import Admissions, content_digest
from activities.calendars import Calendars
from activities.term_sheets import TermSheets
from contract.commands import Submission
from contract.facts import RecordBatch
from contract.open_requests import open_request
from contract.parties import Actor, Role
from contract.request_file import RequestFile, RequestTerms
from contract.snapshots import snapshot
from contract.taken_over import OpenRequest
from contract.terms import TermSheet
from records.faults import CalendarOutdated
from records.store import RecordStore
from workflows.ids import request_workflow_id
from workflows.payloads import OpenRequests, TakeOver

AT_ONCE = 8
"""Requests on their way into the record and the engine."""


class TakingOver:
    """Takes over the requests that the terms of an agreement name."""

    def __init__(
        self, store: RecordStore, sheets: TermSheets, calendars: Calendars, admissions: Admissions
    ) -> None:
        self._store = store
        self._sheets = sheets
        self._calendars = calendars
        self._admissions = admissions

    @activity.defn(name="take_over_requests")
    async def take_over_requests(self, wanted: TakeOver) -> OpenRequests:
        """Record and start every request; what is on record and running already is left as it is."""
        sheet = await self._sheets.sheet(wanted.agreement_id, wanted.terms_version)
        requests = [] if sheet.taken_over is None else sheet.taken_over.requests
        for place in range(0, len(requests), AT_ONCE):
            some = requests[place : place + AT_ONCE]
            await asyncio.gather(*(self._take_over(wanted, sheet, given) for given in some))
        return OpenRequests(request_ids=[given.request_id for given in requests])

    async def _take_over(self, wanted: TakeOver, sheet: TermSheet, given: OpenRequest) -> None:
        digest = content_digest(_as_submitted(given))
        file, batch = await self._open(wanted, sheet, given)
        try:
            known = await self._store.admit(batch, digest, file.window.calendars)
        except CalendarOutdated:
            self._calendars.forget()
            file, batch = await self._open(wanted, sheet, given)
            known = await self._store.admit(batch, digest, file.window.calendars)
        if not known.started:
            record = await self._store.request(wanted.agreement_id, given.request_id)
            if record is not None and len(record.events) > len(batch.events):
                return  # it runs already
        await self._admissions.start(file, wanted.ways, [])

    async def _open(
        self, wanted: TakeOver, sheet: TermSheet, given: OpenRequest
    ) -> tuple[RequestFile, RecordBatch]:
        terms = RequestTerms.from_sheet(sheet, wanted.terms_version, given.service)
        window = await self._calendars.window_for(
            sheet, given.submitted_at, terms.longest_budget(), wanted.heard_from
        )
        file, outcome = open_request(
            wanted.agreement_id, given, terms, window, wanted.run_from, wanted.heard_from
        )
        batch = RecordBatch(
            workflow_id=request_workflow_id(file.agreement_id, file.request_id),
            agreement_id=file.agreement_id,
            request_id=file.request_id,
            events=outcome.events,
            entries=outcome.entries,
            request=snapshot(file, file.judged_until),
        )
        return file, batch


def _as_submitted(given: OpenRequest) -> Submission:
    """The submission that a channel may tell again: the same request, not another under its id."""
    return Submission(
        command_id="taken-over",
        at=given.submitted_at,
        actor=Actor(party=Role.CUSTOMER.value, person="taken over"),
        request_id=given.request_id,
        service=given.service,
        priority=given.priority,
        title=given.title,
    )

"""Requests that were open when their agreement was taken over: their files, as the terms state them (C6.2.3).

Their clocks start at the submission and stood where the terms say they stood, so a due is what it would have
been. What fell due before the agreement is run here is neither told nor claimed a second time.
"""

from __future__ import annotations

from datetime import datetime

from contract.clock import ServiceWindow
from contract.facts import Event, EventKind
from contract.judging import advance
from contract.outcome import Outcome
from contract.request import RequestState
from contract.request_file import Basis, Before, Pause, PauseKind, RequestFile, RequestTerms, Said
from contract.taken_over import OpenRequest
from contract.values import TICK


def open_request(
    agreement_id: str,
    given: OpenRequest,
    terms: RequestTerms,
    window: ServiceWindow,
    run_from: datetime,
    heard_from: datetime,
) -> tuple[RequestFile, Outcome]:
    """The file of a request that is taken over, and its first event, as of when it is run here."""
    told = (given.submitted_at, given.confirmed_at, given.responded_at, given.resolved_at)
    file = RequestFile(
        agreement_id=agreement_id,
        request_id=given.request_id,
        service=given.service,
        title=given.title,
        terms=terms,
        window=window,
        priority=given.priority,
        state=_state(given),
        submitted_at=given.submitted_at,
        last_at=max([run_from, *(at for at in told if at is not None)]),
        judged_until=given.submitted_at,
        bases={
            target: Basis(priority=given.priority, budget=budget)
            for target, budget in terms.budgets[given.priority].items()
        },
        pauses=[
            Pause(kind=PauseKind(pause.kind), begin=pause.begin, end=pause.end, what=pause.what)
            for pause in given.pauses
        ],
        confirmed_at=given.confirmed_at,
        assignee=given.assignee,
        responded_at=given.responded_at,
        resolved_at=given.resolved_at,
        said=Said(),
        before=Before(run_from=run_from, heard_from=heard_from, accrued=given.accrued),
    )
    payload = given.model_dump(mode="json", exclude={"request_id"}, exclude_none=True)
    event = Event(
        seq=file.next_seq(),
        at=run_from,
        kind=EventKind.REQUEST_TAKEN_OVER,
        clause="C6.2.3",
        payload=payload,
    )
    outcome = Outcome(events=[event])
    outcome.add(advance(file, run_from - TICK))
    return file, outcome


def _state(given: OpenRequest) -> RequestState:
    if given.resolved_at is not None:
        return RequestState.RESOLVED
    if given.pauses and given.pauses[-1].end is None:
        return RequestState.WAITING
    if given.responded_at is not None:
        return RequestState.RESPONDED
    if given.assignee is not None:
        return RequestState.ASSIGNED
    return RequestState.SUBMITTED if given.confirmed_at is None else RequestState.CONFIRMED

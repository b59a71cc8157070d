"""One agreement, from the offer to its close (C4.1, C10.3). It alone admits requests.

The file holds the facts, :mod:`contract.agreement` says what follows; here is only the waiting, the
recording and the telling.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from contract import agreement as life
from contract import agreement_changes as changes
from contract import agreement_money as money
from contract.agreement import AgreementCommand
from contract.agreement_disputes import standings, warn
from contract.agreement_file import AgreementFile, TermDates
from contract.agreement_states import AgreementState
from contract.commands import RefuseOffer, Sign, Submission, WithdrawOffer
from contract.dispute_commands import DisputeCommand
from contract.facts import (
    Event,
    LedgerEntry,
    PenaltiesPassed,
    PenaltyDecision,
    RecordBatch,
    Recorded,
    TermsDocument,
)
from contract.faults import Faulty
from contract.opening import opening_entries
from contract.outcome import Outcome
from contract.reading import read_terms
from contract.refusals import Refusal, RefusalKind, Refused, refuse
from contract.request import RequestState
from contract.terms import canonical_bytes, digest_of
from contract.values import Instant
from contract.version_making import first_version
from contract.waking import Wake
from workflows import search_attributes
from workflows.accounts import Accounts
from workflows.alarm import Alarm
from workflows.changes import Changes
from workflows.disputes import Disputes, know_disputes
from workflows.errands import Errand, Errands, refused
from workflows.invoicing import Invoicing, Issuing
from workflows.mailing import Mailing
from workflows.paces import LONG_RUN
from workflows.payloads import (
    Admission,
    Admitted,
    AgreementCarried,
    AgreementReceipt,
    AgreementStart,
    AgreementStatus,
    DatesWanted,
    OpenRequests,
    OpenRequestsWanted,
    Receipt,
    TakeOver,
    read_start,
)
from workflows.recording import surely
from workflows.search_attributes import agreement_attributes
from workflows.spreading import Spreading
from workflows.story import agreement_story, invoice_summary, record_summary

LONG_HISTORY = 800


class _Submitted:
    """A submission waiting to be admitted."""

    __slots__ = ("admitted", "submission", "too_late")

    def __init__(self, submission: Submission, too_late: Refusal | None) -> None:
        self.submission = submission
        self.too_late = too_late
        self.admitted: Admitted | None = None


@workflow.defn(name="Agreement")
class Agreement(Accounts, Changes, Disputes):
    """An online after-sales service support agreement."""

    @workflow.init
    def __init__(self, given: Any = None) -> None:
        carried_over = workflow.info().continued_run_id is not None
        start = read_start(AgreementStart, given, carried_over=carried_over)
        self._ways = start.ways
        self._alarm = Alarm(start.ways.offset)
        self._run_started = workflow.now()
        self._errands: Errands[AgreementCommand] = Errands()
        self._submissions: list[_Submitted] = []
        self._look_again = False
        self._told: list[tuple[str, bool, Instant | None]] = []
        self._passed: list[PenaltiesPassed] = []
        self._offered: list[Event] = []
        self._canonical = start.canonical
        if start.carried is not None:
            carried = start.carried
            first_version(carried.file, start.canonical)
            know_disputes(carried.file, self._canonical)
        else:
            file, self._offered = self._read_offer(start)
            carried = AgreementCarried(file=file)
        self._file = carried.file
        self._recorded = not self._offered
        self._overtaken_by: list[Event] = []
        """What is on record in place of what was to be recorded: a lost task has recorded it."""
        self._overtaken_at: int | None = None
        """The number of the first of them, when last there were any."""
        agreement_id = self._file.agreement_id
        self._mailing = Mailing(
            agreement_id, None, carried.unsent, start.ways.mail, self._announced, self._not_announced
        )
        self._spreading = Spreading(agreement_id, carried.untold)
        self._invoicing = Invoicing(
            agreement_id,
            carried.uninvoiced,
            carried.delayed,
            partial(invoice_summary, self._file),
            start.ways.offset,
        )
        self._money_wake = money.next_wake(self._file, self._alarm.now())
        self._shown = agreement_attributes(self._file, self._ways.offset)

    def _read_offer(self, start: AgreementStart) -> tuple[AgreementFile, list[Event]]:
        """The file of a new offer. A malformed one fails the workflow instead of retrying for ever."""
        try:
            terms = read_terms(start.canonical)
        except Faulty as problem:
            paths = ", ".join(fault.path or "document" for fault in problem.faults)
            raise ApplicationError(
                f"the term sheet is faulty at: {paths}", type=RefusalKind.INVALID, non_retryable=True
            ) from None
        if canonical_bytes(terms) != start.canonical.encode():
            raise ApplicationError(
                "the term sheet is not in canonical form", type=RefusalKind.INVALID, non_retryable=True
            )
        now = self._alarm.now().replace(microsecond=0)
        at = min(start.at or now, now)
        return life.offer(terms, digest_of(start.canonical.encode()), at)

    @workflow.run
    async def run(self, given: Any = None) -> AgreementReceipt:
        """Takes an :class:`AgreementStart`; anything else fails at once."""
        if self._offered:
            await self._record(self._offered, documents=[self._as_offered()])
            self._recorded = True
        self._mailing.go()
        self._spreading.go()
        self._invoicing.go()
        while True:
            while not (life.is_over(self._file, self._alarm.now()) and self._invoicing.idle):
                self._alarm.set(min(self._wakes(), key=lambda wake: wake.at))
                await workflow.wait_condition(self._something_to_do)
                await self._step()
                if self._long:
                    await self._carry_on()
            await workflow.wait_condition(lambda: self._mailing.idle and self._spreading.idle)
            await self._drain()
            if self._is_done:
                return self._receipt()

    # Updates

    @workflow.update(name="sign", description="A party signs the digest of the terms (C4.1, C10.3).")
    async def sign(self, command: Sign) -> AgreementReceipt:
        return await self._take(command)

    @sign.validator
    def _check_sign(self, command: Sign) -> None:
        self.check_command(command)

    @workflow.update(name="refuse_offer", description="A party refuses the offer (C4.1).")
    async def refuse_offer(self, command: RefuseOffer) -> AgreementReceipt:
        return await self._take(command)

    @refuse_offer.validator
    def _check_refuse(self, command: RefuseOffer) -> None:
        self.check_command(command)

    @workflow.update(name="withdraw_offer", description="The provider withdraws the offer (C4.1).")
    async def withdraw_offer(self, command: WithdrawOffer) -> AgreementReceipt:
        return await self._take(command)

    @withdraw_offer.validator
    def _check_withdraw(self, command: WithdrawOffer) -> None:
        self.check_command(command)

    @workflow.update(name="submit_request", description="The customer submits a service request (C6.1.1).")
    async def submit_request(self, submission: Submission) -> Receipt:
        waiting = _Submitted(submission, self._submission_refusal(submission))
        self._submissions.append(waiting)
        await workflow.wait_condition(lambda: waiting.admitted is not None)
        assert waiting.admitted is not None
        if waiting.admitted.receipt is not None:
            return waiting.admitted.receipt
        if waiting.too_late is not None and not waiting.admitted.other_content:
            raise refused(waiting.too_late)
        raise refused(
            refuse(
                RefusalKind.OTHER_CONTENT,
                f"request {submission.request_id} was submitted before with other content",
                "C6.1.1",
            ).refusal
        )

    @submit_request.validator
    def _check_submission(self, submission: Submission) -> None:
        refusal = self._submission_refusal(submission)
        # One that comes too late may have been admitted when it was told first: the record knows.
        if refusal is not None and refusal.kind is not RefusalKind.TOO_OLD:
            raise refused(refusal)

    def _submission_refusal(self, submission: Submission) -> Refusal | None:
        try:
            life.check_submission(self._file, submission, self._alarm.now())
        except Refused as problem:
            return problem.refusal
        return None

    @workflow.signal(name="request_closed", description="A request closed after the end of the term (C4.1).")
    def request_closed(self, request_id: str = "", at: Instant | None = None) -> None:
        """``at``: when it closed; left out by a worker that does not tell."""
        self._told.append((request_id, False, at or self._alarm.now().replace(microsecond=0)))

    @workflow.signal(
        name="request_reopened",
        description="A request closed after the end was open after all (C4.1).",
    )
    def request_reopened(self, request_id: str = "") -> None:
        self._told.append((request_id, True, None))

    @workflow.signal(
        name="notices_sent", description="Notices given up before have reached the customer after all (C8.2)."
    )
    def notices_sent(self, seqs: list[int]) -> None:
        self._announced(seqs)

    @workflow.query(name="status", description="Where the agreement stands and what is due next (C4.1).")
    def status(self) -> AgreementStatus:
        wakes = [wake for wake in (life.next_wake(self._file), self._money_wake) if wake is not None]
        wake = min(wakes, key=lambda wake: wake.at, default=None)
        return AgreementStatus(
            receipt=self._receipt(),
            offered_at=self._file.offered_at,
            offer_ends=self._file.offer_ends,
            recorded=self._recorded,
            contract_time=self._alarm.now(),
            open_requests=self._file.open_requests,
            next_wake=wake.at if wake else None,
            next_what=wake.summary if wake else None,
            seq=self._file.seq,
            mail=self._ways.mail,
            invoices=self._ways.invoices,
            unsent_notices=len(self._mailing.unsent),
            changes=changes.standing(self._file),
            offered_digest=digest_of(self._canonical.encode()),
            open_disputes=[
                one for one in standings(self._file, self._alarm.now()).disputes if one.dispute.state.is_open
            ],
        )

    def check_command(self, command: AgreementCommand) -> None:
        refusal = life.refusal_of(self._file, self._errands.orders, command, self._alarm.now())
        if refusal is not None:
            raise refused(refusal)

    async def apply_command(self, command: AgreementCommand) -> None:
        if isinstance(command, DisputeCommand):
            await self._know_requests(command)
        await self._errands.run(command)

    async def _take(self, command: AgreementCommand) -> AgreementReceipt:
        await self._errands.run(command)
        return self._receipt()

    # The one loop

    @property
    def _is_done(self) -> bool:
        """Over, and nothing is left to issue, mail or tell, not even what came up in the waiting."""
        idle = self._invoicing.idle and self._mailing.idle and self._spreading.idle
        return idle and life.is_over(self._file, self._alarm.now())

    def _something_to_do(self) -> bool:
        return self._has_come or self._alarm.rings or self._look_again

    async def _step(self) -> None:
        """Apply what has come, judge what fell due, record it, then answer and tell."""
        errands, submissions = self._errands.take_all(), self._submissions
        self._submissions = []
        now = self._alarm.now()
        money_due = self._look_again or (self._money_wake is not None and self._money_wake.at <= now)
        if money_due:
            await self._decide_changes(now)
            await self._issue_bills(now)
        before = self._file.clone() if errands else self._file
        passed, self._passed = self._passed, []
        news = self._invoicing.take_news()
        result, activated = await self._live(errands, now, money_due, passed, news)
        if self._overtaken_by:
            # What a lost task recorded comes first, without the commands that it did not know.
            self._file.become(before)
            known = {event.command_id for event in self._overtaken_by}
            self._errands.put_back([one for one in errands if one.order.command_id not in known])
            errands = [one for one in errands if one.order.command_id in known]
            self._overtaken_at = before.seq + 1
            result, activated = await self._live(errands, now, money_due, passed, news)
        money_due = money_due or activated
        await self._look_further(result.documents)
        if money_due or errands or result.documents:
            self._look_again = False
            self._money_wake = money.next_wake(self._file, now)
        for command in result.asks:
            await self._ask_ledger(command, result.refused)
        self._answer(errands, result)
        if activated:
            await self._take_over()
        if errands or news:
            self._want_invoices(now)
        await asyncio.gather(*(self._admit(waiting) for waiting in submissions))
        await self._wind_up()

    async def _live(
        self,
        errands: Sequence[Errand[AgreementCommand]],
        now: Instant,
        money_due: bool,
        passed: Sequence[PenaltiesPassed],
        news: Sequence[Issuing],
    ) -> tuple[life.Step, bool]:
        """Live commands and time, and record it: what came of it, and whether it came into force."""
        file = self._file
        tells_overtaken = bool(errands) and self._overtaken_at != file.seq + 1
        result = life.step(file, [errand.order for errand in errands], now)
        result.events += self._invoiced(news)
        result.events += [event for one in passed for event in warn(file, one, now)]
        activated = file.state is AgreementState.OFFERED and file.fully_signed
        if activated:
            result.add(await self._activate())
        if money_due or activated:
            result.add(money.advance(file, now))
        self._overtaken_by = []
        if result.events or result.entries:
            await self._record(
                result.events,
                result.entries,
                result.documents,
                result.decisions,
                tells_overtaken=tells_overtaken and len(result.documents) < 2,
            )
        return result, activated

    def _wakes(self) -> list[Wake]:
        """What falls due next, and the yearly turn of the run."""
        turn = Wake(self._run_started + LONG_RUN + self._alarm.offset, "A new run of the workflow", "C4.1")
        return [wake for wake in (turn, life.next_wake(self._file), self._money_wake) if wake is not None]

    def _answer(self, errands: list[Errand[AgreementCommand]], result: life.Step) -> None:
        for errand in errands:
            errand.refusal = result.refused.get(errand.order.command_id)
            errand.done = True

    async def _activate(self) -> Outcome:
        """Both have signed: the dates of the term are worked out once, where time-zone rules may be read."""
        file, billing = self._file, self._ways.billing
        # With every day of it, whether money is run or not: changes of the agreement are dated by them.
        wanted = DatesWanted(canonical=self._canonical, activated_at=file.signed_at, with_days=True)
        dates = await surely("term_dates", wanted, TermDates, "Dates of the term · C4.1")
        terms = read_terms(self._canonical) if billing or dates.run_from else None
        outcome = Outcome(events=life.activate(file, dates, terms if billing else None))
        if terms is not None and dates.run_from is not None:
            seq = outcome.events[-1].seq
            outcome.entries += opening_entries(terms, file.terms_version, dates, file.money, seq)
        outcome.events += life.advance(file, self._alarm.now())
        return outcome

    async def _take_over(self) -> None:
        """Start the requests that were open when the agreement was taken over (C6.2.3)."""
        file = self._file
        if file.heard_from is None or file.run_from is None:
            return
        wanted = TakeOver(
            agreement_id=file.agreement_id,
            terms_version=file.terms_version,
            run_from=file.run_from,
            heard_from=file.heard_from,
            ways=self._ways,
        )
        await surely("take_over_requests", wanted, OpenRequests, "Open requests taken over · C6.2.3")

    async def _admit(self, waiting: _Submitted) -> None:
        admission = Admission(
            agreement_id=self._file.agreement_id,
            terms_version=self._file.version_at(waiting.submission.at).number,
            submission=waiting.submission,
            ways=self._ways,
            only_known=waiting.too_late is not None,
        )
        admitted = await surely("admit_request", admission, Admitted, "Admit a request · C6.1.1")
        if admitted.receipt is not None and self._file.open_requests is not None:
            is_open = RequestState(admitted.receipt.state).is_open
            self._told.append((waiting.submission.request_id, is_open, None))
        self._spread_to_new(waiting.submission.at)
        waiting.admitted = admitted

    async def _wind_up(self) -> None:
        """After the end of the term: finish the open requests, close, settle (contract §3)."""
        file = self._file
        told, self._told = self._told, []
        if not file.state.has_ended and file.state is not AgreementState.CLOSED:
            return
        if file.open_requests is None:
            # Read after the end was recorded: a request that closes later sees it and tells us.
            wanted = OpenRequestsWanted(agreement_id=file.agreement_id)
            found = await surely("open_requests", wanted, OpenRequests, "Requests still open · C4.1")
            file.open_requests, file.last_ended_at = found.request_ids, found.ended_by
        for request_id, is_open, at in told:
            if request_id:  # a signal that named none
                life.tell_request(file, request_id, is_open, at)
        events = life.close(file, self._alarm.now())
        if events:
            await self._record(events)
        await self._settle_accounts(self._alarm.now())

    def _as_offered(self) -> TermsDocument:
        file = self._file
        return TermsDocument(
            agreement_id=file.agreement_id,
            version=file.terms_version,
            digest=file.digest,
            canonical=self._canonical,
        )

    async def _record(
        self,
        events: list[Event],
        entries: Sequence[LedgerEntry] = (),
        documents: Sequence[TermsDocument] = (),
        decisions: Sequence[PenaltyDecision] = (),
        *,
        tells_overtaken: bool = False,
    ) -> None:
        """Record, and tell whom it concerns; or note what is on record instead, where that is asked."""
        file = self._file
        # Of several versions agreed in one step, all but the last go before it: one has one document.
        for document in documents[:-1]:
            alone = RecordBatch(
                workflow_id=workflow.info().workflow_id,
                agreement_id=file.agreement_id,
                events=[],
                terms=document,
            )
            await surely("record", alone, Recorded, f"Record version {document.version} of the terms · C10.1")
        recorded = await surely(
            "record",
            RecordBatch(
                workflow_id=workflow.info().workflow_id,
                agreement_id=file.agreement_id,
                events=events,
                entries=list(entries),
                decisions=list(decisions),
                agreement=file.snapshot() if events else None,
                terms=documents[-1] if documents else None,
                tells_overtaken=tells_overtaken,
            ),
            Recorded,
            record_summary(events) if events else "Record money · C7.1",
        )
        self._overtaken_by = recorded.overtaken_by
        if recorded.overtaken_by:
            return
        self._passed += [one for one in recorded.passed if one.contract_year not in file.warned]
        self._tell(events)

    def _tell(self, events: Sequence[Event]) -> None:
        self._mailing.add(events)
        self._spread(events)
        before, self._shown = self._shown, agreement_attributes(self._file, self._ways.offset)
        search_attributes.upsert_changes(before, self._shown)

    def story(self) -> str:
        """The current details; see :mod:`workflows.current_details`."""
        invoicing = self._invoicing
        return agreement_story(self._file, self._ways.offset, invoicing.waiting, len(invoicing.delayed))

    # Continue-as-new

    @property
    def _long(self) -> bool:
        info = workflow.info()
        return (
            info.get_current_history_length() > (self._ways.long_history or LONG_HISTORY)
            or info.is_continue_as_new_suggested()
            or info.is_target_worker_deployment_version_changed()
            or workflow.now() - self._run_started >= LONG_RUN
        )

    async def _drain(self) -> None:
        """Apply and answer what is still coming in, until nothing is."""
        while self._busy:
            if self._has_come:
                await self._step()
            await workflow.wait_condition(lambda: self._has_come or workflow.all_handlers_finished())

    @property
    def _has_come(self) -> bool:
        come = self._errands or self._submissions or self._told or self._passed
        return bool(come or self._invoicing.has_news)

    @property
    def _busy(self) -> bool:
        return self._has_come or not workflow.all_handlers_finished()

    async def _carry_on(self) -> None:
        await self._drain()
        workflow.continue_as_new(
            AgreementStart(
                canonical=self._canonical,
                ways=self._ways,
                carried=AgreementCarried(
                    file=self._file,
                    unsent=self._mailing.unsent,
                    untold=self._spreading.untold,
                    uninvoiced=self._invoicing.waiting,
                    delayed=self._invoicing.delayed,
                ),
            )
        )

    def _receipt(self) -> AgreementReceipt:
        file = self._file
        return AgreementReceipt(
            agreement_id=file.agreement_id,
            state=file.state,
            digest=file.digest,
            signed_by=sorted(file.signatures),
            effective_at=file.effective_at,
            ends_at=file.dates.ends_at if file.dates else None,
        )

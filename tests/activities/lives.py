"""Lives to tell of: agreements and requests that between them meet every event there is a mail for.

Made by the contract's own rules and recorded as the workflows record them, so that payloads are what
they are in earnest.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from contract import agreement, request_life
from contract.agreement_file import TermDates
from contract.commands import (
    Accept,
    AnswerRating,
    AnyRequestCommand,
    AskForMaterials,
    Assign,
    Confirm,
    LowerPriority,
    ProvideMaterials,
    RaisePriority,
    Rate,
    RefuseOffer,
    Reopen,
    Resolve,
    Respond,
    Sign,
    Submission,
    Withdraw,
    WithdrawOffer,
)
from contract.facts import Event, RecordBatch, TermsDocument
from contract.notices import Notice
from contract.parties import Actor
from contract.reading import check_terms, parse
from contract.request_file import RequestFile, RequestTerms
from contract.service_hours import Calendar, CalendarYear
from contract.snapshots import snapshot
from contract.terms import Priority, Service, TermSheet, canonical_bytes, digest_of
from records import RecordStore

EXAMPLE = Path(__file__).parents[2] / "examples" / "service-agreement.yaml"
SHANGHAI = ZoneInfo("Asia/Shanghai")
LI_MING = Actor(party="provider", person="李明")
WANG_FANG = Actor(party="customer", person="Wang Fang")

_numbers = count(1)


def local(text: str) -> datetime:
    """``2026-03-02 09:00`` on Shanghai's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def said(at: str, actor: Actor) -> dict[str, Any]:
    """What every command carries."""
    return {"command_id": f"c-{next(_numbers)}", "at": local(at), "actor": actor}


def sheet(agreement_id: str = "ACME-1", language: str = "zh-CN", **changes: Any) -> TermSheet:
    """The example's term sheet with both parties reading one language."""
    document = parse(EXAMPLE.read_text())
    document["agreement_id"] = agreement_id
    for party in ("provider", "customer"):
        document[party]["language"] = language
    for path, value in changes.items():
        place, _, last = path.replace("__", ".").rpartition(".")
        target = document
        for part in place.split(".") if place else []:
            target = target[part]
        target[last] = value
    return check_terms(document)


@dataclass
class Life:
    """One agreement and its requests, recorded as they live."""

    store: RecordStore
    terms: TermSheet
    told: list[tuple[Notice, list[Event]]] = field(default_factory=list)
    """What there is to mail, in order: one notice per step, with its events."""
    notify: Callable[[Notice], Awaitable[None]] | None = None
    """Mails each notice as it comes up, when given."""

    # The agreement

    async def offer(self, at: str) -> None:
        canonical = canonical_bytes(self.terms)
        document = TermsDocument(
            agreement_id=self.terms.agreement_id,
            version=1,
            digest=digest_of(canonical),
            canonical=canonical.decode(),
        )
        self.agreement, events = agreement.offer(self.terms, document.digest, local(at))
        await self.record_agreement(events, document)

    async def agree(self, *commands: agreement.AgreementCommand, now: str) -> None:
        """Commands on the agreement, then what fell due by then; in force when both have signed."""
        events = agreement.step(self.agreement, commands, local(now)).events
        if self.agreement.fully_signed and self.agreement.dates is None:
            signed = max(signature.at for signature in self.agreement.signatures.values())
            events += agreement.activate(self.agreement, TermDates.of(self.terms, signed))
        await self.record_agreement(events)

    async def close(self, now: str, still_open: Sequence[str] = ()) -> None:
        self.agreement.open_requests = list(still_open)
        await self.record_agreement(agreement.close(self.agreement, local(now)))

    def signature(self, actor: Actor, at: str) -> Sign:
        return Sign(**said(at, actor), digest=self.agreement.digest, title="General Manager")

    async def begin(self) -> None:
        """Offered and signed by both on 2 March 2026."""
        await self.offer("2026-03-01 10:00")
        await self.agree(self.signature(LI_MING, "2026-03-01 11:00"), now="2026-03-01 11:00")
        await self.agree(self.signature(WANG_FANG, "2026-03-02 08:30"), now="2026-03-02 08:30")

    async def record_agreement(self, events: list[Event], document: TermsDocument | None = None) -> None:
        workflow_id = f"agreement/{self.terms.agreement_id}"
        await self.store.append(
            RecordBatch(
                workflow_id=workflow_id,
                agreement_id=self.terms.agreement_id,
                events=events,
                agreement=self.agreement.snapshot(),
                terms=document,
            )
        )
        await self._tell(workflow_id, None, events)

    # Requests

    async def submit(self, request_id: str, at: str, **submitted: Any) -> RequestFile:
        usual = {"service": Service.TECHNICAL_SUPPORT, "title": "Printer on floor 3 jams"}
        submission = Submission(**(said(at, WANG_FANG) | {"request_id": request_id} | usual | submitted))
        terms = RequestTerms.from_sheet(self.terms, 1, submission.service)
        years = {
            year: CalendarYear(country="CN", year=year, announced=year < 2027, days={})
            for year in (2026, 2027)
        }
        calendar = Calendar(self.terms.service_hours, self.terms.time_zone, years)
        window = calendar.window(submission.at, submission.at + timedelta(days=90))
        file, outcome = request_life.open_file(self.terms.agreement_id, submission, terms, window)
        await self._record_request(file, outcome, submission.at)
        return file

    async def step(self, file: RequestFile, *commands: AnyRequestCommand, now: str) -> None:
        """Commands on a request, then what fell due by then."""
        step = request_life.step(file, commands, local(now))
        assert not step.refused, step.refused
        await self._record_request(file, step.outcome, local(now))

    async def _record_request(self, file: RequestFile, outcome: Any, now: datetime) -> None:
        if not outcome.events:
            return
        workflow_id = f"request/{file.agreement_id}/{file.request_id}"
        await self.store.append(
            RecordBatch(
                workflow_id=workflow_id,
                agreement_id=file.agreement_id,
                request_id=file.request_id,
                events=outcome.events,
                entries=outcome.entries,
                request=snapshot(file, now),
            )
        )
        await self._tell(workflow_id, file.request_id, outcome.events)

    async def _tell(self, workflow_id: str, request_id: str | None, events: list[Event]) -> None:
        notice = Notice(
            workflow_id=workflow_id,
            agreement_id=self.terms.agreement_id,
            request_id=request_id,
            seqs=[event.seq for event in events],
        )
        self.told.append((notice, events))
        if self.notify is not None:
            await self.notify(notice)


async def offers_that_came_to_nothing(
    store: RecordStore, language: str, notify: Callable[[Notice], Awaitable[None]] | None = None
) -> list[Life]:
    """Refused, withdrawn, lapsed."""
    lives = [
        Life(store, sheet(name, language), notify=notify) for name in ("REFUSED-1", "WITHDRAWN-1", "LAPSED-1")
    ]
    for life in lives:
        await life.offer("2026-03-01 10:00")
    refused, withdrawn, lapsed = lives
    refusal = RefuseOffer(**said("2026-03-02 09:00", WANG_FANG), reason="The hours\ndo not suit us.")
    await refused.agree(refusal, now="2026-03-02 09:00")
    withdrawal = WithdrawOffer(**said("2026-03-02 09:00", LI_MING))
    await withdrawn.agree(withdrawal, now="2026-03-02 09:00")
    await lapsed.agree(now="2026-04-01 10:00")
    return lives


async def long_life(
    store: RecordStore, language: str, notify: Callable[[Notice], Awaitable[None]] | None = None
) -> Life:
    """An agreement from offer to close with four requests, in which everything else happens."""
    life = Life(store, sheet(language=language), notify=notify)
    await life.begin()
    await _well_handled(life)
    await _neglected(life)
    await _reprioritised(life)
    await _late_arriving(life)
    await life.submit("R-5", "2026-12-30 17:30")  # resolution due in a year not announced
    for day in ("2027-01-01 00:00", "2027-01-31 00:00", "2027-02-23 00:00", "2027-03-02 00:00"):
        await life.agree(now=day)
    await life.close("2027-04-02 00:00", still_open=["R-5"])
    return life


async def _well_handled(life: Life) -> None:
    """Asked for materials, reopened once, rated badly all the same, and answered."""
    day = "2026-03-02"
    file = await life.submit(
        "R-1", f"{day} 09:00", priority=Priority.HIGH, description="Error E-42.\nSince this morning."
    )
    for command in (
        Confirm(**said(f"{day} 09:10", LI_MING)),
        Assign(**said(f"{day} 09:20", LI_MING), assignee="Zhao Lei"),
        Respond(**said(f"{day} 09:30", LI_MING), message="We have seen this before."),
        AskForMaterials(**said(f"{day} 10:00", LI_MING), missing=["the log of today", "a photo"]),
        ProvideMaterials(**said(f"{day} 11:00", WANG_FANG), materials="Both are attached to the request."),
        Resolve(**said(f"{day} 15:00", LI_MING), solution="Replace the feed roller."),
        Reopen(**said(f"{day} 16:00", WANG_FANG), reason="It jams again."),
        Resolve(**said(f"{day} 17:00", LI_MING), solution="Replaced the tray as well."),
        Accept(**said(f"{day} 17:30", WANG_FANG), comment="Works now."),
        Rate(**said("2026-03-03 09:00", WANG_FANG), score=2, comment="Two visits for one jam."),
        AnswerRating(**said("2026-03-04 09:00", LI_MING), answer="We now bring both parts along."),
    ):
        await life.step(file, command, now=str(command.at.astimezone(SHANGHAI))[:19])


async def _neglected(life: Life) -> None:
    """Every target warned of and missed; withdrawn, rated, and the answer never given."""
    file = await life.submit("R-2", "2026-03-09 09:00")
    for now in ("2026-03-09 09:50", "2026-03-09 10:30", "2026-03-09 12:00", "2026-03-09 18:00"):
        await life.step(file, now=now)
    await life.step(file, now="2026-03-16 12:00")
    await life.step(file, now="2026-03-18 12:00")
    withdrawal = Withdraw(**said("2026-03-18 13:00", WANG_FANG), reason="We bought another printer.")
    await life.step(file, withdrawal, now="2026-03-18 13:00")
    await life.step(file, Rate(**said("2026-03-18 14:00", WANG_FANG), score=1), now="2026-03-18 14:00")
    await life.step(file, now="2026-03-23 14:00:01")


async def _reprioritised(life: Life) -> None:
    """Priority up and down, solved, and closed by itself."""
    file = await life.submit("R-3", "2026-04-07 09:00")
    day = "2026-04-07"
    for command in (
        RaisePriority(**said(f"{day} 09:05", LI_MING), priority=Priority.CRITICAL, reason="All are down."),
        LowerPriority(**said(f"{day} 09:06", WANG_FANG), priority=Priority.HIGH),
        Confirm(**said(f"{day} 09:10", LI_MING)),
        Assign(**said(f"{day} 09:20", LI_MING), assignee="Zhao Lei"),
        Respond(**said(f"{day} 09:30", LI_MING), message="On our way."),
        Resolve(**said(f"{day} 10:30", LI_MING), solution="Restarted the switch."),
    ):
        await life.step(file, command, now=str(command.at.astimezone(SHANGHAI))[:19])
    await life.step(file, now="2026-04-14 10:30:01")


async def _late_arriving(life: Life) -> None:
    """A response given in time whose command came after the due had been judged."""
    file = await life.submit("R-4", "2026-05-11 09:00")
    confirmed = Confirm(**said("2026-05-11 09:10", LI_MING))
    assigned = Assign(**said("2026-05-11 09:20", LI_MING), assignee="Zhao Lei")
    await life.step(file, confirmed, assigned, now="2026-05-11 09:20")
    await life.step(file, now="2026-05-11 15:00")
    response = Respond(**said("2026-05-11 14:00", LI_MING), message="Sent while the line was down.")
    await life.step(file, response, now="2026-05-11 15:30")

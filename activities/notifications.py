"""Telling the parties by mail what happened (C6.2.3), each event and party once.

The ``notify`` activity may run again at any time: a mail that is on record as taken over by the server
is not sent again. Between the server's answer and its recording the process can die; then the mail goes
out a second time under the same Message-ID, which is how receivers tell.

Errors name ids and SMTP codes. They travel into histories and logs, so never an address, never what a
person wrote (C5.3).
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.letters import Matter
from activities.mail import Mailer, MailRefused, MailUnavailable
from activities.messages import Sender, compose, message_id
from activities.stationery import template_of
from activities.term_sheets import TermSheets
from contract.facts import EventKind, RequestSnapshot
from contract.notices import NOTICES, Notice
from contract.parties import Role
from records import AgreementUnknown, Notification, RecordedEvent, RecordStore
from records.results import KeptFile

MAIL_REFUSED: Final = "mail_refused"
"""The server will not take a mail for its recipient. Not retried; every other mail of the notice was sent."""
MAIL_UNAVAILABLE: Final = "mail_unavailable"
"""The server could not take a mail now. Retried; what was sent is not sent again."""
MAIL_UNWRITTEN: Final = "mail_unwritten"
"""A mail could not be written from the record: a fault of ours. Retried, so that a release can repair it."""
NOT_ON_RECORD: Final = "not_on_record"
"""The notice names what is not recorded yet. Retried."""


@dataclass(slots=True)
class _Unsent:
    """Mails that did not leave, by the reason."""

    refused: list[str] = field(default_factory=list)
    refused_to: dict[str, list[int]] = field(default_factory=dict)
    """The same by party: the events of which its server will take no mail."""
    unavailable: list[str] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    no_server: bool = False
    """The server takes nothing at all now: the other mails would only wait as long for nothing."""

    def raise_any(self, notice: Notice) -> None:
        """Fail if anything is left: retryably if trying again can send any of it."""
        reasons = [
            (MAIL_UNAVAILABLE, "mail server did not take", self.unavailable),
            (MAIL_UNWRITTEN, "could not be written", self.unwritten),
            (NOT_ON_RECORD, "not on record", self.missing),
            (MAIL_REFUSED, "refused for good", self.refused),
        ]
        told = [(kind, f"{what}: {', '.join(which)}") for kind, what, which in reasons if which]
        if told:
            raise ApplicationError(
                f"{notice.workflow_id}: " + "; ".join(text for _, text in told),
                *([self.refused_to] if self.refused_to else []),
                type=told[0][0],
                non_retryable=told[0][0] == MAIL_REFUSED,
            )


class Notifications:
    """Mails the notices that events call for."""

    def __init__(self, store: RecordStore, mailer: Mailer, sender: Sender) -> None:
        self._store = store
        self._sheets = TermSheets(store)
        self._mailer = mailer
        self._sender = sender

    @activity.defn(name="notify")
    async def notify(self, notice: Notice) -> None:
        """Send what of the notice is not sent yet, all that can be sent, then fail if anything is left.

        Raises ApplicationError of the types above.
        """
        unsent = _Unsent()
        matters = await self._matters(notice, unsent)
        for matter, reader in _mails(matters):
            await self._tell(matter, reader, unsent)
        unsent.raise_any(notice)

    async def _tell(self, matter: Matter, reader: Role, unsent: _Unsent) -> None:
        seq = matter.event.seq
        which = f"event {seq} to {reader}"
        identity = message_id(matter.workflow_id, seq, reader, self._sender.domain)
        if await self._store.notification(identity) is not None:
            return
        if unsent.no_server:
            unsent.unavailable.append(f"{which} (not tried)")
            return
        try:
            message = compose(matter, reader, self._sender, await self._attached(matter))
            answer = await self._mailer.send(message)
        except MailRefused as refusal:
            unsent.refused.append(f"{which} ({refusal.code or 'no such address'})")
            unsent.refused_to.setdefault(reader.value, []).append(seq)
            return
        except MailUnavailable as trouble:
            unsent.unavailable.append(f"{which} ({trouble.code or 'no answer'})")
            unsent.no_server = trouble.at_all
            return
        except Exception as fault:
            unsent.unwritten.append(f"{which} ({_place_of(fault)})")
            return
        party = matter.party(reader)
        await self._store.keep_notification(
            Notification(
                message_id=identity,
                agreement_id=matter.agreement.agreement_id,
                workflow_id=matter.workflow_id,
                event_seq=seq,
                recipient=reader,
                address=party.contact.email,
                template=template_of(matter.event.kind, party.language),
                sent_at=datetime.now(UTC),
                response=answer,
            )
        )

    async def _attached(self, matter: Matter) -> list[KeptFile]:
        """The files that go with a mail: of an invoice or credit note, the document itself (C7.1.3)."""
        if matter.event.kind not in (EventKind.INVOICE_ISSUED, EventKind.CREDIT_NOTE_ISSUED):
            return []
        return await self._store.invoice_files(matter.agreement.agreement_id, matter.event.payload["key"])

    async def _matters(self, notice: Notice, unsent: _Unsent) -> list[Matter]:
        """The events of the notice with what their mails need; what is not on record is noted as such."""
        events = await self._events(notice)
        unsent.missing += [f"event {seq}" for seq in notice.seqs if seq not in events]
        agreement = await self._store.agreement(notice.agreement_id)
        if agreement is None:
            unsent.missing.append("the agreement")
            return []
        request: RequestSnapshot | None = None
        if notice.request_id is not None:
            record = await self._store.request(notice.agreement_id, notice.request_id)
            if record is None:
                unsent.missing.append("the request")
                return []
            request = record.request
        version = request.terms_version if request else agreement.terms_version
        try:
            terms = await self._sheets.sheet(agreement.agreement_id, agreement.terms_version)
            rules = await self._sheets.sheet(agreement.agreement_id, version)
        except AgreementUnknown:
            unsent.missing.append("the terms")
            return []
        return [
            Matter(
                workflow_id=notice.workflow_id,
                event=found.event,
                hash=found.hash,
                agreement=agreement,
                terms=terms,
                rules=rules,
                request=request,
            )
            for found in events.values()
        ]

    async def _events(self, notice: Notice) -> dict[int, RecordedEvent]:
        """Those events of the notice that are on record, in order."""
        if not notice.seqs:
            return {}
        recorded = await self._store.events(notice.workflow_id, min(notice.seqs), max(notice.seqs))
        return {found.event.seq: found for found in recorded if found.event.seq in notice.seqs}


def _mails(matters: Sequence[Matter]) -> Iterator[tuple[Matter, Role]]:
    for matter in matters:
        for reader in NOTICES.get(matter.event.kind, ()):
            yield matter, reader


def _place_of(fault: Exception) -> str:
    """What kind of fault, and where: never its message, which may repeat what a person wrote."""
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__} in {Path(last.filename).name}:{last.lineno}"

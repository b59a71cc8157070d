"""Invoices and credit notes are issued by activities of their own, off the path of every command (C7.1.3).

Each document has its own: one that cannot be issued keeps no other waiting. It is tried for ever; when it
has failed for long, that is told once. What is not issued yet travels through continue-as-new, and issuing
again answers with what was issued.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from contract.invoices import IssuedInvoice
from contract.invoicing import InvoiceWanted
from workflows.paces import ISSUING, PROMPTLY, UNTIL_ISSUED, UNTIL_ISSUED_AFTER_ALL
from workflows.payloads import Invoiced, InvoiceToIssue

if TYPE_CHECKING:
    from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Issuing:
    """What came of a document: it was issued, or could not be for long because of ``cause``."""

    wanted: InvoiceWanted
    at: datetime
    """As of when: from the history, so that a task that is run again says the same."""
    issued: IssuedInvoice | None = None
    cause: str | None = None


class Invoicing:
    """The documents of one agreement that are wanted and not issued."""

    def __init__(
        self,
        agreement_id: str,
        waiting: Sequence[InvoiceWanted],
        delayed: Sequence[str],
        summary: Callable[[InvoiceWanted], str],
        offset: timedelta,
    ) -> None:
        """``delayed``: the keys of those of which it was told that they take long."""
        self._agreement_id = agreement_id
        self._offset = offset
        self._summary = summary
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._news: list[Issuing] = []
        self.waiting = list(waiting)
        self.delayed = list(delayed)

    def add(self, wanted: Iterable[InvoiceWanted]) -> None:
        """Have documents issued, each by its key once."""
        self.waiting += [one for one in wanted if one.key not in self.keys]
        self.go()

    def go(self) -> None:
        for wanted in self.waiting:
            if wanted.key not in self._tasks:
                self._tasks[wanted.key] = asyncio.create_task(self._issue(wanted))

    @property
    def keys(self) -> set[str]:
        """Of the documents that are being issued, or of which what came of them is not recorded."""
        return {one.key for one in self.waiting} | {news.wanted.key for news in self._news}

    @property
    def has_news(self) -> bool:
        return bool(self._news)

    @property
    def idle(self) -> bool:
        return not (self.waiting or self._news)

    def take_news(self) -> list[Issuing]:
        """What came of documents since it was asked last."""
        taken, self._news = self._news, []
        return taken

    async def _issue(self, wanted: InvoiceWanted) -> None:
        late_at = self._now() + PROMPTLY
        try:
            done = await self._try(wanted, promptly=wanted.key not in self.delayed)
        except ActivityError as problem:
            self.delayed.append(wanted.key)
            self._news.append(Issuing(wanted, late_at, cause=_cause(problem)))
            done = await self._try(wanted, promptly=False)
        del self._tasks[wanted.key]
        self.waiting.remove(wanted)
        if wanted.key in self.delayed:
            self.delayed.remove(wanted.key)
        # Nothing was issued when the payment was taken back before its invoice was begun.
        self._news.append(Issuing(wanted, done.at or self._now(), issued=done.issued))

    def _now(self) -> datetime:
        return workflow.now().replace(microsecond=0) + self._offset

    async def _try(self, wanted: InvoiceWanted, *, promptly: bool) -> Invoiced:
        done: Invoiced = await workflow.execute_activity(
            "issue_invoice",
            InvoiceToIssue(
                agreement_id=self._agreement_id,
                wanted=wanted,
                offset_seconds=int(self._offset.total_seconds()),
            ),
            result_type=Invoiced,
            start_to_close_timeout=ISSUING,
            schedule_to_close_timeout=PROMPTLY if promptly else None,
            retry_policy=UNTIL_ISSUED if promptly else UNTIL_ISSUED_AFTER_ALL,
            summary=self._summary(wanted),
        )
        return done


def _cause(problem: BaseException) -> str:
    """The kind of error that the tries ended with."""
    found: BaseException | None = problem
    while found is not None:
        if isinstance(found, ApplicationError) and found.type:
            return found.type
        found = found.__cause__
    return "no_answer"

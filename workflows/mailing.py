"""Notices leave as activities of their own, off the path of every command (C6.2.3).

One mailing at a time per workflow: what comes up meanwhile goes with the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from contract.facts import Event
from contract.notices import NOTICES, Notice
from contract.parties import Role
from workflows.paces import MAILING, UNTIL_SENT
from workflows.story import mail_summary


class Mailing:
    """The notices of one workflow that are not yet sent; they travel through continue-as-new."""

    def __init__(
        self,
        agreement_id: str,
        request_id: str | None,
        unsent: Sequence[int],
        on: bool,
        sent: Callable[[Sequence[int]], None] | None = None,
        refused: Callable[[Sequence[int]], None] | None = None,
    ) -> None:
        """``sent`` is told the events of which the customer's notice was taken over by the mail server,
        ``refused`` those of which it never will be."""
        self._agreement_id = agreement_id
        self._request_id = request_id
        self._on = on
        self._sent, self._refused = sent, refused
        self._task: asyncio.Task[None] | None = None
        self.unsent = list(unsent)

    def add(self, events: Sequence[Event]) -> None:
        """Queue the notices that the events call for, and see that they go out."""
        seqs = [event.seq for event in events if event.kind in NOTICES]
        if self._on:
            self.unsent += seqs
        elif self._sent is not None and seqs:
            self._sent(seqs)  # where nothing is mailed, what is on record counts as told
        self.go()

    def go(self) -> None:
        if self.unsent and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._send())

    @property
    def idle(self) -> bool:
        return not self.unsent

    async def _send(self) -> None:
        while self.unsent:
            seqs = list(self.unsent)
            notice = Notice(
                workflow_id=workflow.info().workflow_id,
                agreement_id=self._agreement_id,
                request_id=self._request_id,
                seqs=seqs,
            )
            try:
                await workflow.execute_activity(
                    "notify",
                    notice,
                    start_to_close_timeout=MAILING,
                    retry_policy=UNTIL_SENT,
                    summary=mail_summary(seqs),
                )
            except ActivityError as problem:
                # The mail server refused a recipient for good: the record stands, the log says which.
                workflow.logger.warning("notices refused by the mail server", extra={"seqs": seqs})
                self._tell(seqs, refused_to_customer(problem, seqs))
            else:
                self._tell(seqs, [])
            self.unsent = [seq for seq in self.unsent if seq not in seqs]

    def _tell(self, seqs: Sequence[int], refused: Sequence[int]) -> None:
        if self._sent is not None:
            self._sent([seq for seq in seqs if seq not in refused])
        if self._refused is not None and refused:
            self._refused(refused)


def refused_to_customer(problem: ActivityError, seqs: Sequence[int]) -> list[int]:
    """Of which events the customer's notice was refused for good; all of them where nobody tells."""
    cause = problem.cause
    if isinstance(cause, ApplicationError) and cause.details and isinstance(cause.details[0], dict):
        return [seq for seq in seqs if seq in cause.details[0].get(Role.CUSTOMER.value, [])]
    return list(seqs)

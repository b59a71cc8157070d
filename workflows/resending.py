"""Notices that were given up, sent again because an operator asks for it (C6.2.3).

A workflow of its own: most of those that the notices are of have ended, and their histories stay as
they were.
"""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError

from contract.notices import Notice
from workflows.mailing import refused_to_customer
from workflows.paces import MAILING, UNTIL_SENT
from workflows.payloads import read_start
from workflows.story import mail_summary


@workflow.defn(name="ResendNotices")
class ResendNotices:
    """Sends what of a notice is not sent yet; fails when the mail server refuses any of it for good."""

    @workflow.run
    async def run(self, given: Any = None) -> None:
        """Takes a :class:`Notice`; anything else fails at once."""
        notice = read_start(Notice, given, carried_over=False)
        try:
            await workflow.execute_activity(
                "notify",
                notice,
                start_to_close_timeout=MAILING,
                retry_policy=UNTIL_SENT,
                summary=mail_summary(notice.seqs),
            )
        except ActivityError as problem:
            refused = refused_to_customer(problem, notice.seqs)
            await self._tell(notice, [seq for seq in notice.seqs if seq not in refused])
            raise
        await self._tell(notice, notice.seqs)

    async def _tell(self, notice: Notice, seqs: list[int]) -> None:
        """The agreement is told: a suspension may have waited for its notice to reach the customer (C8.2)."""
        if notice.request_id is not None or not seqs:
            return
        agreement = workflow.get_external_workflow_handle(notice.workflow_id)
        try:
            await agreement.signal("notices_sent", seqs)
        except FailureError:
            workflow.logger.info("the agreement is over")

"""Changing an agreement, as its workflow lives it (C4.2, C7.2, C10): commands, and what they make due.

The part of :class:`workflows.agreement.Agreement` through which its terms change. What follows from a command
and from time says :mod:`contract.agreement_changes`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from temporalio import workflow

from contract import agreement_changes as changes
from contract.agreement_changes import ChangesStanding
from contract.agreement_file import AgreementFile, TermDates
from contract.change_commands import (
    AcceptFeeChange,
    ChangeCommand,
    ConsentToAmendment,
    ConsentToTermination,
    CounterFeeChange,
    DeclineAmendment,
    DeclineTermination,
    ObjectToFeeChange,
    ProposeAmendment,
    ProposeFeeChange,
    ProposeTermination,
    WithdrawAmendment,
    WithdrawFeeChange,
    WithdrawTermination,
)
from contract.facts import Event, LedgerEntry, TermsDocument
from contract.version_making import look_further, reaches
from workflows.payloads import DatesWanted, NewestTerms
from workflows.recording import surely
from workflows.taking import Taking, taking

if TYPE_CHECKING:
    from datetime import datetime


def _standing(self: Changes, command: ChangeCommand) -> ChangesStanding:
    return changes.standing(self._file)


def _taking(model: type[ChangeCommand]) -> Any:
    return taking(model, ChangesStanding, _standing)


class Changes(Taking):
    """Fee changes, amendments and an early end."""

    _file: AgreementFile

    @abstractmethod
    async def _record(
        self,
        events: list[Event],
        entries: Sequence[LedgerEntry] = (),
        documents: Sequence[TermsDocument] = (),
    ) -> None: ...

    propose_fee_change = _taking(ProposeFeeChange)
    accept_fee_change = _taking(AcceptFeeChange)
    object_to_fee_change = _taking(ObjectToFeeChange)
    counter_fee_change = _taking(CounterFeeChange)
    withdraw_fee_change = _taking(WithdrawFeeChange)
    propose_amendment = _taking(ProposeAmendment)
    consent_to_amendment = _taking(ConsentToAmendment)
    decline_amendment = _taking(DeclineAmendment)
    withdraw_amendment = _taking(WithdrawAmendment)
    propose_termination = _taking(ProposeTermination)
    consent_to_termination = _taking(ConsentToTermination)
    decline_termination = _taking(DeclineTermination)
    withdraw_termination = _taking(WithdrawTermination)

    @workflow.query(name="newest_terms", description="The version of the terms agreed last (C10.1).")
    def newest_terms(self) -> NewestTerms:
        newest = self._file.newest
        return NewestTerms(version=newest.number, canonical=newest.canonical)

    async def _decide_changes(self, now: datetime) -> None:
        """What became final by itself counts before the bills that it prices (C7.2)."""
        decided = changes.advance(self._file, now)
        if decided.events:
            await self._record(decided.events, decided.entries, decided.documents)

    async def _look_further(self, documents: Sequence[TermsDocument]) -> None:
        """A longer term: its days are worked out as far beyond it as those of the shorter one were."""
        file = self._file
        if not documents or reaches(file) or file.effective_at is None:
            return
        canonical = documents[-1].canonical
        wanted = DatesWanted(canonical=canonical, activated_at=file.effective_at, with_days=True)
        dates = await surely("term_dates", wanted, TermDates, "Days of the longer term · C10.4")
        assert dates.days is not None
        look_further(file, dates.days)

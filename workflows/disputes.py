"""The disputes of an agreement, as its workflow runs them (C9): their commands, and what is asked about them.

The part of :class:`workflows.agreement.Agreement` that disputes are. It records through the agreement's one
loop, and its one timer rings for their windows, like everything else.
"""

from __future__ import annotations

from typing import Any

from temporalio import workflow

from contract import agreement_disputes as disputes
from contract.agreement_disputes import DisputesStanding, DisputeStanding
from contract.agreement_file import AgreementFile
from contract.dispute_commands import (
    AnyDisputeCommand,
    ConfirmSettlement,
    DeclareFailed,
    DisputeCommand,
    OfferSettlement,
    OpenDispute,
    RecordAward,
    ReferDispute,
    WithdrawDispute,
)
from contract.disputes import DisputeTerms
from contract.facts import PenaltiesPassed
from contract.reading import read_terms
from contract.refusals import RefusalKind, refuse
from workflows.alarm import Alarm
from workflows.errands import refused
from workflows.payloads import OpenRequests, RequestsNamed
from workflows.recording import surely
from workflows.taking import Taking, taking


def _standing(self: Disputes, command: AnyDisputeCommand) -> DisputeStanding:
    dispute = disputes.meant(self._file, command)
    assert dispute is not None
    return disputes.standing(self._file, dispute, self._alarm.now())


def _taking(model: type[DisputeCommand]) -> Any:
    return taking(model, DisputeStanding, _standing)


def know_disputes(file: AgreementFile, canonical: str) -> None:
    """Put the terms of disputes into a file of a release that knew none."""
    if file.terms.disputes is None:
        known = DisputeTerms.from_sheet(read_terms(canonical))
        file.terms = file.terms.model_copy(update={"disputes": known})


class Disputes(Taking):
    """Disputes, their settlement and their award; the warning that penalties have grown large."""

    _file: AgreementFile
    _alarm: Alarm
    _passed: list[PenaltiesPassed]
    """Contract years whose penalties have passed the warning, as told by whoever recorded them."""

    open_dispute = _taking(OpenDispute)
    offer_settlement = _taking(OfferSettlement)
    confirm_settlement = _taking(ConfirmSettlement)
    declare_negotiation_failed = _taking(DeclareFailed)
    refer_dispute = _taking(ReferDispute)
    record_award = _taking(RecordAward)
    withdraw_dispute = _taking(WithdrawDispute)

    @workflow.query(name="disputes", description="Every dispute, where it stands and what may be done (C9).")
    def disputes(self) -> DisputesStanding:
        return disputes.standings(self._file, self._alarm.now())

    @workflow.signal(
        name="penalties_passed",
        description="Penalties of a contract year have passed the share of its fees to warn at (C8.1).",
    )
    def penalties_passed(self, passed: PenaltiesPassed) -> None:
        if passed.contract_year not in self._file.warned:
            self._passed.append(passed)

    async def _know_requests(self, command: DisputeCommand) -> None:
        """Raise what the caller is told when a request that the command names is not on record."""
        named = sorted(command.requests)
        if not named or command.command_id in self._file.taken:
            return
        wanted = RequestsNamed(agreement_id=self._file.agreement_id, request_ids=named)
        known = await surely("known_requests", wanted, OpenRequests, "Requests on record · C9.1")
        unknown = [request_id for request_id in named if request_id not in known.request_ids]
        if unknown:
            message = f"not on record: request {', '.join(unknown)}"
            raise refused(refuse(RefusalKind.NOT_ON_RECORD, message, command.clause).refusal)

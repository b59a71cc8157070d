"""The one registry of search attributes: opaque values only, they are not encrypted (C5.3).

An attribute that is not registered with the server would fail every workflow task that names it, so
``aftercare`` registers what is missing at start-up from :data:`ALL`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from contract.agreement_changes import open_changes
from contract.agreement_file import AgreementFile
from contract.agreement_states import AgreementState
from contract.disputes import open_disputes
from contract.facts import RequestSnapshot

AGREEMENT_ID = SearchAttributeKey.for_keyword("AftercareAgreementId")
STATE = SearchAttributeKey.for_keyword("AftercareState")
SERVICE = SearchAttributeKey.for_keyword("AftercareService")
PRIORITY = SearchAttributeKey.for_keyword("AftercarePriority")
NEXT_DUE = SearchAttributeKey.for_datetime("AftercareNextDue")
"""The next instant at which a promise would be broken; absent when none is running. In the engine's time,
as everything else there: where contract time has an offset, that is taken off."""
BREACHED = SearchAttributeKey.for_bool("AftercareBreached")
PROVISIONAL = SearchAttributeKey.for_bool("AftercareProvisional")

OPEN_DISPUTES = SearchAttributeKey.for_int("AftercareOpenDisputes")
"""How many disputes of an agreement are open; absent when none is (C9)."""
DISPUTE_DUE = SearchAttributeKey.for_datetime("AftercareDisputeDue")
"""The next end of a negotiation, or of the time to refer, among them; in the engine's time."""
OPEN_CHANGES = SearchAttributeKey.for_keyword_list("AftercareOpenChanges")
"""What of an agreement is being negotiated: ``fee_change``, ``amendment``, ``termination``; absent
when nothing is."""

ALL: tuple[SearchAttributeKey[Any], ...] = (
    AGREEMENT_ID,
    STATE,
    SERVICE,
    PRIORITY,
    NEXT_DUE,
    BREACHED,
    PROVISIONAL,
    OPEN_DISPUTES,
    DISPUTE_DUE,
    OPEN_CHANGES,
)

Values = Mapping[SearchAttributeKey[Any], str | bool | int | datetime | list[str] | None]


def typed(values: Values) -> TypedSearchAttributes:
    """For the start of a workflow, where they cost nothing."""
    return TypedSearchAttributes(
        [SearchAttributePair(key, value) for key, value in values.items() if value is not None]
    )


def upsert_changes(before: Values, after: Values) -> None:
    """One upsert with what changed; none when nothing did."""
    updates: list[SearchAttributeUpdate[Any]] = []
    for key, value in after.items():
        if before.get(key) != value:
            updates.append(key.value_unset() if value is None else key.value_set(value))
    if updates:
        workflow.upsert_search_attributes(updates)


def request_attributes(view: RequestSnapshot, offset: timedelta) -> Values:
    """The search attributes of a request; contract time = engine time + ``offset``."""
    return {
        AGREEMENT_ID: view.agreement_id,
        STATE: view.state.value,
        SERVICE: view.service.value,
        PRIORITY: view.priority.value,
        NEXT_DUE: view.next_due and view.next_due - offset,
        BREACHED: view.confirm_late or view.response_late or view.resolution_late,
        PROVISIONAL: view.provisional,
    }


def agreement_attributes(file: AgreementFile, offset: timedelta) -> Values:
    """The search attributes of an agreement; contract time = engine time + ``offset``."""
    disputes = [] if file.money is None else open_disputes(file.money.disputes)
    dates = [dispute.next_date for dispute in disputes if dispute.next_date is not None]
    return {
        AGREEMENT_ID: file.agreement_id,
        STATE: _shown_state(file).value,
        OPEN_DISPUTES: len(disputes) or None,
        DISPUTE_DUE: min(dates) - offset if dates else None,
        OPEN_CHANGES: sorted({one.what for one in open_changes(file)}) or None,
    }


def _shown_state(file: AgreementFile) -> AgreementState:
    """Outside a workflow, where an agreement is only offered, nothing is suspended."""
    shown = file.shown_state
    if shown is AgreementState.SUSPENDED and not workflow.patched("suspended-is-shown"):
        return file.state
    return shown

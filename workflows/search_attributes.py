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

from contract.agreement_file import AgreementFile
from contract.agreement_states import AgreementState
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

ALL: tuple[SearchAttributeKey[Any], ...] = (
    AGREEMENT_ID,
    STATE,
    SERVICE,
    PRIORITY,
    NEXT_DUE,
    BREACHED,
    PROVISIONAL,
)

Values = Mapping[SearchAttributeKey[Any], str | bool | datetime | None]


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


def agreement_attributes(file: AgreementFile) -> Values:
    """The search attributes of an agreement."""
    return {AGREEMENT_ID: file.agreement_id, STATE: _shown_state(file).value}


def _shown_state(file: AgreementFile) -> AgreementState:
    """Outside a workflow, where an agreement is only offered, nothing is suspended."""
    shown = file.shown_state
    if shown is AgreementState.SUSPENDED and not workflow.patched("suspended-is-shown"):
        return file.state
    return shown

"""Lists of agreements and requests: what is asked for, all of it, in a stable order (C6.2.3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contract.agreement_states import AgreementState
from contract.request import RequestState
from contract.terms import Priority, Service, Target
from records import AgreementFilter, RecordStore, RequestFilter
from tests.records.building import (
    EFFECTIVE,
    A,
    agreement,
    cny,
    event,
    penalty,
    request,
    utc,
)

DAY = timedelta(days=1)
CONSULTING, SUPPORT = Service.ONLINE_CONSULTING, Service.TECHNICAL_SUPPORT
S = RequestState

REQUESTS: dict[str, dict[str, Any]] = {
    "r1": {"state": S.SUBMITTED, "confirm_late": True, "submitted_at": EFFECTIVE + 5 * DAY},
    "r2": {"state": S.CLOSED, "service": CONSULTING, "submitted_at": EFFECTIVE + 4 * DAY},
    "r3": {"state": S.WAITING, "priority": Priority.CRITICAL, "submitted_at": EFFECTIVE + 3 * DAY},
    "r4": {"state": S.WITHDRAWN, "response_late": True, "submitted_at": EFFECTIVE + 2 * DAY},
    "r5": {"state": S.RESPONDED, "resolution_late": True, "submitted_at": EFFECTIVE + 2 * DAY},
    "r6": {"state": S.RESPONDED, "provisional": True, "submitted_at": EFFECTIVE + DAY},
}
IN_ORDER = ["r6", "r4", "r5", "r3", "r2", "r1"]


@pytest.fixture
async def filled(store: RecordStore) -> RecordStore:
    await store.append_many([request(name, **changes) for name, changes in REQUESTS.items()])
    await store.append(agreement("agreement-2"))
    await store.append(request("r1", agreement_id="agreement-2", provisional=True))
    return store


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, IN_ORDER),
        ({"states": [S.RESPONDED]}, ["r6", "r5"]),
        ({"states": [S.WAITING, S.CLOSED]}, ["r3", "r2"]),
        ({"states": []}, []),
        ({"open": True}, ["r6", "r5", "r3", "r1"]),
        ({"open": False}, ["r4", "r2"]),
        ({"late": True}, ["r4", "r5", "r1"]),
        ({"late": False}, ["r6", "r3", "r2"]),
        ({"late": True, "target": Target.CONFIRM}, ["r1"]),
        ({"late": True, "target": Target.RESPOND}, ["r4"]),
        ({"late": True, "target": Target.RESOLVE}, ["r5"]),
        ({"late": False, "target": Target.RESOLVE}, ["r6", "r4", "r3", "r2", "r1"]),
        ({"services": [CONSULTING]}, ["r2"]),
        ({"services": [SUPPORT], "open": False}, ["r4"]),
        ({"priorities": [Priority.CRITICAL]}, ["r3"]),
        ({"provisional": True}, ["r6"]),
        ({"submitted_from": EFFECTIVE + 3 * DAY}, ["r3", "r2", "r1"]),
        ({"submitted_before": EFFECTIVE + 3 * DAY}, ["r6", "r4", "r5"]),
        (
            {"submitted_from": EFFECTIVE + 2 * DAY, "submitted_before": EFFECTIVE + 4 * DAY},
            ["r4", "r5", "r3"],
        ),
    ],
    ids=str,
)
async def test_requests_are_those_asked_for(
    filled: RecordStore, wanted: dict[str, Any], expected: list[str]
) -> None:
    found = await filled.requests(A, RequestFilter(**wanted))
    assert [row.request_id for row in found] == expected
    assert {row.agreement_id for row in found} <= {A}


async def test_pages_of_requests_join_without_gap_or_overlap(filled: RecordStore) -> None:
    pages = [await filled.requests(A, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [[row.request_id for row in page] for page in pages] == [
        ["r6", "r4"],
        ["r5", "r3"],
        ["r2", "r1"],
        [],
    ]
    rest = await filled.requests(A, offset=4)
    assert [row.request_id for row in rest] == ["r2", "r1"]


async def test_open_requests_by_id(filled: RecordStore) -> None:
    assert await filled.open_request_ids(A) == ["r6", "r5", "r3", "r1"]
    assert await filled.open_request_ids("agreement-3") == []


async def test_provisional_requests_are_open_ones(filled: RecordStore) -> None:
    assert [row.request_id for row in await filled.provisional_requests(A)] == ["r6"]
    await filled.append(request("r6", event(2), provisional=True, state=S.CLOSED))
    assert await filled.provisional_requests(A) == []


async def test_a_request_comes_with_its_own_timeline_and_entries(filled: RecordStore) -> None:
    entry = penalty("p1", "200.00", request_id="r5")
    await filled.append(request("r5", event(2), event(3), entries=[entry], resolution_late=True))
    await filled.append(request("r3", event(2), entries=[penalty("p2", "200.00", request_id="r3")]))
    found = await filled.request(A, "r5")
    assert found is not None
    assert found.workflow_id == f"request/{A}/r5"
    assert [recorded.event.seq for recorded in found.events] == [1, 2, 3]
    assert [posted.entry for posted in found.entries] == [entry]
    assert found.entries[0].entry.amount == cny("200.00")


async def test_a_request_is_found_in_its_own_agreement_only(filled: RecordStore) -> None:
    assert await filled.request("agreement-2", "r2") is None
    found = await filled.request("agreement-2", "r1")
    assert found is not None
    assert found.request.agreement_id == "agreement-2"


async def test_agreements_are_those_asked_for(store: RecordStore) -> None:
    await store.append(agreement("b", state=AgreementState.OFFERED, offered_at=utc("2025-01-01 00:00")))
    await store.append(agreement("c", customer_id="customer-2", offered_at=utc("2027-01-01 00:00")))

    async def names(limit: int | None = None, offset: int = 0, **wanted: Any) -> list[str]:
        found = await store.agreements(AgreementFilter(**wanted), limit=limit, offset=offset)
        return [row.agreement_id for row in found]

    assert await names() == ["b", A, "c"]
    assert await names(states=[AgreementState.ACTIVE]) == [A, "c"]
    assert await names(party_id="customer-2") == ["c"]
    assert await names(party_id="provider-1", states=[AgreementState.OFFERED]) == ["b"]
    assert await names(limit=1, offset=1) == [A]
    assert await store.agreement("d") is None


async def test_agreements_whose_service_is_suspended_are_found_as_such_and_as_active_c8_2(
    store: RecordStore,
) -> None:
    await store.append(agreement("b", suspended_since=utc("2027-01-01 00:00")))
    for states, found in ((["suspended"], ["b"]), (["active"], [A, "b"]), (["offered", "suspended"], ["b"])):
        wanted = AgreementFilter.model_validate({"states": states})
        assert [row.agreement_id for row in await store.agreements(wanted)] == found

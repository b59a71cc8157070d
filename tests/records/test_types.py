"""What goes in comes out: every digit, every microsecond, every zone, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON, Column, MetaData, Table, insert, select
from sqlalchemy.exc import StatementError

from contract.facts import RecordBatch
from contract.money import Money
from contract.values import MAX_INTEGER
from records import RecordStore
from records.database import Database
from records.engine import database_url
from records.types import InstantList, UtcMicroseconds
from tests.records.building import A, agreement, entries_only, event, penalty, request, utc

ROW = Table(
    "row", MetaData(), Column("at", UtcMicroseconds), Column("several", InstantList), Column("json", JSON)
)
instants = st.datetimes(
    # Hypothesis asks for naive bounds and adds the zone itself.
    min_value=datetime.fromisoformat("1900-01-01"),
    max_value=datetime.fromisoformat("2400-01-01"),
    timezones=st.timezones(),
)


@pytest.fixture
async def database(record_url: str):
    found = Database.at(database_url(record_url), connections=1)
    await found.write(ROW.create)
    yield found
    await found.close()


async def _back(database: Database, **values: object) -> tuple[object, ...]:
    def work(connection) -> tuple[object, ...]:
        connection.execute(ROW.delete())
        connection.execute(insert(ROW), values)
        return tuple(connection.execute(select(*(ROW.c[name] for name in values))).one())

    return await database.write(work)


@given(at=instants)
def test_an_instant_survives_to_the_microsecond(at: datetime) -> None:
    column = UtcMicroseconds()
    kept = column.process_bind_param(at, None)  # type: ignore[arg-type]
    found = column.process_result_value(kept, None)  # type: ignore[arg-type]
    assert found == at.astimezone(UTC)
    assert found.tzinfo is UTC


@given(one=instants, other=instants)
def test_instants_order_as_numbers_do(one: datetime, other: datetime) -> None:
    first, second = (UtcMicroseconds().process_bind_param(at, None) for at in (one, other))  # type: ignore[arg-type]
    assert first is not None
    assert second is not None
    assert (first < second) == (one.astimezone(UTC) < other.astimezone(UTC))
    assert (first == second) == (one.astimezone(UTC) == other.astimezone(UTC))


async def test_an_instant_comes_back_in_utc(database: Database) -> None:
    berlin = datetime(2026, 10, 25, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    (found,) = await _back(database, at=berlin)
    assert found == utc("2026-10-25 01:30:00.123456")
    assert isinstance(found, datetime)
    assert found.tzinfo is UTC
    assert await _back(database, at=None) == (None,)


async def test_a_naive_time_is_refused(database: Database) -> None:
    naive = datetime(2026, 3, 2, 9)  # noqa: DTZ001 -- the point of the test
    with pytest.raises(StatementError, match="a time with its offset"):
        await _back(database, at=naive)


async def test_several_instants_survive_and_none_are_an_empty_list(database: Database) -> None:
    several = [utc("2026-01-01 00:00:00.000001"), utc("2027-01-01 00:00")]
    assert await _back(database, several=several) == (several,)
    assert await _back(database, several=[]) == ([],)
    assert await _back(database, several=None) == ([],)


async def test_json_survives_with_its_digits_and_letters(database: Database) -> None:
    value = {"b": ["12000.00", MAX_INTEGER, -1, True, None], "a": {"备注": '壹仟元 \U0001f4a1 " \\ \n'}}
    assert await _back(database, json=value) == (value,)


@pytest.mark.parametrize(
    "amount",
    [
        Money.of("0.01", "CNY"),
        Money.of("123456789.01", "CNY"),
        Money.of("0.001", "KWD"),
        Money.of("7", "JPY"),
        Money(minor=MAX_INTEGER, currency="CNY"),
    ],
    ids=str,
)
async def test_money_keeps_every_digit_and_its_currency(store: RecordStore, amount: Money) -> None:
    await store.append(request("r1"))
    await store.append(entries_only(penalty("p1", "0.01").model_copy(update={"amount": amount})))
    found = await store.request(A, "r1")
    assert found is not None
    assert found.entries[0].entry.amount == amount


async def test_a_request_keeps_all_of_its_state(store: RecordStore) -> None:
    full = request(
        "r1",
        title="导出到一半就停了",
        submitted_at=utc("2026-03-02 01:00:00.000001"),
        confirmed_at=utc("2026-03-02 01:10"),
        responded_at=utc("2026-03-02 02:00"),
        resolved_at=utc("2026-03-04 02:00"),
        closed_at=utc("2026-03-05 02:00"),
        confirm_due=utc("2026-03-02 02:00"),
        respond_due=utc("2026-03-02 05:00"),
        resolve_due=utc("2026-03-04 01:00"),
        resolution_late=True,
        delay_seconds=3600,
        delay_days=1,
        provisional=True,
        assignee="王芳",
        rating=2,
        follow_up_due=utc("2026-03-10 02:00"),
        follow_up_answered_at=utc("2026-03-09 02:00"),
        next_target="resolve",
        next_due=utc("2026-03-04 01:00"),
    )
    await store.append(full)
    assert await store.requests(A) == [full.request]


async def test_an_agreement_keeps_all_of_its_state(empty_store: RecordStore) -> None:
    full = agreement(closed_at=utc("2029-02-01 00:00"))
    await empty_store.append(full)
    assert await empty_store.agreement(A) == full.agreement


async def test_what_canonical_json_cannot_carry_is_refused_whole(store: RecordStore) -> None:
    batch = RecordBatch(
        workflow_id="other/1", agreement_id=A, events=[event(1), event(2, payload={"n": MAX_INTEGER + 1})]
    )
    with pytest.raises(ValueError, match="safe integer"):
        await store.append(batch)
    assert await store.events("other/1") == []

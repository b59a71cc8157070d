"""The client tells a caller in time that nobody answers, and lets itself be cancelled."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contract import commands
from contract.faults import Faulty
from contract.parties import Actor
from contract.reading import read_terms
from starter.client import Aftercare
from starter.errors import NotReached, Unknown
from tests.starter.live import Service
from tests.starter.sheets import write_sheet

pytestmark = pytest.mark.engine

PROVIDER = Actor(party="provider", person="Li Ming")


def nobody_works(service: Service, patience: float) -> Aftercare:
    return Aftercare(service.temporal, task_queue="where-nobody-works", patience=timedelta(seconds=patience))


def test_without_a_worker_an_offer_and_a_command_are_not_reached(service: Service, tmp_path: Path):
    terms = read_terms(write_sheet(tmp_path, "N-1").read_text())
    client = nobody_works(service, 0.3)
    with pytest.raises(NotReached):
        service.do(client.offer(terms))
    with pytest.raises(NotReached):
        service.do(client.sign("N-1", PROVIDER, digest="0" * 64, title="CEO"))


def test_a_command_that_waits_can_be_cancelled(service: Service, tmp_path: Path):
    terms = read_terms(write_sheet(tmp_path, "N-2").read_text())

    async def cancelled() -> bool:
        with pytest.raises(NotReached):
            await nobody_works(service, 0.1).offer(terms)
        client = nobody_works(service, 60)
        telling = asyncio.create_task(client.sign("N-2", PROVIDER, digest="0" * 64, title="CEO"))
        await asyncio.wait([telling], timeout=0.2)
        telling.cancel()
        await asyncio.wait([telling], timeout=5)
        return telling.cancelled()

    assert service.do(cancelled())


def test_an_offer_whose_holidays_nobody_publishes_is_faulty_and_never_made_c5_2(
    service: Service, tmp_path: Path
):
    sheet = read_terms(write_sheet(tmp_path, "N-XX").read_text())
    assert not isinstance(sheet.service_hours, str)
    hours = sheet.service_hours.model_copy(update={"holidays": "XX"})
    client = Aftercare(service.temporal)
    with pytest.raises(Faulty) as problem:
        service.do(client.offer(sheet.model_copy(update={"service_hours": hours})))
    (fault,) = problem.value.faults
    assert (fault.path, fault.clause, fault.given) == ("service_hours.holidays", "C5.2", "XX")
    with pytest.raises(Unknown):
        service.do(client.agreement("N-XX"))


@pytest.mark.parametrize(
    ("command", "content", "path", "clause"),
    [
        (commands.Resolve, {}, "solution", "C6.2.2"),
        (commands.Rate, {"score": 6}, "score", "C5.5"),
        (commands.AskForMaterials, {"missing": []}, "missing", "C5.4"),
        (commands.Sign, {"digest": "x", "title": "CEO"}, "digest", "C4.1"),
        (commands.Submission, {"request_id": "R-1", "service": "other", "title": "T"}, "service", "C6.1.1"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_a_fault_in_what_a_command_says_names_the_clause_of_the_command(
    service: Service, command: type[commands.Command], content: dict[str, Any], path: str, clause: str
):
    with pytest.raises(Faulty) as problem:
        Aftercare(service.temporal).make(command, PROVIDER, **content)
    assert [(fault.path, fault.clause) for fault in problem.value.faults] == [(path, clause)]


def test_an_offer_that_was_answered_is_on_record(service: Service, tmp_path: Path):
    client = Aftercare(service.temporal)

    async def offered(number: int) -> bool:
        terms = read_terms(write_sheet(tmp_path, f"N-recorded-{number}").read_text())
        await client.offer(terms)
        return await service.store.agreement(terms.agreement_id) is not None

    for number in range(5):
        assert service.do(offered(number))

"""The client tells a caller in time that nobody answers, and lets itself be cancelled."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from contract.parties import Actor
from contract.reading import read_terms
from starter.client import Aftercare
from starter.errors import NotReached
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


def test_an_offer_that_was_answered_is_on_record(service: Service, tmp_path: Path):
    client = Aftercare(service.temporal)

    async def offered(number: int) -> bool:
        terms = read_terms(write_sheet(tmp_path, f"N-recorded-{number}").read_text())
        await client.offer(terms)
        return await service.store.agreement(terms.agreement_id) is not None

    for number in range(5):
        assert service.do(offered(number))

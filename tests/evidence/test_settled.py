"""A pack of an agreement that was settled: netting, a waiver and a payout are in it and add up (C8.1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from starter.evidence.packing import pack
from starter.evidence.verify import parse
from tests.engine import DAY, HOUR, START, skipping_world
from tests.evidence.forging import faults, resealed, rows_of, unpacked, with_ledger
from tests.workflows import test_settling as settling

pytestmark = pytest.mark.engine


async def test_the_end_of_an_agreements_money_is_in_it_and_adds_up(tmp_path: Path):
    async with skipping_world(tmp_path) as world:
        agreement = await settling.short(world, **settling.PAYING_OUT)
        await settling.late_response(agreement)
        await settling.pay(agreement, "1000.00", START + DAY)
        await settling.waive(agreement, "late_response", START + 2 * DAY, amount="50.00")
        await agreement.pass_time_until(settling.ENDS + HOUR)
        await settling.pay_out(agreement, "150.00", settling.ENDS + DAY)
        await world.completed(agreement.handle)
        target = tmp_path / "pack.zip"
        packed = await pack(world.store, agreement.id, target, client=world.temporal)
    assert packed is not None
    assert packed.faults == []
    files = unpacked(target)
    kinds = {row["entry"]["kind"] for row in rows_of(files, "ledger.jsonl")}
    assert {"bill", "payment", "penalty", "penalty_waiver"} <= kinds
    last = sorted(path for path in files if path.startswith("statements/") and path.endswith(".json"))[-1]
    told = parse(files[last])
    assert (told["statement"]["net"]["minor"], told["statement"]["penalties_owed"]["minor"]) == (0, 0)
    # A waiver that is taken out leaves a statement that no longer adds up to the ledger.
    forged = with_ledger(files, lambda rows: rows.remove(next(r for r in rows if r["entry"]["reason"])))
    assert any(path == last for path, _, _ in faults(resealed(forged)))

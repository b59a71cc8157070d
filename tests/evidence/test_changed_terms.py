"""A pack of an agreement whose terms were changed: every version, held against the events (C10.1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.change_commands import AcceptFeeChange, ProposeFeeChange
from starter.evidence.packing import pack
from tests.engine import CUSTOMER, DAY, PROVIDER, shanghai, skipping_world
from tests.evidence.forging import faults, resealed, rows_of, unpacked
from tests.workflows.test_changes import NOTICE, OFFER, say

pytestmark = pytest.mark.engine


async def test_every_version_of_the_terms_is_in_it_and_held_against_the_events(tmp_path: Path):
    async with skipping_world(tmp_path) as world:
        agreement = await world.agreement(billing=True)
        await say(agreement, ProposeFeeChange, PROVIDER, NOTICE, **OFFER)
        await say(agreement, AcceptFeeChange, CUSTOMER, NOTICE + DAY, **OFFER)
        await agreement.submit(at=NOTICE + DAY)
        await agreement.pass_time_until(shanghai("2026-06-10 00:00"))
        target = tmp_path / "pack.zip"
        packed = await pack(world.store, agreement.id, target, client=world.temporal)
        assert packed is not None
        assert packed.faults == []
        files = unpacked(target)
        assert [row["version"] for row in rows_of(files, "terms.jsonl")] == [1, 2]
        assert b'"amount":"1200"' in files["terms/version-2.json"]
        forged = files["terms/version-2.json"].replace(b'"amount":"1200"', b'"amount":"1300"')
        found = faults(resealed(files | {"terms/version-2.json": forged}))
        assert [path for path, _, _ in found] == ["terms/version-2.json"]
        # Before it was agreed there was one version; agreed and not yet in force, there are two.
        for until, versions in ((NOTICE, [1]), (NOTICE + 2 * DAY, [1, 2])):
            cut = await pack(world.store, agreement.id, target, until=until)
            assert cut is not None
            assert cut.faults == []
            assert [row["version"] for row in rows_of(unpacked(target), "terms.jsonl")] == versions

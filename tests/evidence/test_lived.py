"""Packs of agreements lived by the engine: settled, taken over, disputed, changed; all add up (C9.2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.change_commands import AcceptFeeChange, ProposeFeeChange
from contract.dispute_commands import ConfirmSettlement, OfferSettlement
from contract.facts import EventKind
from starter.evidence.packing import pack
from starter.evidence.verify import parse
from tests.engine import CUSTOMER, DAY, HOUR, PROVIDER, START, LivedAgreement, shanghai, skipping_world
from tests.evidence.forging import Files, faults, resealed, rows_of, unpacked, with_ledger
from tests.workflows import test_changes as changes
from tests.workflows import test_disputes as disputes
from tests.workflows import test_settling as settling
from tests.workflows import test_taking_over as taking_over

pytestmark = pytest.mark.engine


async def sound(agreement: LivedAgreement, target: Path) -> Files:
    """The files of an agreement's pack, in which nothing is wrong."""
    packed = await pack(agreement.world.store, agreement.id, target, client=agreement.world.temporal)
    assert packed is not None
    assert (packed.faults, packed.not_printed) == ([], None)
    assert packed.counts["histories_missing"] == 0
    return unpacked(target)


def last_statement(files: Files) -> str:
    return max(path for path in files if path.startswith("statements/") and path.endswith(".json"))


async def test_the_end_of_an_agreements_money_is_in_it_and_adds_up_c8_1(tmp_path: Path):
    async with skipping_world(tmp_path) as world:
        agreement = await settling.short(world, **settling.PAYING_OUT)
        await settling.late_response(agreement)
        await settling.pay(agreement, "1000.00", START + DAY)
        await settling.waive(agreement, "late_response", START + 2 * DAY, amount="50.00")
        await agreement.pass_time_until(settling.ENDS + HOUR)
        await settling.pay_out(agreement, "150.00", settling.ENDS + DAY)
        await world.completed(agreement.handle)
        files = await sound(agreement, tmp_path / "pack.zip")
    kinds = {row["entry"]["kind"] for row in rows_of(files, "ledger.jsonl")}
    assert {"bill", "payment", "penalty", "penalty_waiver"} <= kinds
    last = last_statement(files)
    told = parse(files[last])["statement"]
    assert (told["net"]["minor"], told["penalties_owed"]["minor"]) == (0, 0)
    # Without the waiver the statement no longer adds up to the ledger.
    forged = with_ledger(
        files, lambda rows: rows.remove(next(r for r in rows if r["entry"]["kind"] == "penalty_waiver"))
    )
    assert any(path == last for path, _, _ in faults(resealed(forged)))


async def test_what_was_taken_over_is_in_it_with_clocks_and_on_paper_c4_1(tmp_path: Path):
    async with skipping_world(tmp_path) as world:
        agreement = await taking_over.taken_over(world)
        await agreement.event(EventKind.REQUEST_TAKEN_OVER, "R-7")
        await agreement.pass_time_until(shanghai("2026-03-03 18:00:01"))
        await agreement.event(EventKind.PENALTY_ACCRUED, "R-7", 2)
        files = await sound(agreement, tmp_path / "pack.zip")
    told = parse(files["requests/request-R-7.json"])
    due = {clock["target"]: clock["due"] for clock in told["clocks"]}
    assert due["resolve"] == shanghai("2026-02-27 18:00").isoformat()
    assert told["title"] == "No sound"


async def test_a_dispute_and_its_settlement_are_in_it_c9_1(tmp_path: Path):
    async with skipping_world(tmp_path) as world:
        agreement = await world.agreement(**disputes.TERMS)
        at = await disputes.late_response(agreement)
        await disputes.open_dispute(agreement, at + HOUR, disputes.LATE, PROVIDER)
        amounts = [{"kind": "penalty", "request_id": "r-1", "penalty": "late_response", "amount": "50.00"}]
        offer = {"dispute": "D001", "amounts": amounts}
        await disputes.tell(agreement, OfferSettlement, PROVIDER, at + 2 * HOUR, **offer)
        confirmed = {"dispute": "D001", "offer": 1}
        await disputes.tell(agreement, ConfirmSettlement, CUSTOMER, at + 3 * HOUR, **confirmed)
        files = await sound(agreement, tmp_path / "pack.zip")
    kinds = [row["event"]["kind"] for row in rows_of(files, "events/agreement.jsonl")]
    assert {"dispute_opened", "dispute_settled"} <= set(kinds)


async def test_every_version_of_the_terms_is_in_it_and_held_against_the_events_c10_1(tmp_path: Path):
    async with skipping_world(tmp_path) as world:
        agreement = await world.agreement(billing=True)
        at, offer = changes.NOTICE, changes.OFFER
        await changes.say(agreement, ProposeFeeChange, PROVIDER, at, **offer)
        await changes.say(agreement, AcceptFeeChange, CUSTOMER, at + DAY, **offer)
        await agreement.submit(at=at + DAY)
        await agreement.pass_time_until(shanghai("2026-06-10 00:00"))
        target = tmp_path / "pack.zip"
        files = await sound(agreement, target)
        # Before it was agreed there was one version; agreed and not yet in force, there are two.
        for until, versions in ((at, [1]), (at + 2 * DAY, [1, 2])):
            cut = await pack(world.store, agreement.id, target, until=until)
            assert cut is not None
            assert cut.faults == []
            assert [row["version"] for row in rows_of(unpacked(target), "terms.jsonl")] == versions
    assert [row["version"] for row in rows_of(files, "terms.jsonl")] == [1, 2]
    assert b'"amount":"1200"' in files["terms/version-2.json"]
    forged = files["terms/version-2.json"].replace(b'"amount":"1200"', b'"amount":"1300"')
    found = faults(resealed(files | {"terms/version-2.json": forged}))
    assert [path for path, _, _ in found] == ["terms/version-2.json"]

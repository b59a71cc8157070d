"""What commands look up in the record store before they show anything."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from contract.facts import AgreementSnapshot
from contract.reading import read_terms
from contract.terms import TermSheet
from records.store import RecordStore
from starter.errors import NotReached, Unknown
from starter.reaching import record_store

UTC = ZoneInfo("UTC")


async def agreement_on_record(store: RecordStore, agreement_id: str) -> tuple[AgreementSnapshot, TermSheet]:
    """An agreement with the terms now in force; raises Unknown."""
    view = await store.agreement(agreement_id)
    terms = None if view is None else await store.terms(agreement_id, view.terms_version)
    if view is None or terms is None:
        raise Unknown(f"there is no agreement {agreement_id} on record")
    return view, read_terms(terms.canonical)


async def zones_of(store: RecordStore, agreement_ids: Iterable[str]) -> dict[str, ZoneInfo]:
    """The zone of each of the agreements; raises Unknown."""
    found = {}
    for agreement_id in set(agreement_ids):
        _, terms = await agreement_on_record(store, agreement_id)
        found[agreement_id] = ZoneInfo(terms.time_zone)
    return found


async def zone_of(agreement_id: str) -> ZoneInfo:
    """The contract's zone; UTC where the record store cannot be read from here: the command was taken."""
    try:
        async with record_store() as store:
            _, terms = await agreement_on_record(store, agreement_id)
            return ZoneInfo(terms.time_zone)
    except (NotReached, Unknown):
        return UTC

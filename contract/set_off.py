"""Which penalties a bill can set off: those that stand, oldest first, those on hold left out (contract §4).

Read from the ledger's entries in the order of their posting, so that what an earlier bill has set off is
known to be gone when a dispute over it is opened later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contract.facts import Account, EntryKind, LedgerEntry
from contract.holds import PenaltyHold
from contract.money import Money
from contract.penalties import PenaltyKind

Part = tuple[str, PenaltyKind]
"""A request, and which of its penalties."""

OF_NONE: Part = ("", PenaltyKind.LATE_RESPONSE)
"""What belongs to no request on record: taken over from before, or a payout that came back."""

_KINDS = {kind.clause: kind for kind in PenaltyKind}


def penalty_kind(entry: LedgerEntry) -> PenaltyKind | None:
    """Which of a request's penalties an entry is about; None when it says none in particular."""
    told = entry.explanation.get("penalty")
    return PenaltyKind(told) if told in set(PenaltyKind) else _KINDS.get(entry.clause)


def owed(entry: LedgerEntry) -> int:
    """What an entry adds to what the provider owes in penalties, in minor units."""
    if entry.credit is Account.PENALTY_PAYABLE:
        return entry.amount.minor
    return -entry.amount.minor if entry.debit is Account.PENALTY_PAYABLE else 0


def outstanding(entries: Iterable[LedgerEntry]) -> dict[Part, int]:
    """What of each penalty stands and was neither set off nor paid out, the oldest first, in minor units.

    The cap is left out: it lowers the sum of a year and no penalty in particular.
    """
    parts: dict[Part, int] = {}
    for entry in entries:
        minor = owed(entry)
        if not minor or entry.kind is EntryKind.PENALTY_CAP:
            continue
        if entry.request_id is not None:
            kind = penalty_kind(entry)
            among = [(entry.request_id, one) for one in (tuple(PenaltyKind) if kind is None else (kind,))]
            _move(parts, among, minor, among[0])
        elif isinstance(told := entry.explanation.get("penalties"), list):
            for part in told:
                named = (part["request"], PenaltyKind(part["penalty"]))
                amount = Money.of(part["amount"], entry.amount.currency).minor
                parts[named] = parts.get(named, 0) - amount
        else:
            _move(parts, list(parts), minor, OF_NONE)
    return parts


def _move(parts: dict[Part, int], among: Sequence[Part], minor: int, rest: Part) -> None:
    """Take from the first parts that have something, or give back to those that lack; then the ``rest``."""
    for part in among:
        has = parts.get(part, 0)
        moved = max(minor, -max(has, 0)) if minor < 0 else min(minor, max(-has, 0))
        if moved:
            parts[part], minor = has + moved, minor - moved
    if minor:
        parts[rest] = parts.get(rest, 0) + minor


def held(parts: Mapping[Part, int], holds: Sequence[PenaltyHold]) -> dict[Part, int]:
    """How much of each part the holds reserve; at most what is outstanding of it."""
    reserved: dict[Part, int] = {}
    for hold in holds:
        left = hold.amount
        for part in [(hold.request_id, kind) for kind in hold.penalties]:
            free = max(0, parts.get(part, 0) - reserved.get(part, 0))
            taken = free if left is None else min(free, left)
            left = None if left is None else left - taken
            if taken:
                reserved[part] = reserved.get(part, 0) + taken
    return reserved


def available(stands: int, reserved: Mapping[Part, int]) -> int:
    """What of all that stands can be set off: nothing that is on hold."""
    return stands if stands <= 0 else max(0, stands - sum(reserved.values()))


def taken_from(
    parts: Mapping[Part, int], reserved: Mapping[Part, int], set_off: Money
) -> list[dict[str, Any]]:
    """Which penalties a set-off takes, the oldest first: what its entry tells when some were on hold."""
    left, found = set_off.minor, []
    for part, has in parts.items():
        taken = min(left, max(0, has - reserved.get(part, 0)))
        if taken > 0:
            amount = Money(minor=taken, currency=set_off.currency)
            found.append({"request": part[0], "penalty": part[1].value, "amount": str(amount)})
            left -= taken
    return found

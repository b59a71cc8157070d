"""How the demonstration's agreement is changed and disputed: told through the same client as anyone's.

The provider announces another fee, and a lower one is agreed (C7.2); the response gets faster by a supplement
(C10.1); the customer disputes a part of the first bill at the new fee, and both settle (C9.1). The end is
that of the term.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from contract.change_commands import (
    AcceptFeeChange,
    ChangeCommand,
    ConsentToAmendment,
    CounterFeeChange,
    ObjectToFeeChange,
    ProposeFeeChange,
)
from contract.dispute_commands import ConfirmSettlement, DisputeCommand, OfferSettlement, OpenDispute
from contract.disputes import Amount, AmountKind, Item, Matter
from contract.parties import Actor, Role
from contract.penalties import add_months
from contract.terms import TermSheet
from starter.client import Aftercare
from starter.demo.paying import Deed

PROVIDER = Actor(party=Role.PROVIDER.value, person="李明")
CUSTOMER = Actor(party=Role.CUSTOMER.value, person="Wang Fang")
HOUR = time(15)
NEW_FEE = 6
"""The period from which on the new fee is asked for, counted from zero."""
ASKED, OFFERED, AGREED = Decimal("1.08"), Decimal("1.03"), Decimal("1.05")
"""The provider's new fee, the customer's offer and what they agree on, as parts of the present fee."""
FASTER = {"targets.respond_hours": 2}
DISPUTED, CREDITED = Decimal("2000.00"), Decimal("1000.00")


class Changing:
    """What the parties of one agreement change, and what they dispute."""

    def __init__(self, client: Aftercare, terms: TermSheet) -> None:
        self._client = client
        self._terms = terms
        self._zone = ZoneInfo(terms.time_zone)

    def plan(self, effective: date) -> list[Deed]:
        """All of it, in order, for an agreement of a year of months from the effective date."""
        noticed, amended = add_months(effective, 2), add_months(effective, 8)
        billed, dispute = add_months(effective, NEW_FEE), "D001"
        asked, offered, agreed = (
            {"amount": (self._terms.fees.amount * part).quantize(Decimal("0.01")), "effective_on": billed}
            for part in (ASKED, OFFERED, AGREED)
        )
        bill = f"B{NEW_FEE + 1:03d}"
        disputed = {
            "item": Item(matter=Matter.BILL, bill=bill),
            "amount": DISPUTED,
            "about": "Service stood still in June although a cheque was on its way.",
        }
        settled = {
            "amounts": [Amount(kind=AmountKind.BILL, bill=bill, amount=CREDITED)],
            "text": "各让一半。",
        }
        change, argue = self._change, self._dispute
        return [
            self._deed(noticed, change, ProposeFeeChange, PROVIDER, asked | {"reason": "人工成本上涨。"}),
            self._deed(
                noticed + timedelta(days=6),
                change,
                ObjectToFeeChange,
                CUSTOMER,
                offered | {"reason": "Eight percent is twice the index."},
            ),
            self._deed(noticed + timedelta(days=9), change, CounterFeeChange, PROVIDER, agreed),
            self._deed(noticed + timedelta(days=12), change, AcceptFeeChange, CUSTOMER, agreed),
            self._deed(billed + timedelta(days=2), argue, OpenDispute, CUSTOMER, disputed),
            self._deed(
                billed + timedelta(days=5), argue, OfferSettlement, PROVIDER, settled | {"dispute": dispute}
            ),
            self._deed(
                billed + timedelta(days=7),
                argue,
                ConfirmSettlement,
                CUSTOMER,
                {"dispute": dispute, "offer": 1},
            ),
            self._deed(amended, self._propose, add_months(effective, 9)),
            self._deed(amended + timedelta(days=3), self._consent),
        ]

    def _deed(self, day: date, do: Callable[..., Awaitable[None]], *told: Any) -> Deed:
        at = datetime.combine(day, HOUR, self._zone)
        return Deed(at, partial(do, at, *told))

    async def _change(
        self, at: datetime, command: type[ChangeCommand], by: Actor, content: dict[str, Any]
    ) -> None:
        await self._client.change(self._terms.agreement_id, command, by, at=at, **content)

    async def _dispute(
        self, at: datetime, command: type[DisputeCommand], by: Actor, content: dict[str, Any]
    ) -> None:
        await self._client.dispute(self._terms.agreement_id, command, by, at=at, **content)

    async def _propose(self, at: datetime, effective_on: date) -> None:
        await self._client.propose_amendment(
            self._terms.agreement_id,
            PROVIDER,
            text="自该日起响应时限缩短为两个服务小时。",
            title="总经理",
            changes=FASTER,
            effective_on=effective_on,
            at=at,
        )

    async def _consent(self, at: datetime) -> None:
        """The customer signs the digest of the terms as they would be."""
        stands = await self._client.agreement(self._terms.agreement_id)
        assert stands.changes is not None
        (proposed,) = stands.changes.open
        told = {"amendment": proposed.number, "digest": proposed.digest, "title": "Head of IT"}
        await self._change(at, ConsentToAmendment, CUSTOMER, told)

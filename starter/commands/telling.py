"""One command on one request: told to the service, and what it answers shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from contract.commands import LowerPriority, RaisePriority, RequestCommand
from contract.parties import Actor
from contract.terms import Priority
from starter.client import Aftercare
from starter.lookup import zone_of
from starter.reaching import service
from starter.showing.paper import say
from starter.showing.plain import print_json
from starter.showing.requests import receipt_lines
from workflows.payloads import Receipt


def perform(
    agreement: str,
    request: str,
    command: type[RequestCommand],
    by: Actor,
    at: datetime | None,
    command_id: str | None,
    as_json: bool,
    **content: Any,
) -> None:
    """Give a command and show where the request stands then."""
    tell(
        agreement,
        lambda client: client.perform(
            agreement, request, command, by, at=at, command_id=command_id, **content
        ),
        as_json,
    )


def change_priority(
    agreement: str,
    request: str,
    priority: Priority,
    by: Actor,
    at: datetime | None,
    command_id: str | None,
    as_json: bool,
    reason: str | None,
) -> None:
    """Raise or lower, whichever it is from where the request stands."""

    async def changed(client: Aftercare) -> Receipt:
        now = (await client.request(agreement, request)).snapshot.priority
        command = LowerPriority if priority.rank > now.rank else RaisePriority
        return await client.perform(
            agreement, request, command, by, at=at, command_id=command_id, priority=priority, reason=reason
        )

    tell(agreement, changed, as_json)


def tell(agreement: str, command: Callable[[Aftercare], Awaitable[Receipt]], as_json: bool) -> None:
    """Run one command against the service and show its receipt."""
    asyncio.run(_tell(agreement, command, as_json))


async def _tell(agreement: str, command: Callable[[Aftercare], Awaitable[Receipt]], as_json: bool) -> None:
    async with service() as client:
        receipt = await command(client)
    if as_json:
        print_json(receipt)
    else:
        say(receipt_lines(receipt, await zone_of(agreement)))

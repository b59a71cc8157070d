"""What a Temporal namespace must know of us before the first workflow: our search attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeIndexedValueType, SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode


class SearchAttributeConflict(RuntimeError):
    """The namespace has a search attribute of our name with another type."""


async def register_search_attributes(
    client: Client, keys: Sequence[SearchAttributeKey[Any]]
) -> tuple[str, ...]:
    """Make the client's namespace know every one of `keys`; return the names that were missing.

    Idempotent, and safe when several processes start at once. An attribute a workflow sets but the
    namespace does not know fails its task for ever, hence before the first workflow. Raises
    `SearchAttributeConflict` for a name taken by another type, which only an operator can settle.
    """
    known = await _known_search_attributes(client)
    for key in keys:
        registered = known.get(key.name)
        if registered is not None and registered != key.indexed_value_type:
            raise SearchAttributeConflict(
                f"Search attribute {key.name} is {SearchAttributeIndexedValueType(registered).name} in"
                f" namespace {client.namespace}; aftercare needs {key.indexed_value_type.name}."
            )
    added = [key for key in keys if key.name not in known and await _add_search_attribute(client, key)]
    return tuple(key.name for key in added)


async def _known_search_attributes(client: Client) -> dict[str, int]:
    """Name → type of the namespace's own attributes; empty where the server cannot list them."""
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        response = await client.operator_service.list_search_attributes(request)
    except RPCError as error:
        if error.status == RPCStatusCode.UNIMPLEMENTED:  # the time-skipping server
            return {}
        raise
    return {name: int(kind) for name, kind in response.custom_attributes.items()}


async def _add_search_attribute(client: Client, key: SearchAttributeKey[Any]) -> bool:
    """Whether it was missing. One at a time: one that exists makes the time-skipping server refuse all."""
    request = AddSearchAttributesRequest(
        namespace=client.namespace,
        search_attributes={key.name: key.indexed_value_type.value},  # type: ignore[dict-item]
    )
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        if error.status == RPCStatusCode.ALREADY_EXISTS:
            return False
        raise
    return True

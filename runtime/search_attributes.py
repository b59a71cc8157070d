"""What a Temporal namespace must know of us before the first workflow: our search attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeIndexedValueType, SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode


class SearchAttributeFault(RuntimeError):
    """The namespace does not have our search attributes, and only an operator can change that."""


class SearchAttributeConflict(SearchAttributeFault):
    """The namespace has a search attribute of our name with another type."""


class SearchAttributesMissing(SearchAttributeFault):
    """The namespace lacks search attributes that this process may not register; says what to run instead."""


async def register_search_attributes(
    client: Client, keys: Sequence[SearchAttributeKey[Any]]
) -> tuple[str, ...]:
    """Make the client's namespace know every one of `keys`; return the names that were missing.

    Idempotent, and safe when several processes start at once. An attribute a workflow sets but the
    namespace does not know fails its task for ever, hence before the first workflow.

    Raises `SearchAttributeConflict` for a name taken by another type, and `SearchAttributesMissing`
    where the server refuses to register one; only an operator can settle either.
    """
    known = await _known_search_attributes(client, keys)
    for key in keys:
        registered = known.get(key.name)
        if registered is not None and registered != key.indexed_value_type:
            raise SearchAttributeConflict(
                f"Search attribute {key.name} is {SearchAttributeIndexedValueType(registered).name} in"
                f" namespace {client.namespace}; aftercare needs {key.indexed_value_type.name}."
            )
    missing = [key for key in keys if key.name not in known]
    added = []
    for done, key in enumerate(missing):
        try:
            if await _add_search_attribute(client, key):
                added.append(key.name)
        except RPCError as error:
            if error.status not in (*_DENIED, RPCStatusCode.INVALID_ARGUMENT):  # no room for more of a type
                raise
            raise SearchAttributesMissing(_what_to_run(client, missing[done:], error)) from None
    return tuple(added)


_DENIED = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED)


def create_commands(client: Client, keys: Sequence[SearchAttributeKey[Any]]) -> list[str]:
    """What an operator runs to register `keys` in the client's namespace."""
    where = f"--address {client.service_client.config.target_host} --namespace {client.namespace}"
    create = f"temporal operator search-attribute create {where}"
    return [f"{create} --name {key.name} --type {_TYPES[key.indexed_value_type]}" for key in keys]


_TYPES = {
    SearchAttributeIndexedValueType.KEYWORD: "Keyword",
    SearchAttributeIndexedValueType.DATETIME: "Datetime",
    SearchAttributeIndexedValueType.BOOL: "Bool",
    SearchAttributeIndexedValueType.INT: "Int",
    SearchAttributeIndexedValueType.KEYWORD_LIST: "KeywordList",
}
"""As the `temporal` command line calls them."""


def _what_to_run(client: Client, keys: Sequence[SearchAttributeKey[Any]], error: RPCError) -> str:
    return "\n".join(
        [
            f"Namespace {client.namespace} lacks search attributes that aftercare sets, and the server does"
            f" not let this process register them ({error.status.name}: {error.message}).",
            "Have someone who may run:",
            *(f"  {command}" for command in create_commands(client, keys)),
        ]
    )


async def _known_search_attributes(client: Client, keys: Sequence[SearchAttributeKey[Any]]) -> dict[str, int]:
    """Name → type of the namespace's own attributes; empty where the server cannot list them."""
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        response = await client.operator_service.list_search_attributes(request)
    except RPCError as error:
        if error.status == RPCStatusCode.UNIMPLEMENTED:  # the time-skipping server
            return {}
        if error.status in _DENIED:
            return {key.name: key.indexed_value_type for key in keys if await _can_be_asked_for(client, key)}
        raise
    return {name: int(kind) for name, kind in response.custom_attributes.items()}


async def _can_be_asked_for(client: Client, key: SearchAttributeKey[Any]) -> bool:
    """Whether a name is registered, as anyone finds out who may list workflows."""
    try:
        await client.count_workflows(f"{key.name} IS NOT NULL")
    except RPCError as error:
        if error.status == RPCStatusCode.INVALID_ARGUMENT:
            return False
        raise
    return True


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

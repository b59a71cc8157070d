"""The one way to reach Temporal: client, worker, replayer and tests share the data converter."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NoReturn

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, Interceptor
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from runtime.advice import advice
from runtime.keys import payload_codec
from runtime.settings import Settings

LOOK_SECONDS = 10.0
"""How often a worker looks whether it is still welcome."""
REFUSALS = 3
NOT_WELCOME = (RPCStatusCode.NOT_FOUND, RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED)


class Unreachable(RuntimeError):
    """Temporal cannot be reached or does not let us in; the message says why and what to do."""


_CONVERTERS = PydanticPayloadConverter().converters


class Payloads(PydanticPayloadConverter):
    """JSON of the house's models, by one set of converters for the whole process.

    SDK 1.35 makes a payload converter anew for every activation of a workflow; these remember how to
    read each model.
    """

    def __init__(self) -> None:
        self.converters = _CONVERTERS


PLAIN = DataConverter(payload_converter_class=Payloads)


def data_converter(codec: PayloadCodec | None) -> DataConverter:
    """The house's data converter: JSON of its models, encrypted by the codec; failures too.

    None is for servers that live in memory only, and for development without keys.
    """
    if codec is None:
        return PLAIN
    return DataConverter(
        payload_converter_class=Payloads,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(
    settings: Settings, *, runtime: Runtime | None = None, interceptors: Sequence[Interceptor] = ()
) -> Client:
    """A client of the server and namespace the settings name.

    Raises :class:`Unreachable`, and :class:`KeysFaulty` where payloads cannot be encrypted as they must.
    """
    converter = data_converter(payload_codec(settings))
    key = settings.temporal_api_key
    try:
        client = await Client.connect(
            settings.temporal_address,
            namespace=settings.temporal_namespace,
            data_converter=converter,
            tls=_tls(settings) if settings.tls else False,
            api_key=None if key is None else key.get_secret_value(),
            runtime=runtime,
            interceptors=interceptors,
        )
        # A worker in a namespace that is not there would find out only when it polls.
        await known(client)
    except (RuntimeError, RPCError) as problem:
        raise Unreachable(advice(settings, problem)) from None
    return client


async def known(client: Client) -> None:
    """Ask Temporal for the client's namespace; raises RPCError when it does not answer, or has none."""
    await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))


async def shut_out(client: Client, settings: Settings) -> NoReturn:
    """Raise Unreachable once Temporal has said several times running that this client is not welcome.

    The SDK polls on for ever in a namespace that was deleted, or with a key that was revoked; an operator
    finds out sooner from a process that ends. A server that does not answer is an outage, which passes.
    """
    refusals = 0
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await known(client)
        except RPCError as problem:
            refusals = refusals + 1 if problem.status in NOT_WELCOME else 0
            if refusals == REFUSALS:
                raise Unreachable(advice(settings, problem)) from None
        else:
            refusals = 0


def _tls(settings: Settings) -> TLSConfig:
    files = (settings.temporal_tls_ca, settings.temporal_tls_cert, settings.temporal_tls_key)
    try:
        authority, cert, key = (None if file is None else file.read_bytes() for file in files)
    except OSError as problem:
        raise Unreachable(f"{problem.filename} cannot be read: {problem.strerror}.") from None
    return TLSConfig(
        server_root_ca_cert=authority,
        domain=settings.temporal_tls_server_name,
        client_cert=cert,
        client_private_key=key,
    )

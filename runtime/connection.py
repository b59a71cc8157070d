"""The one way to reach Temporal: client, worker, replayer and tests share the data converter."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, Interceptor
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)
from temporalio.runtime import Runtime
from temporalio.service import RPCError, TLSConfig

from runtime.advice import advice
from runtime.keys import payload_codec
from runtime.settings import Settings


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
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=settings.temporal_namespace)
        )
    except (RuntimeError, RPCError) as problem:
        raise Unreachable(advice(settings, problem)) from None
    return client


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

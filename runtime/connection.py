"""The one way to reach Temporal: client, worker, replayer and tests share the data converter."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter
from temporalio.service import RPCError

from runtime.settings import Settings


class Unreachable(RuntimeError):
    """No Temporal server answers; the message says where it was looked for and what to do."""


_CONVERTERS = PydanticPayloadConverter().converters


class Payloads(PydanticPayloadConverter):
    """JSON of the house's models, by one set of converters for the whole process.

    SDK 1.35 makes a payload converter anew for every activation of a workflow; these remember how to
    read each model.
    """

    def __init__(self) -> None:
        self.converters = _CONVERTERS


DATA_CONVERTER = DataConverter(payload_converter_class=Payloads)


def data_converter() -> DataConverter:
    """The house's data converter: JSON of its models."""
    return DATA_CONVERTER


async def connect(settings: Settings) -> Client:
    """A client of the server the settings name; raises :class:`Unreachable`."""
    try:
        return await Client.connect(
            settings.temporal_address,
            namespace=settings.temporal_namespace,
            data_converter=data_converter(),
        )
    except (RuntimeError, RPCError):
        raise Unreachable(
            f"No Temporal server answers at {settings.temporal_address}. "
            "Start one with `aftercare dev`, or set AFTERCARE_TEMPORAL_ADDRESS."
        ) from None

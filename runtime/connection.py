"""The one way to reach Temporal: client, worker, replayer and tests share the data converter."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.service import RPCError

from runtime.settings import Settings


class Unreachable(RuntimeError):
    """No Temporal server answers; the message says where it was looked for and what to do."""


def data_converter() -> DataConverter:
    """JSON of the house's models."""
    return pydantic_data_converter


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

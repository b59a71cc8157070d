"""The SDK's side of watching a worker: its metrics on loopback, its log lines among ours, its traces."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version

from temporalio.client import Interceptor
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from runtime.engines import LOOPBACK, free_port
from runtime.settings import Settings

ATTEMPTS = 5
FLUSH_SECONDS = 3


def sdk_runtime(settings: Settings) -> tuple[Runtime, str | None]:
    """The SDK's runtime of this process, and where its metrics are found when anyone asks for them.

    They are on a loopback port of their own, from which `/metrics` fetches them: the SDK serves them
    itself or not at all.
    """
    lines = LoggingConfig(
        TelemetryFilter("WARN", "ERROR"),
        # Its fields hold whole failures, and with them what people wrote (C5.3): `of_what` takes the ids.
        forwarding=LogForwardingConfig(
            logging.getLogger("temporalio.core"), append_log_fields_to_message=False
        ),
    )
    if settings.monitoring_address is None:
        return Runtime(telemetry=TelemetryConfig(logging=lines)), None
    for attempt in range(1, ATTEMPTS + 1):
        address = f"{LOOPBACK}:{free_port()}"
        metrics = PrometheusConfig(
            bind_address=address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
        )
        try:
            return Runtime(telemetry=TelemetryConfig(logging=lines, metrics=metrics)), address
        except (RuntimeError, ValueError):
            # Between asking for a free port and using it, another process may have taken it.
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


@asynccontextmanager
async def traced(settings: Settings) -> AsyncIterator[Sequence[Interceptor]]:
    """What makes traces of workflows and activities, for the length of the block; nothing when it is off.

    Spans carry ids and names of types, never what a command says. At the end the last ones are sent.
    """
    if settings.traces_endpoint is None:
        yield ()
        return
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from temporalio.contrib.opentelemetry import TracingInterceptor

    resource = Resource.create({"service.name": "aftercare", "service.version": version("aftercare")})
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(
        endpoint=settings.traces_endpoint,
        insecure=settings.traces_endpoint.startswith("http://"),
        timeout=FLUSH_SECONDS,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield (TracingInterceptor(provider.get_tracer("aftercare")),)
    finally:
        await asyncio.to_thread(provider.shutdown)

"""Traces reach a collector over OTLP when one is named, with names and ids and without content."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.engine import World
from tests.processes.conftest import HOUSE, worker_process

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]

CANARY = "canary-4711"


@asynccontextmanager
async def collector() -> AsyncIterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """A real gRPC server that takes OTLP traces, and what it took."""
    taken: list[ExportTraceServiceRequest] = []

    async def export(request: ExportTraceServiceRequest, _: Any) -> ExportTraceServiceResponse:
        taken.append(request)
        return ExportTraceServiceResponse()

    server = grpc.aio.server()
    method = grpc.unary_unary_rpc_method_handler(
        export,
        request_deserializer=ExportTraceServiceRequest.FromString,
        response_serializer=ExportTraceServiceResponse.SerializeToString,
    )
    service = "opentelemetry.proto.collector.trace.v1.TraceService"
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"Export": method})])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"http://127.0.0.1:{port}", taken
    finally:
        await server.stop(None)


async def test_workflows_and_activities_are_spans_and_the_last_are_sent_when_the_worker_stops(world: World):
    async with collector() as (address, taken), worker_process(world, traces_endpoint=address) as worker:
        agreement = await world.agreement()
        await agreement.submit(title=CANARY, description=CANARY)
        worker.tell()
        assert await worker.ended() == 0
    spans = [
        span
        for request in taken
        for of in request.resource_spans
        for kind in of.scope_spans
        for span in kind.spans
    ]
    names = {span.name for span in spans}
    assert {"RunActivity:record", "RunActivity:admit_request", "StartWorkflow:ServiceRequest"} <= names
    ids = {a.value.string_value for span in spans for a in span.attributes if a.key == "temporalWorkflowID"}
    assert agreement.handle.id in ids
    assert CANARY not in str(taken)


async def test_nothing_of_it_is_loaded_when_it_is_off():
    loaded = "import sys, worker; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", loaded], cwd=HOUSE, check=False).returncode == 0

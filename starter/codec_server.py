"""The codec server: payloads in clear for operators with the right, in the Temporal UI and command line.

It speaks Temporal's codec protocol: ``POST …/decode`` and ``…/encode`` take and give a ``Payloads`` message
as JSON. Whoever asks shows who they are (:mod:`starter.codec_access`), and which namespace they mean. A
payload that does not open comes back as it was, so that one lost key does not hide the rest. What is logged
is who asked for how many payloads, and the ids of keys that are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from google.protobuf.json_format import MessageToDict, Parse, ParseError
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

from runtime.codec import KeyUnknown, PayloadRefused
from runtime.logs import log
from starter.codec_access import Access

LARGEST_REQUEST: Final = 8 * 2**20
"""Bytes. Temporal itself takes no message above 4 MiB, which JSON makes a third larger."""


def codec_server(codec: PayloadCodec, namespace: str, access: Access, ui_origins: Sequence[str]) -> FastAPI:
    """The application. From a browser only pages of ``ui_origins`` may use it."""
    app = FastAPI(title="aftercare codec server", openapi_url=None)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(ui_origins),
        allow_credentials=True,
        allow_methods=["POST"],
        allow_headers=["Authorization", "Authorization-Extras", "Content-Type", "X-Namespace"],
    )

    def operator(request: Request) -> str:
        """Who asks; everybody else is sent away, a page of another origin whoever sits before it."""
        if request.headers.get("origin", ui_origins[0]) not in ui_origins:
            raise HTTPException(403, "not from this origin")
        who = access.who(request)
        if who is None:
            log.warning("codec server: refused", path=request.url.path.rpartition("/")[2])
            raise HTTPException(401, "a token that is known here", {"WWW-Authenticate": "Bearer"})
        if request.headers.get("x-namespace") != namespace:
            raise HTTPException(403, "another namespace than this codec server's (X-Namespace)")
        return who

    @app.post("/decode")
    @app.post("/{address}/decode")
    async def decode(request: Request) -> Response:
        who = operator(request)
        given = await _payloads(request)
        opened = [await _opened(codec, payload) for payload in given]
        log.info("codec server: decoded", operator=who, payloads=len(opened))
        return _answer(opened)

    @app.post("/encode")
    @app.post("/{address}/encode")
    async def encode(request: Request) -> Response:
        who = operator(request)
        given = await _payloads(request)
        log.info("codec server: encoded", operator=who, payloads=len(given))
        return _answer(await codec.encode(given))

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    return app


async def _opened(codec: PayloadCodec, payload: Payload) -> Payload:
    try:
        return (await codec.decode([payload]))[0]
    except (KeyUnknown, PayloadRefused) as problem:
        log.warning("codec server: not opened", reason=str(problem))
        return payload


async def read_body(request: Request, limit: int) -> bytes:
    """The body, of at most ``limit`` bytes whatever it says of its length."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise HTTPException(413, f"at most {limit} bytes")
    return bytes(body)


async def _payloads(request: Request) -> Sequence[Payload]:
    body = await read_body(request, LARGEST_REQUEST)
    try:
        return Parse(body, Payloads(), ignore_unknown_fields=True).payloads
    except (ParseError, UnicodeDecodeError):
        # Its own words would repeat what was sent.
        raise HTTPException(400, "no Payloads message as JSON") from None


def _answer(payloads: Sequence[Payload]) -> Response:
    content: dict[str, Any] = MessageToDict(Payloads(payloads=payloads))
    return JSONResponse(content, headers={"Cache-Control": "no-store"})

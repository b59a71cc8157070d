"""The codec server: payloads in clear for those who may (C5.3), spoken to over real HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI
from google.protobuf.json_format import MessageToDict, ParseDict
from temporalio.api.common.v1 import Payload, Payloads

from runtime.codec import ENCODING, EncryptingCodec
from runtime.http import CannotListen, serving
from runtime.keyring import Key, Keyring
from starter.codec_access import SIGNED_IN_SECONDS, AccessFaulty, Operators, SecretAddress
from starter.codec_server import LARGEST_REQUEST, codec_server
from starter.codec_sign_in import add_sign_in
from tests.loglines import logs
from tests.starter.conftest import CommandLine

UI = "http://127.0.0.1:8233"
ELSEWHERE = "https://evil.example"
TOKENS = {"li-ming": "li-ming's token, long enough", "chen-jie": "chen-jie's token, long enough"}
BEARER = {"Authorization": f"Bearer {TOKENS['li-ming']}"}
ASKED = {"X-Namespace": "default", "Origin": UI}

KEYRING = Keyring([Key.new()])
CODEC = EncryptingCodec(KEYRING, "default")
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data='"标签打印机 prints blank labels"'.encode())


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a codec server that two operators may use."""
    operators = Operators(TOKENS)
    app = codec_server(CODEC, "default", operators, [UI])
    add_sign_in(app, operators)
    async with (
        serving(app, "127.0.0.1", 0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield client


async def sealed(*payloads: Payload, by: EncryptingCodec = CODEC) -> dict[str, Any]:
    """What the UI sends."""
    found: dict[str, Any] = MessageToDict(Payloads(payloads=await by.encode(payloads)))
    return found


def read(answer: httpx2.Response) -> list[Payload]:
    assert answer.status_code == 200, answer.text
    return list(ParseDict(answer.json(), Payloads()).payloads)


async def test_an_operator_sees_payloads_in_clear_and_the_ui_may_read_the_answer(http: httpx2.AsyncClient):
    answer = await http.post(
        "/decode?preserveStorageRefs=true", json=await sealed(PLAIN, PLAIN), headers=ASKED | BEARER
    )
    assert read(answer) == [PLAIN, PLAIN]
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["cache-control"] == "no-store"


async def test_what_an_operator_encodes_a_worker_reads(http: httpx2.AsyncClient):
    answer = await http.post(
        "/encode", json=MessageToDict(Payloads(payloads=[PLAIN])), headers=ASKED | BEARER
    )
    [payload] = read(answer)
    assert payload.metadata["encoding"] == ENCODING
    assert await CODEC.decode([payload]) == [PLAIN]


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": "Bearer somebody else's token, long enough"},
        {"Authorization": f"Basic {TOKENS['li-ming']}"},
        {"Cookie": "__Host-aftercare-codec=9999999999.00.li-ming"},
    ],
)
@pytest.mark.parametrize("path", ["/decode", "/encode", f"/{TOKENS['li-ming']}/decode"])
async def test_without_a_token_nothing_is_shown(http: httpx2.AsyncClient, shown: dict[str, str], path: str):
    answer = await http.post(path, json=await sealed(PLAIN), headers=ASKED | shown)
    assert answer.status_code == 401
    assert "blank labels" not in answer.text


async def test_a_page_of_another_origin_gets_nothing_whoever_sits_before_it(http: httpx2.AsyncClient):
    answer = await http.post(
        "/decode", json=await sealed(PLAIN), headers=ASKED | BEARER | {"Origin": ELSEWHERE}
    )
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(("origin", "allowed"), [(UI, True), (ELSEWHERE, False), ("null", False)])
async def test_the_preflight_allows_the_ui_and_no_other_page(
    http: httpx2.AsyncClient, origin: str, allowed: bool
):
    answer = await http.options(
        "/decode",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-namespace",
        },
    )
    assert (answer.status_code == 200) is allowed
    assert (answer.headers.get("access-control-allow-origin") == origin) is allowed


@pytest.mark.parametrize("namespace", [{}, {"X-Namespace": "staging"}])
async def test_only_its_own_namespace_is_served(http: httpx2.AsyncClient, namespace: dict[str, str]):
    answer = await http.post("/decode", json=await sealed(PLAIN), headers=BEARER | namespace)
    assert answer.status_code == 403


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"payloads": "blank labels"}', b"\xff\xfe", b"[" * 100_000])
async def test_what_is_no_payloads_message_is_refused_without_repeating_it(
    http: httpx2.AsyncClient, body: bytes
):
    answer = await http.post("/decode", content=body, headers=ASKED | BEARER)
    assert answer.status_code == 400
    assert answer.json() == {"detail": "no Payloads message as JSON"}


async def test_a_request_that_is_too_large_is_refused_even_when_it_does_not_say_so(http: httpx2.AsyncClient):
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_REQUEST // 2**20 + 1):
            yield b" " * 2**20

    answer = await http.post("/decode", content=parts(), headers=ASKED | BEARER)
    assert answer.status_code == 413


async def test_a_payload_under_a_lost_key_does_not_hide_the_others(http: httpx2.AsyncClient):
    lost = await sealed(PLAIN, by=EncryptingCodec(Keyring([Key.new()]), "default"))
    known = await sealed(PLAIN)
    answer = await http.post(
        "/decode", json={"payloads": lost["payloads"] + known["payloads"]}, headers=ASKED | BEARER
    )
    first, second = read(answer)
    assert first.metadata["encoding"] == ENCODING
    assert second == PLAIN


async def test_who_signs_in_with_a_token_needs_it_no_more_until_it_ends(
    http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    page = await http.get("/sign-in")
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    answer = await http.post("/sign-in", data={"token": TOKENS["chen-jie"]})
    assert (answer.status_code, answer.headers["location"]) == (303, "sign-in")
    cookie, *attributes = answer.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(attributes)
    assert TOKENS["chen-jie"] not in cookie
    shown = ASKED | {"Cookie": cookie}
    assert read(await http.post("/decode", json=await sealed(PLAIN), headers=shown)) == [PLAIN]
    assert "You are signed in" in (await http.get("/sign-in", headers=shown)).text
    end = time.time() + SIGNED_IN_SECONDS + 1
    monkeypatch.setattr("starter.codec_access.time.time", lambda: end)
    assert (await http.post("/decode", json=await sealed(PLAIN), headers=shown)).status_code == 401


async def test_signing_in_with_a_wrong_token_gives_no_cookie(http: httpx2.AsyncClient):
    answer = await http.post("/sign-in", data={"token": "guessed"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_sign_in_ends_with_its_token_and_names_nobody_else():
    cookie = Operators(TOKENS).cookie("li-ming")
    assert Operators(TOKENS).by_cookie(cookie) == "li-ming"
    assert Operators(TOKENS | {"li-ming": "a new token for Li Ming"}).by_cookie(cookie) is None
    assert Operators(TOKENS).by_cookie(cookie.replace("li-ming", "chen-jie")) is None
    until, _, rest = cookie.partition(".")
    assert Operators(TOKENS).by_cookie(f"{int(until) + 1}.{rest}") is None
    for broken in ("", ".", "..", "x.y.li-ming", "²..li-ming"):
        assert Operators(TOKENS).by_cookie(broken) is None


@pytest.mark.parametrize(
    ("operators", "what"),
    [
        ({}, "AFTERCARE_CODEC_OPERATORS"),
        ({"li-ming": "short"}, "at least 20 characters for li-ming"),
        ({"li-ming": "x" * 20, "chen-jie": "x" * 20}, "of their own"),
    ],
)
def test_operators_that_anybody_could_pass_for_are_refused(operators: dict[str, str], what: str):
    with pytest.raises(AccessFaulty, match=what):
        Operators(operators)


async def test_in_development_the_address_itself_is_the_secret():
    access = SecretAddress()
    app = codec_server(CODEC, "default", access, [UI])
    async with (
        serving(app, "127.0.0.1", 0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        body = await sealed(PLAIN)
        assert read(await http.post(f"/{access.segment}/decode", json=body, headers=ASKED)) == [PLAIN]
        for address in ("", "/guessed", f"/{access.segment[:-1]}"):
            answer = await http.post(f"{address}/decode", json=body, headers=ASKED)
            assert answer.status_code == 401
    assert SecretAddress().segment != access.segment


async def test_it_says_that_it_is_alive_to_anybody(http: httpx2.AsyncClient):
    assert (await http.get("/livez")).json() == {"status": "ok"}


async def test_its_log_names_who_asked_and_never_what_for(
    http: httpx2.AsyncClient, capsys: pytest.CaptureFixture[str]
):
    with logs():
        await http.post("/decode", json=await sealed(PLAIN), headers=ASKED | BEARER)
        await http.post("/decode", content=b'{"payloads": "blank labels"}', headers=ASKED | BEARER)
        await http.post(f"/{TOKENS['li-ming']}/decode", json=await sealed(PLAIN), headers=ASKED)
    said = capsys.readouterr().err
    assert "li-ming" in said
    assert "blank labels" not in said
    assert TOKENS["li-ming"] not in said


async def test_its_log_has_no_colours_where_it_is_no_terminal(capsys: pytest.CaptureFixture[str]):
    with logs():
        async with serving(FastAPI(), "127.0.0.1", 0):
            pass
    said = capsys.readouterr().err
    assert "Started server process" in said
    assert "color" not in said
    assert "x1b" not in said


async def test_an_address_that_is_taken_is_named():
    app = codec_server(CODEC, "default", SecretAddress(), [UI])
    async with serving(app, "127.0.0.1", 0) as port:
        with pytest.raises(CannotListen, match=str(port)):
            async with serving(app, "127.0.0.1", port):
                pass


async def test_a_certificate_that_is_none_is_named(tmp_path: Path):
    file = tmp_path / "certificate.pem"
    file.write_text("nothing of the kind")
    app = codec_server(CODEC, "default", SecretAddress(), [UI])
    with pytest.raises(CannotListen, match="certificate"):
        async with serving(app, "127.0.0.1", 0, certificate=file):
            pass


def test_the_command_does_not_start_without_a_key_or_without_operators(aftercare: CommandLine):
    with logs():  # the command sets up its own: the next test has pytest's again
        said = aftercare("codec-server")
        assert (said.code, "aftercare keys new" in said.err) == (1, True)
        aftercare.well("keys", "new")
        said = aftercare("codec-server")
        assert (said.code, "AFTERCARE_CODEC_OPERATORS" in said.err) == (1, True)


def test_the_command_does_not_listen_beyond_loopback_without_tls(
    aftercare: CommandLine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AFTERCARE_CODEC_ADDRESS", "0.0.0.0:0")
    with logs():
        said = aftercare("codec-server")
    assert (said.code, "AFTERCARE_CODEC_CERT" in said.err) == (3, True)

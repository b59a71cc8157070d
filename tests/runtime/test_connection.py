"""The way to Temporal: over TLS, by client certificate or API key; and what is said when it is barred."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from runtime.connection import Unreachable, connect
from runtime.engines import dev_server
from runtime.settings import Settings
from tests.runtime.proxy import Authority, Certified, Proxy, proxied

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]

NAME = "temporal.internal"
KEY = "key-4711"


@dataclass(frozen=True)
class Ways:
    """A server, the proxies before it, and what it takes to pass them."""

    plain: str
    tls: Proxy
    mutual: Proxy
    keyed: Proxy
    closed: Proxy
    """Lets nobody into any namespace."""
    authority: Authority
    ours: Certified
    strangers: Certified
    """From an authority that nobody trusts."""

    def over_tls(self, proxy: Proxy, **given: Any) -> dict[str, Any]:
        return {
            "temporal_address": proxy.address,
            "temporal_tls_ca": self.authority.file,
            "temporal_tls_server_name": NAME,
        } | given


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ways(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ways]:
    folder = tmp_path_factory.mktemp("certificates")
    authority = Authority(folder)
    server = authority.certify(NAME)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        plain = (await enter(dev_server())).address
        yield Ways(
            plain,
            tls=await enter(proxied(plain, server)),
            mutual=await enter(proxied(plain, server, client_authority=authority.file)),
            keyed=await enter(proxied(plain, server, api_key=KEY)),
            closed=await enter(proxied(plain, server, forbidden=["DescribeNamespace"])),
            authority=authority,
            ours=authority.certify("worker-1"),
            strangers=Authority(folder, "strangers").certify("stranger"),
        )


async def reached(**given: Any) -> None:
    client = await connect(Settings(**given))
    assert (await client.count_workflows()).count == 0


async def refused(**given: Any) -> str:
    with pytest.raises(Unreachable) as found:
        await connect(Settings(**given))
    return str(found.value)


async def test_a_server_certificate_of_a_named_authority_and_name_is_accepted(ways: Ways):
    await reached(**ways.over_tls(ways.tls))


async def test_a_client_certificate_is_shown_to_a_server_that_asks_for_one(ways: Ways):
    cert, key = ways.ours.cert, ways.ours.key
    await reached(**ways.over_tls(ways.mutual, temporal_tls_cert=cert, temporal_tls_key=key))
    assert ways.mutual.clients == {"worker-1"}


async def test_an_api_key_goes_with_every_call(ways: Ways):
    await reached(**ways.over_tls(ways.keyed, temporal_api_key=KEY))


async def test_an_api_key_alone_turns_tls_on(ways: Ways):
    assert "does not speak TLS" in await refused(temporal_address=ways.plain, temporal_api_key=KEY)


async def test_each_reason_is_told_with_what_to_do(ways: Ways):
    plain, over_tls = ways.plain, ways.over_tls
    ours, strangers = ways.ours, ways.strangers
    found = {
        "nobody there": await refused(temporal_address="127.0.0.1:1"),
        "no such host": await refused(temporal_address="no-such-host.invalid:7233"),
        "no namespace": await refused(temporal_address=plain, temporal_namespace="nope"),
        "no TLS": await refused(temporal_address=plain, temporal_tls=True),
        "TLS": await refused(temporal_address=ways.tls.address),
        "authority": await refused(**over_tls(ways.tls, temporal_tls_ca=None)),
        "name": await refused(**over_tls(ways.tls, temporal_tls_server_name=None)),
        "no certificate": await refused(**over_tls(ways.mutual)),
        "certificate": await refused(
            **over_tls(ways.mutual, temporal_tls_cert=strangers.cert, temporal_tls_key=strangers.key)
        ),
        "not its key": await refused(
            **over_tls(ways.mutual, temporal_tls_cert=ours.cert, temporal_tls_key=strangers.key)
        ),
        "no API key": await refused(**over_tls(ways.keyed)),
        "API key": await refused(**over_tls(ways.keyed, temporal_api_key="wrong-4711")),
        "no right": await refused(**over_tls(ways.closed)),
    }
    told = {
        "nobody there": "Start one with `aftercare dev`, or set AFTERCARE_TEMPORAL_ADDRESS",
        "no such host": "There is no host no-such-host.invalid: set AFTERCARE_TEMPORAL_ADDRESS",
        "no namespace": "has no namespace nope: create it (`temporal operator namespace create`)",
        "no TLS": "does not speak TLS: set AFTERCARE_TEMPORAL_TLS=false",
        "TLS": "may speak TLS: set AFTERCARE_TEMPORAL_TLS=true",
        "authority": "not trusted here: set AFTERCARE_TEMPORAL_TLS_CA",
        "name": "is for another name: set AFTERCARE_TEMPORAL_TLS_SERVER_NAME",
        "no certificate": "may ask for a client certificate: set AFTERCARE_TEMPORAL_TLS_CERT",
        "certificate": f"may not accept the client certificate {strangers.cert}",
        "not its key": "AFTERCARE_TEMPORAL_TLS_KEY is not the key of AFTERCARE_TEMPORAL_TLS_CERT",
        "no API key": "asks for an API key: set AFTERCARE_TEMPORAL_API_KEY",
        "API key": "refused the API key: set AFTERCARE_TEMPORAL_API_KEY",
        "no right": "does not let this client into namespace default",
    }
    assert [reason for reason, words in told.items() if words not in found[reason]] == []
    assert not any("4711" in text or "\n" in text for text in found.values())

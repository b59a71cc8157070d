"""`aftercare codec-server`: payloads in clear for operators with the right, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from ipaddress import ip_address

from contract.faults import Fault, Faulty
from runtime.http import serving
from runtime.keyring import KeysFaulty
from runtime.keys import NO_KEYS, payload_codec
from runtime.logs import configure_logs, log
from runtime.loop import run
from runtime.settings import Settings
from starter.codec_access import Operators
from starter.codec_server import codec_server
from starter.codec_sign_in import add_sign_in
from starter.commands.options import AsJson
from starter.reaching import settings
from starter.showing.plain import print_json


def codec_server_command(as_json: AsJson = False) -> None:
    """Show payloads in clear, in the Temporal UI, to operators with a token; Ctrl-C stops it.

    Everything is settings, such as AFTERCARE_CODEC_OPERATORS and AFTERCARE_CODEC_ADDRESS: see
    docs/confidentiality.md.
    """
    known = settings()
    host = known.codec_address.rpartition(":")[0]
    if known.codec_cert is None and not _is_loopback(host):
        # Plain values and operators' tokens would cross a network in clear.
        allowed = "on loopback, with a proxy before it that does TLS; or with AFTERCARE_CODEC_CERT"
        fault = Fault(
            path="AFTERCARE_CODEC_ADDRESS", clause="C5.3", given=known.codec_address, allowed=allowed
        )
        raise Faulty("settings", [fault])
    configure_logs(known)
    run(_run(known, as_json))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


async def _run(known: Settings, as_json: bool) -> None:
    codec = payload_codec(known)
    if codec is None:
        raise KeysFaulty(NO_KEYS)
    operators = Operators({name: token.get_secret_value() for name, token in known.codec_operators.items()})
    app = codec_server(codec, known.temporal_namespace, operators, known.codec_ui_origins)
    add_sign_in(app, operators)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    host, _, port = known.codec_address.rpartition(":")
    async with serving(
        app,
        host,
        int(port),
        certificate=known.codec_cert,
        certificate_key=known.codec_key,
    ) as found:
        if as_json:
            print_json({"host": host, "port": found})
        log.info("codec server ready", host=host, port=found, ui_origins=known.codec_ui_origins)
        await stop.wait()
    log.info("codec server stopped")

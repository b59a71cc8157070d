"""A gRPC proxy with TLS, client certificates and API keys before a Temporal server, as production puts one.

Certificates are made for the test: an authority, what it vouches for, and another authority nobody trusts.
"""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certified:
    """A certificate and its key, in PEM files."""

    cert: Path
    key: Path


class Authority:
    """Vouches for names, with files in a folder."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._cert = self._build(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))
        self.file = self._keep(f"{name}.pem", self._cert.public_bytes(serialization.Encoding.PEM))

    def certify(self, name: str) -> Certified:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        cert = self._build(subject, key, x509.BasicConstraints(ca=False, path_length=None), names)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return Certified(
            self._keep(f"{name}.cert.pem", cert.public_bytes(serialization.Encoding.PEM)),
            self._keep(f"{name}.key.pem", private),
        )

    def _build(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        building = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )
        for extension in extensions:
            building = building.add_extension(
                extension, critical=isinstance(extension, x509.BasicConstraints)
            )
        return building.sign(self._key, hashes.SHA256())

    def _keep(self, name: str, content: bytes) -> Path:
        file = self._folder / name
        file.write_bytes(content)
        return file


@dataclass
class Proxy:
    """Where it listens, and whom it let through."""

    address: str
    clients: set[str] = field(default_factory=set)
    """Names in the certificates that clients showed."""


@asynccontextmanager
async def proxied(
    upstream: str,
    server: Certified,
    *,
    client_authority: Path | None = None,
    api_key: str | None = None,
    forbidden: Sequence[str] = (),
) -> AsyncIterator[Proxy]:
    """A proxy on loopback before the server at an address, speaking TLS with a certificate.

    ``client_authority``: clients must show a certificate it vouches for. ``api_key``: calls must carry it,
    and the server behind never sees it. ``forbidden``: methods that nobody has the right to.
    """
    proxy = Proxy("")

    async def refuse(call: grpc.HandlerCallDetails, context: Any) -> None:
        given = dict(context.invocation_metadata() or ())
        if api_key is not None and given.get("authorization") != f"Bearer {api_key}":
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "Request unauthorized.")
        if call.method.rpartition("/")[2] in forbidden:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "Request unauthorized.")

    async with grpc.aio.insecure_channel(upstream) as channel:

        class Passing(grpc.GenericRpcHandler):  # type: ignore[misc]
            def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
                async def handle(request: bytes, context: Any) -> bytes:
                    names = context.auth_context().get("x509_common_name", [])
                    proxy.clients.update(name.decode() for name in names)
                    await refuse(call, context)
                    meta = [
                        (key, value)
                        for key, value in context.invocation_metadata() or ()
                        if key not in ("authorization", "user-agent")
                    ]
                    try:
                        answer: bytes = await channel.unary_unary(call.method)(
                            request, metadata=meta, timeout=context.time_remaining()
                        )
                        return answer
                    except grpc.aio.AioRpcError as error:
                        await context.abort(
                            error.code(), error.details() or "", trailing_metadata=error.trailing_metadata()
                        )
                        raise

                return grpc.unary_unary_rpc_method_handler(handle)

        listening = grpc.aio.server(handlers=[Passing()])
        credentials = grpc.ssl_server_credentials(
            [(server.key.read_bytes(), server.cert.read_bytes())],
            root_certificates=client_authority.read_bytes() if client_authority else None,
            require_client_auth=client_authority is not None,
        )
        port = listening.add_secure_port("127.0.0.1:0", credentials)
        proxy.address = f"127.0.0.1:{port}"
        await listening.start()
        try:
            yield proxy
        finally:
            await listening.stop(None)

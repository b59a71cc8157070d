"""A real mail server in the test's own event loop, on a port the system hands out.

The port is taken from the beginning, so that nobody else gets it, but answers only while the server is up.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

HOST = "127.0.0.1"


@dataclass
class PostOffice:
    """What it received, and whom it refuses."""

    received: list[tuple[str, EmailMessage]] = field(default_factory=list)
    """Recipient and message of each mail taken over."""
    raw: list[bytes] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    """By recipient, what RCPT is answered: ``550 5.1.1 unknown``."""
    options: dict[str, Any] = field(default_factory=dict)
    """Of aiosmtpd's SMTP: TLS, authentication."""
    implicit_tls: ssl.SSLContext | None = None
    _server: asyncio.Server | None = None

    def __post_init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind((HOST, 0))
        self.port: int = self._socket.getsockname()[1]

    async def open(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(self, hostname="post.example", enable_SMTPUTF8=True, **self.options),
            sock=self._socket,
            ssl=self.implicit_tls,
        )
        return self

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self._socket.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def to(self, address: str) -> list[EmailMessage]:
        return [message for recipient, message in self.received if recipient == address]

    # What aiosmtpd asks

    async def handle_RCPT(
        self, server: SMTP, session: object, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: object, envelope: Envelope) -> str:
        content = cast(bytes, envelope.content)
        self.raw.append(content)
        message = message_from_bytes(content, policy=policy.default)
        self.received += [(address, message) for address in envelope.rcpt_tos]
        return f"250 taken as {len(self.received)}"


def knows(username: str, password: str, seen: list[str] | None = None) -> Any:
    """An authenticator that lets one user in, and notes whom it let in."""

    def authenticate(
        server: SMTP, session: object, envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        right = given == LoginPassword(username.encode(), password.encode())
        if right and seen is not None:
            seen.append(username)
        return AuthResult(success=right, handled=False)

    return authenticate

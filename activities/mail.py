"""Ways for a mail to leave the house: to an SMTP server, into a folder, or not at all.

A mailer takes one message for one recipient and answers what the server answered when it took the
message over. Its errors carry SMTP codes and never the server's words or an address (C5.3).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final, Protocol

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

from runtime.settings import Tls

AGREEMENT_HEADER: Final = "Aftercare-Agreement"
REQUEST_HEADER: Final = "Aftercare-Request"
EVENT_HEADER: Final = "Aftercare-Event"
AT_HEADER: Final = "Aftercare-At"
CHAIN_HEADER: Final = "Aftercare-Chain"
"""Number and hash of the event, which covers all events before it: who keeps the mail can prove them."""
"""Headers of our own: what a message is about, for mail filters and for the names of files."""

_OURS_TO_SOLVE: Final = frozenset({530, 534, 535, 538})
"""Codes that speak of our credentials, not of the recipient, at whatever step they come (RFC 4954)."""


class MailRefused(Exception):
    """The server will not take this message for this recipient, now or later."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"refused with code {code}" if code else "refused: not an address to send to")
        self.code = code


class MailUnavailable(Exception):
    """The server could not take the message now; trying later can help.

    ``at_all``: it would take no other message either, because it cannot be reached, does not answer or
    will not have us. Otherwise this one message or recipient was put off.
    """

    def __init__(self, code: int | None = None, *, at_all: bool = False) -> None:
        super().__init__(f"mail server answered {code}" if code else "no answer from the mail server")
        self.code = code
        self.at_all = at_all


class Mailer(Protocol):
    """Takes one message over for its one recipient."""

    async def send(self, message: EmailMessage) -> str:
        """The server's answer on taking the message; raises MailRefused or MailUnavailable."""
        ...


class SmtpMailer:
    """Hands messages to an SMTP server, one connection each. ``timeout`` is seconds per step.

    With ``starttls`` the connection must change over to TLS: a server that cannot is not used.
    """

    def __init__(
        self,
        host: str,
        port: int,
        username: str | None = None,
        password: str | None = None,
        tls: Tls = Tls.STARTTLS,
        timeout: float = 20,
    ) -> None:
        self._host = host
        self._port = port
        self._username = username
        self._password = password
        self._tls = tls
        self._timeout = timeout

    async def send(self, message: EmailMessage) -> str:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            use_tls=self._tls is Tls.IMPLICIT,
            start_tls=self._tls is Tls.STARTTLS,
            timeout=self._timeout,
        )
        answer: str | None = None
        try:
            async with client:
                _, answer = await client.send_message(message)
        except (SMTPException, OSError) as error:
            # After the answer only the goodbye can fail, and the message has been taken over.
            if answer is None:
                # `from None`: the error's own words may hold an address, and causes travel with failures.
                raise _understood(error) from None
        except ValueError:  # after OSError: a certificate that is not trusted is both
            raise MailRefused(None) from None
        assert answer is not None
        return f"250 {answer}"


def _understood(error: Exception) -> MailRefused | MailUnavailable:
    """What an error of the SMTP client comes to: a final refusal of the message, or trouble that may pass."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refusal, *_]):
            return _by_code(refusal)
        case aiosmtplib.SMTPDataError():
            return _by_code(error)
        case aiosmtplib.SMTPNotSupported(message=message) if "SMTPUTF8" in message:
            return MailRefused(None)
        case aiosmtplib.SMTPServerDisconnected():
            return MailUnavailable()
        case SMTPResponseException():
            return MailUnavailable(error.code, at_all=True)
        case _:
            return MailUnavailable(at_all=True)


def _by_code(error: SMTPResponseException) -> MailRefused | MailUnavailable:
    if error.code in _OURS_TO_SOLVE:
        return MailUnavailable(error.code, at_all=True)
    if 500 <= error.code < 600:
        return MailRefused(error.code)
    return MailUnavailable(error.code)


class OutboxMailer:
    """Writes each message as an ``.eml`` file into a folder, where it can be opened.

    Names sort by the time of the event and say what the message is about. A message with the same
    Message-ID takes the place of the one before, and no file is ever seen half written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage) -> str:
        try:
            name = await asyncio.to_thread(self._write, message)
        except OSError:
            raise MailUnavailable(at_all=True) from None
        return f"written to {name}"

    def _write(self, message: EmailMessage) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        mark = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:12]
        before = next(self._folder.glob(f"*.{mark}.eml"), None)
        target = before or self._folder / f"{_stem(message)}.{mark}.eml"
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(message.as_bytes(policy=policy.SMTP))
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return target.name


def _stem(message: EmailMessage) -> str:
    given = str(message[AT_HEADER] or "")
    at = datetime.fromisoformat(given) if given else datetime.now(UTC)
    about = [str(message[name] or "") for name in (AGREEMENT_HEADER, REQUEST_HEADER, EVENT_HEADER)]
    parts = [at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"), *about]
    return ".".join(re.sub(r"[^A-Za-z0-9_-]+", "-", part) for part in parts if part)


class NoMailer:
    """Sends nothing: for processes in which mail is off."""

    async def send(self, message: EmailMessage) -> str:
        return "not sent: mail is off"

"""Who may read payloads through the codec server.

In production operators, each with a token of their own. It comes as a bearer (the Temporal command line, a
proxy) or, from a browser, as the cookie that signing in with it sets. The cookie is signed with the token:
taking the token away ends what was signed in with it.

In development whoever knows an address that is drawn anew at every start: a Temporal UI without logins can
show nothing else (docs/decisions/2026-11-22-how-the-ui-shows-itself-to-the-codec-server.md).
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Final, Protocol

from fastapi import Request

SIGNED_IN_SECONDS: Final = 12 * 3600
SHORTEST_TOKEN: Final = 20
"""Characters; `openssl rand -hex 32` gives 64."""


COOKIE: Final = "__Host-aftercare-codec"


class Access(Protocol):
    """How those who may are told from those who may not."""

    def who(self, request: Request) -> str | None:
        """The name of who asks, or None."""
        ...


class SecretAddress:
    """Whoever knows the address: its one path segment is a secret."""

    def __init__(self) -> None:
        self.segment = secrets.token_urlsafe(32)

    def who(self, request: Request) -> str | None:
        given = str(request.path_params.get("address", ""))
        return "development" if hmac.compare_digest(given.encode(), self.segment.encode()) else None


class AccessFaulty(RuntimeError):
    """Nobody could use the codec server, or anybody; the message says what to do."""


class Operators:
    """Named people with tokens. Comparing takes the same time whatever is wrong."""

    def __init__(self, operators: Mapping[str, str]) -> None:
        """Names and tokens; raises :class:`AccessFaulty` for none, and for what is easily guessed."""
        if not operators:
            raise AccessFaulty(
                "the codec server has no operators: name them with their tokens in"
                ' AFTERCARE_CODEC_OPERATORS, such as {"li-ming": "…"}'
            )
        weak = sorted(name for name, token in operators.items() if len(token) < SHORTEST_TOKEN)
        if weak:
            raise AccessFaulty(
                f"tokens of at least {SHORTEST_TOKEN} characters for {', '.join(weak)}"
                " (`openssl rand -hex 32` makes one)"
            )
        if len(set(operators.values())) < len(operators):
            raise AccessFaulty("a token of their own for each operator of the codec server")
        self._tokens = {name: _digest(token) for name, token in operators.items()}

    def who(self, request: Request) -> str | None:
        header = request.headers.get("authorization", "")
        return self.by_bearer(header) or self.by_cookie(request.cookies.get(COOKIE, ""))

    def by_token(self, token: str) -> str | None:
        """The operator whose token it is."""
        given = _digest(token)
        found = None
        for name, known in self._tokens.items():
            if hmac.compare_digest(known, given):
                found = name
        return found

    def by_bearer(self, header: str) -> str | None:
        """The operator named by an ``Authorization`` header."""
        scheme, _, token = header.partition(" ")
        return self.by_token(token.strip()) if scheme.lower() == "bearer" else None

    def cookie(self, name: str) -> str:
        """The cookie of an operator who has shown their token."""
        until = int(time.time()) + SIGNED_IN_SECONDS
        return f"{until}.{self._signature(name, until)}.{name}"

    def by_cookie(self, cookie: str) -> str | None:
        """The operator whose cookie it is, while it lasts."""
        until, _, rest = cookie.partition(".")
        signature, _, name = rest.partition(".")
        if name not in self._tokens or not (until.isascii() and until.isdigit()) or len(until) > 12:
            return None
        genuine = hmac.compare_digest(self._signature(name, int(until)), signature)
        return name if genuine and int(until) > time.time() else None

    def _signature(self, name: str, until: int) -> str:
        return hmac.new(self._tokens[name], f"codec sign-in\n{until}\n{name}".encode(), sha256).hexdigest()


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()

"""The keys payloads are encrypted with (C5.3): one writes, all of them read.

A keyring is a small JSON document. The newest key whose time has come writes; older ones read what they
wrote, so none is ever removed while an agreement that used it is kept. ``writes_from`` lets a key be
handed to every process before the first of them uses it.

Errors name key ids and files, never a key.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import Base64UrlBytes, Field, StringConstraints, ValidationError

from contract.faults import faults_of
from contract.values import Model, Stamp

KEY_BYTES: Final = 32
"""AES-256."""

KeyId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Stands in clear beside every payload."""


class KeysFaulty(RuntimeError):
    """No usable keyring; the message says where it was looked for and what to do."""


class Key(Model):
    """One key. Its id is no secret; ``secret`` is."""

    id: KeyId
    writes_from: Stamp
    """When it begins to write; it reads from the start."""
    secret: Annotated[Base64UrlBytes, Field(min_length=KEY_BYTES, max_length=KEY_BYTES, repr=False)]

    @classmethod
    def new(cls, writes_from: datetime | None = None) -> Key:
        """A random key, named after the day it was made."""
        now = datetime.now(UTC).replace(microsecond=0)
        name = f"{now:%Y%m%d}-{secrets.token_hex(4)}"
        return cls.model_construct(id=name, writes_from=writes_from or now, secret=_random())


def _random() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


class _Document(Model):
    aftercare_keyring: Annotated[int, Field(ge=1, le=1)] = 1
    keys: Annotated[list[Key], Field(min_length=1)]


class Keyring:
    """Keys by id, in the order in which they write."""

    def __init__(self, keys: Iterable[Key]) -> None:
        """Raises :class:`KeysFaulty` for none at all, and for two keys of one id."""
        self._keys: dict[str, Key] = {}
        for key in sorted(keys, key=lambda key: key.writes_from):
            if self._keys.setdefault(key.id, key) != key:
                raise KeysFaulty(f"two different keys are called {key.id}")
        if not self._keys:
            raise KeysFaulty("a keyring has at least one key")

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys.values())

    def __len__(self) -> int:
        return len(self._keys)

    def writing(self, at: datetime) -> Key:
        """The key that writes at an instant: the newest whose time has come, else the first."""
        come = [key for key in self if key.writes_from <= at]
        return come[-1] if come else next(iter(self))

    def next_after(self, at: datetime) -> datetime | None:
        """When another key takes over."""
        return next((key.writes_from for key in self if key.writes_from > at), None)

    def joined(self, others: Iterable[Key]) -> Keyring:
        """With other keys beside its own; raises :class:`KeysFaulty` as the constructor does."""
        return Keyring([*self, *others])

    def as_text(self) -> str:
        """The document that :func:`read_keyring` reads: secret."""
        document = _Document.model_construct(keys=list(self))
        return document.model_dump_json(indent=2) + "\n"


def read_keyring(text: str, where: str) -> Keyring:
    """The keyring in a document that stands at ``where``; raises :class:`KeysFaulty` naming every fault."""
    try:
        return Keyring(_Document.model_validate_json(text).keys)
    except ValidationError as problem:
        # Where and what is allowed only: the values are keys.
        faults = faults_of(problem, "C5.3")
        found = "; ".join(f"{fault.path or 'document'} (allowed: {fault.allowed})" for fault in faults)
        raise KeysFaulty(f"the keyring in {where} cannot be read: {found}") from None
    except KeysFaulty as problem:
        raise KeysFaulty(f"the keyring in {where} cannot be read: {problem}") from None

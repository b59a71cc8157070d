"""Payloads encrypted on their way to Temporal (C5.3), by AES-256-GCM.

An encrypted payload holds in clear that it is one and the id of its key. Its data are a format byte, a
fresh random nonce, and the whole original payload under the key, its encoding included. Format, key id and
namespace are bound in as associated data: what was changed, or comes from another namespace, is refused.

Payloads that are not encrypted pass as they are: they were written before encryption was switched on.

Runs in the process, never in the workflow sandbox. The keyring is read again when a payload names a key it
does not have, so a key added to the file is known to processes that are running.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from os import urandom
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from runtime.keyring import Keyring

ENCODING: Final = b"binary/encrypted"
KEY_ID: Final = "encryption-key-id"
FORMAT: Final = b"\x01"
"""The first byte of the data."""
NONCE_BYTES: Final = 12
_HEADER = len(FORMAT) + NONCE_BYTES


class KeyUnknown(RuntimeError):
    """A payload is under a key this process does not have; the message names the key's id."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"a payload is encrypted with key {key_id}, which is not in the keyring;"
            " `aftercare keys list` shows which are, `aftercare keys import` adds those of a backup"
        )
        self.key_id = key_id


class PayloadRefused(RuntimeError):
    """A payload does not open: it was changed, is of another namespace, or is no payload of ours."""


class _Cipher:
    """One key at work in one namespace."""

    __slots__ = ("_aes", "_bound", "_shell")

    def __init__(self, key_id: str, secret: bytes, namespace: str) -> None:
        self._aes = AESGCM(secret)
        # A key id has no line break, so no two of these read the same.
        self._bound = b"aftercare payload\n" + FORMAT + f"\n{key_id}\n{namespace}".encode()
        # Copying bytes is a third of the cost of filling in a map.
        self._shell = Payload(metadata={"encoding": ENCODING, KEY_ID: key_id.encode()}).SerializeToString()

    def seal(self, payload: Payload) -> Payload:
        nonce = urandom(NONCE_BYTES)
        sealed = Payload.FromString(self._shell)
        sealed.data = FORMAT + nonce + self._aes.encrypt(nonce, payload.SerializeToString(), self._bound)
        return sealed

    def open(self, payload: Payload) -> Payload:
        data = payload.data
        if data[:1] != FORMAT or len(data) < _HEADER:
            raise PayloadRefused("an encrypted payload is in a format this release does not know")
        try:
            plain = self._aes.decrypt(data[len(FORMAT) : _HEADER], data[_HEADER:], self._bound)
        except InvalidTag:
            raise PayloadRefused(
                "an encrypted payload was changed, or belongs to another namespace"
            ) from None
        return Payload.FromString(plain)


class EncryptingCodec(PayloadCodec):
    """Encrypts with the key that writes now, decrypts with whichever key a payload names."""

    def __init__(
        self,
        keyring: Keyring,
        namespace: str,
        reread: Callable[[], Keyring | None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``reread`` reads the keyring again, when a payload names a key that is not there."""
        self._namespace = namespace
        self._reread = reread
        self._clock = clock
        self._take(keyring)

    def _take(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._ciphers = {key.id: _Cipher(key.id, key.secret, self._namespace) for key in keyring}
        self._choose()

    def _choose(self) -> None:
        now = datetime.fromtimestamp(self._clock(), UTC)
        self._writing = self._ciphers[self._keyring.writing(now).id]
        change = self._keyring.next_after(now)
        self._until = math.inf if change is None else change.timestamp()

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        if self._clock() >= self._until:
            self._choose()
        seal = self._writing.seal
        return [seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises :class:`KeyUnknown` and :class:`PayloadRefused`."""
        return [
            self._open(payload) if payload.metadata.get("encoding") == ENCODING else payload
            for payload in payloads
        ]

    def _open(self, payload: Payload) -> Payload:
        key_id = payload.metadata.get(KEY_ID, b"").decode("ascii", "backslashreplace")
        cipher = self._ciphers.get(key_id)
        if cipher is None and (found := self._reread()) is not None:
            # Joined: what a file has lost meanwhile is not taken away from a process that is running.
            self._take(self._keyring.joined(found))
            cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise KeyUnknown(key_id[:64] or "(none)")
        return cipher.open(payload)

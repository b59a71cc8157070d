"""The keyring of the tests' own servers, the same in every process of a run."""

from __future__ import annotations

from datetime import UTC, datetime

from runtime.codec import EncryptingCodec
from runtime.connection import data_converter
from runtime.keyring import KEY_BYTES, Key, Keyring

KEYRING = Keyring(
    [Key.model_construct(id="tests", writes_from=datetime(2026, 1, 1, tzinfo=UTC), secret=bytes(KEY_BYTES))]
)

ENCRYPTED = data_converter(EncryptingCodec(KEYRING, "default"))
"""The data converter of processes that hold it."""

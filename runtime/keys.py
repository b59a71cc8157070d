"""Where a process finds its keyring, and how one comes to be on disk.

Looked for in the settings (``AFTERCARE_KEYRING`` holds one, ``AFTERCARE_KEYRING_FILE`` names one), then in
``keys.json`` in the home folder. One that is named must be there. Production refuses to run without one.
"""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path

from runtime.codec import EncryptingCodec
from runtime.keyring import Key, Keyring, KeysFaulty, read_keyring
from runtime.settings import Mode, Settings

NO_KEYS = (
    "there is no keyring, and nothing runs without one in production, nor does the codec server (C5.3):"
    " make one with `aftercare keys new FILE` and name it in AFTERCARE_KEYRING_FILE,"
    " or put what is in it into AFTERCARE_KEYRING"
)


def keyring_file(settings: Settings) -> Path:
    """The file of the keyring, where it is or would be; the settings may hold the keyring itself instead."""
    return (settings.keyring_file or settings.home_folder / "keys.json").expanduser()


def find_keyring(settings: Settings) -> Keyring | None:
    """The keyring, or None in development where none was made; raises :class:`KeysFaulty`."""
    if settings.keyring is not None:
        if settings.keyring_file is not None:
            raise KeysFaulty("AFTERCARE_KEYRING and AFTERCARE_KEYRING_FILE are both set: which one is meant?")
        return read_keyring(settings.keyring.get_secret_value(), "AFTERCARE_KEYRING")
    file = keyring_file(settings)
    if settings.keyring_file is None and not file.exists():
        if settings.mode is Mode.PRODUCTION:
            raise KeysFaulty(NO_KEYS)
        return None
    return load_keyring(file)


def load_keyring(file: Path) -> Keyring:
    """The keyring in a file; raises :class:`KeysFaulty`."""
    try:
        return read_keyring(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as problem:
        what = problem.strerror if isinstance(problem, OSError) else "no text"
        raise KeysFaulty(f"the keyring in {file} cannot be read: {what}") from None


def payload_codec(settings: Settings) -> EncryptingCodec | None:
    """What encrypts payloads by the settings; None in development without keys.

    Raises :class:`KeysFaulty`.
    """
    keyring = find_keyring(settings)
    if keyring is None:
        return None

    def reread() -> Keyring | None:
        try:
            return find_keyring(settings)
        except KeysFaulty:
            return None

    return EncryptingCodec(keyring, settings.temporal_namespace, reread)


def add_keys(file: Path, *keys: Key) -> Keyring:
    """Put keys into a keyring file, making it if need be; nobody but its owner may read it.

    The file is replaced as a whole and is on disk when this returns: a key that is lost takes what it
    encrypted with it. Raises :class:`KeysFaulty`.
    """
    keyring = load_keyring(file).joined(keys) if file.exists() else Keyring(keys)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made by mkstemp with mode 0600.
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as made:
                made.write(keyring.as_text())
                made.flush()
                os.fsync(made.fileno())
            os.replace(temporary, file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as problem:
        raise KeysFaulty(f"the keyring in {file} cannot be written: {problem.strerror}") from None
    return keyring


def new_key(file: Path, writes_from: datetime | None = None) -> Key:
    """A new key, added to a file; raises :class:`KeysFaulty`."""
    key = Key.new(writes_from)
    add_keys(file, key)
    return key

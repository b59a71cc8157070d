"""`aftercare keys …`: the keyring that payloads are encrypted with (C5.3).

Keys are printed nowhere: what a keyring holds leaves its file only by copying the file.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from contract.values import Model
from runtime.keyring import Key, Keyring
from runtime.keys import add_keys, find_keyring, keyring_file, load_keyring, new_key
from starter import given
from starter.commands.options import AsJson
from starter.errors import NotReached
from starter.reaching import settings
from starter.showing.paper import say, table
from starter.showing.plain import print_json

app = typer.Typer(no_args_is_help=True, help="Keys that payloads are encrypted with (C5.3).")

KeyringFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="The keyring; by default AFTERCARE_KEYRING_FILE, or keys.json in AFTERCARE_HOME.",
    ),
]


class ShownKey(Model):
    """A key without its secret."""

    id: str
    writes_from: datetime
    writes: bool
    """Whether it is the one that writes now; all of them read."""


def _shown(keyring: Keyring) -> list[ShownKey]:
    writing = keyring.writing(datetime.now(UTC)).id
    return [ShownKey(id=key.id, writes_from=key.writes_from, writes=key.id == writing) for key in keyring]


@app.command()
def new(
    file: KeyringFile = None,
    start: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            parser=given.stamp,
            metavar="TIME",
            help="When it begins to write, with offset: later than the last process has it. [default: now]",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and the keyring if there is none; the newest key writes, older ones still read."""
    where = (file or keyring_file(settings())).expanduser()
    key = new_key(where, None if start is None else start.astimezone(UTC))
    if as_json:
        print_json({"file": where, "key": key.id, "writes_from": key.writes_from})
    else:
        say(
            f"Key {key.id} is in {where} and writes from {key.writes_from:%Y-%m-%d %H:%M:%S} UTC.",
            "Keep a copy of the file in a safe place: without it nothing can read what it encrypts.",
        )


@app.command(name="list")
def list_(file: KeyringFile = None, as_json: AsJson = False) -> None:
    """The ids of the keys there are, and which one writes."""
    found = find_keyring(settings()) if file is None else load_keyring(file.expanduser())
    if found is None:
        raise NotReached("There is no keyring: payloads are not encrypted. `aftercare keys new` makes one.")
    _print(found, as_json)


@app.command(name="import")
def import_(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A keyring to take keys from.")],
    file: KeyringFile = None,
    as_json: AsJson = False,
) -> None:
    """Add the keys of another keyring, a backup say; keys that are there already stay as they are."""
    keys: list[Key] = list(load_keyring(source.expanduser()))
    _print(add_keys((file or keyring_file(settings())).expanduser(), *keys), as_json)


def _print(keyring: Keyring, as_json: bool) -> None:
    shown = _shown(keyring)
    if as_json:
        print_json({"keys": shown})
        return
    listed = table("Keys", "id", "writes from (UTC)", "now")
    for key in shown:
        listed.add_row(key.id, f"{key.writes_from:%Y-%m-%d %H:%M:%S}", "writes" if key.writes else "reads")
    say(listed)

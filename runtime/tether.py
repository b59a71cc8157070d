"""Child processes that cannot outlive us and that Ctrl-C does not reach.

A server we start for ourselves must end when we do, even when we are killed: a forgotten one keeps its
port and its database file. And it must not end before we do: a terminal sends Ctrl-C to the whole
process group, and a worker that drains still needs its server.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

STOP_SECONDS = 10.0

# The shell reads a pipe whose other end only we hold: it closes when we end, however we end, and the
# command is then asked to stop. The first line the shell writes is the command's own process id.
_TETHER = """
exec 3<&0
stop=$1
shift
"$@" 3<&- </dev/null >&2 &
child=$!
echo "$child"
{ read -r _ <&3; kill -s "$stop" "$child"; } >/dev/null 2>&1 &
watcher=$!
wait "$child"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
"""


@dataclass(frozen=True)
class Tethered:
    """A running command; `pid` is its own, not its shell's."""

    pid: int
    _shell: Process

    @property
    def running(self) -> bool:
        return self._shell.returncode is None


@asynccontextmanager
async def tethered(
    command: Sequence[str],
    *,
    log: Path,
    holding: Sequence[IO[bytes]] = (),
    stop: signal.Signals = signal.SIGTERM,
) -> AsyncIterator[Tethered]:
    """Run `command` for the length of the block; what it prints is appended to `log`.

    The files in `holding` stay open in it: a lock on one of them lasts until the command has ended.

    At the end of the block it is sent `stop`, and killed if it is still there after `STOP_SECONDS`.
    """
    with contextlib.ExitStack() as files:
        output = files.enter_context(log.open("ab"))
        # Above 9: the shell's own redirections use the single digits.
        held = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 10) for file in holding]
        for descriptor in held:
            files.callback(os.close, descriptor)
        shell = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", _TETHER, "tether", stop.name.removeprefix("SIG"), *command),
            stdin=PIPE,
            stdout=PIPE,
            stderr=output,
            start_new_session=True,
            pass_fds=held,
        )
    assert shell.stdin is not None
    assert shell.stdout is not None
    try:
        pid = int(await shell.stdout.readline())
        yield Tethered(pid, shell)
    finally:
        shell.stdin.close()
        try:
            await asyncio.wait_for(shell.wait(), STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            await shell.wait()

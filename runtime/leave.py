"""The one way out of a process.

About one process in twenty that used the Temporal SDK's runtime dies while the interpreter shuts
down, with SIGSEGV or SIGABRT (exit codes 139 and 134), after all its work succeeded
(temporalio/sdk-python#300). A backend that looks at exit codes would take finished work for failed.
Every entry point (the command line, the worker, the test run) therefore ends in `leave`, which
skips the interpreter's shutdown.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import NoReturn

OUTPUT_LOST = 74
"""Exit code (`EX_IOERR`) when the work succeeded but its output could not be written."""


def leave(code: int) -> NoReturn:
    """End the process now, with `code`; what was printed and logged is written first.

    Handlers registered with `atexit` do not run and other threads are not waited for: close workers,
    clients, databases and temporary directories before, with context managers.

    A reader that has gone (`aftercare … | head`) changes nothing. Output that could not be written for
    another reason, a full disk say, turns success into `OUTPUT_LOST`: a report cut short is not success.
    """
    for stream in (sys.stdout, sys.stderr):
        # A stream may be absent (no console), closed, or its reader gone: none of it is a failure.
        with contextlib.suppress(AttributeError, ValueError, BrokenPipeError):
            try:
                stream.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                code = code or OUTPUT_LOST
                with contextlib.suppress(OSError):
                    os.write(2, f"aftercare: output could not be written: {error.strerror}\n".encode())
    logging.shutdown()
    os._exit(code)

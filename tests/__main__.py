"""`python -m tests [pytest arguments]`: the test run, leaving like every other process of the house.

Without arguments: everything, on a process per processor (eight at most), a file's tests together.
With arguments: what plain pytest would do with them.
"""

from __future__ import annotations

import sys

import pytest

from runtime.leave import leave

EVERYTHING = ["-n", "auto", "--maxprocesses", "8", "--dist", "loadfile"]

if __name__ == "__main__":
    leave(int(pytest.main(sys.argv[1:] or EVERYTHING)))

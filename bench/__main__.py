"""Run every benchmark, one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

ALL = ("codec", "records", "looking", "years")


def main() -> None:
    wanted = [name for name in ALL if name in sys.argv[1:]] or list(ALL)
    for name in wanted:
        print(f"# {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True)


if __name__ == "__main__":
    main()

"""The file an evidence pack is: a ZIP whose bytes depend on nothing but what is in it.

Every file is in the manifest with its digest; every row of a file of rows carries its number and a seal over
itself and the seal before it, so that of a pack that was tampered with the first wrong row can be named.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

from starter.evidence.verify import FORMAT, GENESIS, MANIFEST, canonical, seal

MADE: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file in it: the earliest that the format knows."""
UNIX: Final = 3
READABLE: Final = 0o100644 << 16
LEVEL: Final = 6


class Rows:
    """A file of rows that is being written, one JSON object to a line."""

    def __init__(self, path: str, into: Written) -> None:
        self._path = path
        self._into = into
        self.seal = GENESIS
        self.count = 0

    def add(self, row: dict[str, Any]) -> None:
        self.count += 1
        self.seal = seal(self._path, self.seal, row)
        self._into.write(canonical({"n": self.count, "row": row, "seal": self.seal}) + b"\n")


class Written:
    """A file that is being written: its bytes are counted and digested on their way."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()


class Parcel:
    """An evidence pack that is being written; :meth:`close` gives it its manifest."""

    def __init__(self, file: str) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
        self._files: list[dict[str, Any]] = []
        self._taken: set[str] = set()

    def named(self, stem: str, ending: str) -> str:
        """A path that is not taken, also where capitals make no difference, as on most people's machines."""
        number, path = 1, f"{stem}{ending}"
        while path.lower() in self._taken:
            number += 1
            path = f"{stem}~{number}{ending}"
        self._taken.add(path.lower())
        return path

    def add(self, path: str, data: bytes) -> None:
        """A whole file."""
        with self._open(path) as written:
            written.write(data)

    @contextmanager
    def rows(self, path: str) -> Iterator[Rows]:
        """A file of rows; one at a time, and no other file meanwhile."""
        with self._open(path) as written:
            rows = Rows(path, written)
            yield rows
        self._files[-1] |= {"rows": rows.count, "seal": rows.seal}

    @contextmanager
    def _open(self, path: str) -> Iterator[Written]:
        self._taken.add(path.lower())
        with self._zip.open(_entry(path), "w") as file:
            written = Written(file)
            yield written
        self._files.append({"path": path, "sha256": written.digest, "bytes": written.size})

    def close(self, told: dict[str, Any]) -> str:
        """Write the manifest, with what else there is to tell, and answer its digest: that of the pack."""
        files = sorted(self._files, key=lambda file: str(file["path"]))
        data = canonical({"format": FORMAT, "files": files} | told)
        with self._zip.open(_entry(MANIFEST), "w") as file:
            file.write(data)
        self._zip.close()
        return hashlib.sha256(data).hexdigest()

    def abandon(self) -> None:
        """Leave it unfinished."""
        self._zip.close()


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, MADE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = UNIX
    entry.external_attr = READABLE
    return entry

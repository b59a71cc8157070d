"""Rows of a CSV file with their line numbers, and the faults of a log as one speaks of them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TextIO

from contract.faults import Fault, Faulty

WHAT = "ticket log"


def fault(line: int, column: str, given: str | None, allowed: str) -> Fault:
    """A fault of one cell."""
    text = (given or "").strip() or "nothing"
    shown = text if len(text) <= 60 else f"{text[:57]}…"
    return Fault(path=f"line {line}, {column}", clause=WHAT, given=shown, allowed=allowed)


def line_of(fault: Fault) -> int:
    """The line of a fault, to put faults in the order of the file."""
    return int(fault.path.split(",")[0].removeprefix("line "))


def rows(
    file: TextIO, needed: Collection[str], faults: list[Fault], known: Collection[str] | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows that are not empty, each with the line it ends on; missing cells are empty.

    Raises Faulty when the file has no rows that can be read: no CSV, or not the columns it takes. ``known``
    are all columns there may be (None: others are passed over).
    """
    reader = csv.DictReader(file, restkey="", strict=True)
    try:
        _check_columns(list(reader.fieldnames or []), needed, known)
        for row in reader:
            surplus = row.pop("", None)
            cells = {column: (value or "").strip() for column, value in row.items()}
            if surplus:
                count = f"{len(cells) + len(surplus)} cells"
                faults.append(fault(reader.line_num, "row", count, f"{len(cells)} cells, as in the header"))
            elif any(cells.values()):
                yield reader.line_num, cells
    except csv.Error as problem:
        faults.append(fault(reader.line_num, "row", str(problem), "a row of CSV"))
        raise Faulty(WHAT, faults) from None
    except UnicodeDecodeError:
        faults.append(fault(reader.line_num + 1, "row", "other bytes", "text in UTF-8"))
        raise Faulty(WHAT, faults) from None


def _check_columns(found: list[str], needed: Collection[str], known: Collection[str] | None) -> None:
    faults = [fault(1, name, "no such column", "this column") for name in needed if name not in found]
    for name, count in Counter(found).items():
        if count > 1:
            faults.append(fault(1, name or "header", f"{count} such columns", "one"))
        if not name or (known is not None and name not in known):
            allowed = "a name" if known is None else f"one of {', '.join(known)}"
            faults.append(fault(1, "header", name, allowed))
    if faults:
        raise Faulty(WHAT, faults)

"""Every fault of a document at once: where, which clause, what was given, what is allowed (contract §2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from contract.values import Model

_CLAUSES = {
    "agreement_id": "§2",
    "provider": "C1.1",
    "customer": "C1.2",
    "services": "C3.1",
    "service_standard": "C6.1.3",
    "term": "C4.1",
    "offer_days": "C4.1",
    "time_zone": "§2",
    "service_hours": "C5.2",
    "targets": "C5.2",
    "acceptance_days": "C5.5",
    "rating_days": "C5.5",
    "follow_up_days": "C5.5",
    "command_delay_hours": "§3",
    "fees": "C7.1",
    "fee_change": "C7.2",
    "penalties": "C8.1",
    "late_payment": "C8.2",
    "consent_days": "C10",
    "disputes": "C9",
    "closing_days": "C4.1",
    "taken_over": "C4.1",
    "taken_over.bills": "C7.1",
    "taken_over.billed_through": "C7.1",
    "taken_over.credit": "C7.1",
    "taken_over.penalties": "C8.1",
    "taken_over.requests": "C6.1.1",
}

_ALLOWED = {
    "missing": "a value; the field is mandatory",
    "extra_forbidden": "no such field",
    "model_type": "a mapping of fields",
    "model_attributes_type": "a mapping of fields",
    "dict_type": "a mapping",
    "list_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "datetime_type": "a time with its offset, such as 2026-03-02T09:00:00+08:00",
    "datetime_parsing": "a time with its offset, such as 2026-03-02T09:00:00+08:00",
    "datetime_from_date_parsing": "a time with its offset, such as 2026-03-02T09:00:00+08:00",
    "decimal_type": "a decimal number",
    "decimal_parsing": "a decimal number",
    "none_required": "null",
}


Finding = tuple[str, object, str]
"""What a rule between fields finds: the path, what was given, what is allowed."""


def found_at(document: Any, path: str) -> Any:
    """What stands at a path of mappings in a plain document; None when nothing does."""
    for part in path.split("."):
        document = document.get(part) if isinstance(document, dict) else None
    return document


class Fault(Model):
    """One fault of a document."""

    path: str
    clause: str
    given: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.path or 'document'} ({self.clause}): given {self.given}; allowed: {self.allowed}"


class Faulty(ValueError):
    """A document with faults: all of them."""

    def __init__(self, what: str, faults: Sequence[Fault]) -> None:
        self.what = what
        self.faults = list(faults)
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''}"
        super().__init__("\n".join([f"{what}: {count}", *(f"  {fault}" for fault in self.faults)]))


def clause_of(path: str) -> str:
    """The clause that a field of the term sheet fills in."""
    fields = [part.split("[")[0] for part in path.split(".")]
    return _CLAUSES.get(".".join(fields[:2])) or _CLAUSES.get(fields[0], "§2")


def faults_of(problem: ValidationError, clause: str | None = None) -> list[Fault]:
    """Pydantic's findings in the contract's words, in the order of the document, each place once.

    ``clause`` is what the document is about; of a term sheet each field has its own.
    """
    found: dict[tuple[str, str], Fault] = {}
    for error in problem.errors(include_url=False):
        path = _path(error)
        fault = Fault(
            path=path,
            clause=clause or clause_of(path),
            given=_given(error),
            allowed=_allowed(error),
        )
        found.setdefault((fault.path, fault.allowed), fault)
    return list(found.values())


def _path(error: ErrorDetails) -> str:
    """Where, in the document's own keys (which may be anything that YAML takes for a key)."""
    path = ""
    for place, part in enumerate(error["loc"]):
        if isinstance(part, int):
            path += f"[{part}]"
        elif part == "[key]" or (place == 1 and path == "service_hours"):  # the branch of the union
            continue
        else:
            path += f".{shown(part)}" if path else shown(part)
    return path


def _given(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "nothing"
    value = error.get("input")
    if isinstance(value, dict) and error["type"] == "extra_forbidden":
        return "a mapping under an unknown name"
    return shown(value)


SHOWN = 60
"""Characters of a value that a message repeats."""


def shown(value: Any) -> str:
    """What was given, short enough for one line and printable everywhere."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list():
            return f"a list of {len(value)}"
        case int() if value.bit_length() > 128:
            return f"a number of about {value.bit_length() * 3 // 10} digits"
        case _:
            try:
                text = str(value)[: SHOWN + 1]
            except ValueError:  # a number too long to print, inside of something
                return f"a {type(value).__name__}"
    if not text.isprintable():
        text = text.encode("unicode_escape", "backslashreplace").decode("ascii")
    if not text.strip():
        return "empty text"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _allowed(error: ErrorDetails) -> str:
    if error["type"] in _ALLOWED:
        return _ALLOWED[error["type"]]
    context = error.get("ctx") or {}
    match error["type"]:
        case "value_error":
            return str(context["error"])
        case "enum" | "literal_error":
            return f"one of {context['expected']}"
        case "greater_than_equal":
            return f"{_number(context['ge'])} or more"
        case "greater_than":
            return f"more than {_number(context['gt'])}"
        case "less_than_equal":
            return f"{_number(context['le'])} or less"
        case "less_than":
            return f"less than {_number(context['lt'])}"
        case "too_short":
            return f"at least {context['min_length']}"
        case "json_invalid":
            return f"JSON ({context['error']})"
        case "string_pattern_mismatch":
            return f"text matching {context['pattern']}"
        case "string_too_short":
            return f"at least {context['min_length']} character(s)"
        case "string_too_long":
            return f"at most {context['max_length']} characters"
        case _:
            return error["msg"]


def _number(limit: Any) -> str:
    """A limit as pydantic gives it: a number, or the text of a Decimal's ``repr``."""
    return str(limit).removeprefix("Decimal('").removesuffix("')")


def one_line(faults: Iterable[Fault]) -> str:
    """The faults in one line, for places that have one."""
    return "; ".join(str(fault) for fault in faults)

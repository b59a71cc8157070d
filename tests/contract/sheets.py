"""Term sheets to test with: one with every field filled in, and ways to write and change it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))

OFFICE_HOURS = [["09:00", "12:00"], ["13:30", "18:00"]]
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")

Path_ = tuple[str | int, ...]
"""Where something stands in a document: keys and places, from the root."""


def full_sheet() -> dict[str, Any]:
    """A document in which every field of the contract is given, none by default."""
    return {
        "schema_version": 1,
        "agreement_id": "ACME-2026-001",
        "provider": {
            "party_id": "huaxin",
            "name": "华信售后服务有限公司",
            "address": "上海市浦东新区张江路 88 号",
            "country": "CN",
            "tax_id": "91310115MA1K4EXAM1",
            "contact": {"name": "李明", "email": "service@huaxin.example", "phone": "+86 21 5555 0188"},
            "language": "zh-CN",
        },
        "customer": {
            "party_id": "acme",
            "name": "ACME Co., Ltd.",
            "address": "28 Jianguo Road, Beijing",
            "country": "US",
            "tax_id": "12-3456789",
            "contact": {"name": "Wang Fang", "email": "support@acme.example", "phone": "+86 10 5555 0199"},
            "language": "en",
        },
        "services": ["online_consulting", "technical_support", "problem_resolution"],
        "service_standard": {"title": "售后服务规范", "digest": "0f" * 32},
        "term": {"years": 1},
        "offer_days": 20,
        "time_zone": "Asia/Shanghai",
        "service_hours": {
            "weekly": {day: copy.deepcopy(OFFICE_HOURS) for day in WORKDAYS},
            "holidays": "CN",
            "make_up_hours": [["10:00", "16:00"]],
        },
        "targets": {
            "confirm_hours": Decimal("1.5"),
            "respond_hours": 4,
            "resolve_hours": Decimal("48.00"),
            "warn_percent": 80,
            "by_service": {"online_consulting": {"resolve_hours": None}},
            "by_priority": {"critical": {"respond_hours": Decimal("0.5"), "resolve_hours": 8}},
        },
        "acceptance_days": 6,
        "rating_days": 8,
        "follow_up_days": 4,
        "command_delay_hours": 12,
        "fees": {
            "amount": Decimal("12000.00"),
            "currency": "CNY",
            "tax_percent": 6,
            "period": "month",
            "payment_days": 15,
            "means": ["transfer", "cheque"],
        },
        "fee_change": {"notice_days": 60, "negotiation_days": 30, "if_unanswered": "lapses"},
        "penalties": {
            "late_response": Decimal("200.00"),
            "late_resolution_per_day": Decimal("500.00"),
            "cap_percent": 20,
            "warning_percent": 25,
            "settlement": "set_off",
        },
        "late_payment": {
            "percent_per_day": Decimal("0.05"),
            "grace_days": 5,
            "suspend_after_days": 30,
            "suspend_notice_days": 2,
            "allocation": "principal_first",
        },
        "consent_days": 10,
        "disputes": {"negotiation_days": 30, "stale_days": 90, "arbitration_commission": "上海仲裁委员会"},
        "closing_days": 20,
    }


def changed(document: Any, path: Path_ | str, value: Any) -> Any:
    """A copy of the document with one place set; a path of text is written with dots."""
    parts: Path_ = tuple(path.split(".")) if isinstance(path, str) else path
    result = copy.deepcopy(document)
    place = result
    for part in parts[:-1]:
        place = place[part]
    place[parts[-1]] = value
    return result


def left_out(document: Any, path: str) -> Any:
    """A copy of the document without one field."""
    *way, last = path.split(".")
    result = copy.deepcopy(document)
    place = result
    for part in way:
        place = place[part]
    del place[last]
    return result


def leaves(document: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every single value of a document, with its place."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from leaves(value, (*path, key))
    elif isinstance(document, list):
        for place, value in enumerate(document):
            yield from leaves(value, (*path, place))
    else:
        yield path, document


def as_json(document: Any, indent: str = "") -> str:
    """JSON with every number as it stands: a Decimal keeps its zeros, which `json.dumps` cannot do."""
    match document:
        case dict():
            pairs = [f"{json.dumps(key)}:{indent} {as_json(v, indent)}" for key, v in document.items()]
            return "{" + indent + f",{indent}".join(pairs) + indent + "}"
        case list():
            return "[" + indent + f",{indent}".join(as_json(v, indent) for v in document) + indent + "]"
        case Decimal():
            return str(document)
        case _:
            return json.dumps(document, ensure_ascii=not indent)


class _Dumper(yaml.SafeDumper):
    """Writes a Decimal as the number it is, and never an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    Decimal, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", str(value))
)


def as_yaml(document: Any, **options: Any) -> str:
    """YAML with every number as it stands."""
    return str(yaml.dump(document, Dumper=_Dumper, allow_unicode=True, **options))


def reordered(document: Any) -> Any:
    """The same document with the keys of every mapping the other way round."""
    if isinstance(document, dict):
        return {key: reordered(document[key]) for key in reversed(document)}
    if isinstance(document, list):
        return [reordered(value) for value in document]
    return document

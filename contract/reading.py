"""Reading a term sheet from YAML or JSON text: numbers exactly as written, every fault at once."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import yaml
from pydantic import ValidationError

from contract.faults import Fault, Faulty, faults_of, shown
from contract.term_rules import faults_between_fields
from contract.terms import TermSheet


class _Loader(yaml.SafeLoader):
    """YAML as people mean it: ``200.00`` is a decimal, ``09:00`` and dates are text, ``no`` is text."""

    yaml_implicit_resolvers: dict[str, Any] = {}


_RESOLVERS = (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|false|True|False|TRUE|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
    ("merge", r"^<<$", ["<"]),
)
for _tag, _pattern, _first in _RESOLVERS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(loader.construct_scalar(node))


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


def _mapping(loader: yaml.SafeLoader, node: yaml.Node) -> dict[Any, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise yaml.constructor.ConstructorError(None, None, "no mapping where one is named", node.start_mark)
    seen: set[Any] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node)
        if not isinstance(key, str | int):
            raise yaml.constructor.ConstructorError(None, None, "a key that is no text", key_node.start_mark)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, "a key twice", key_node.start_mark)
        seen.add(key)
    found: dict[Any, Any] = yaml.SafeLoader.construct_mapping(loader, node, deep=True)
    return found


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} twice")
        found[key] = value
    return found


def _not_a_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number a contract can hold")


def parse(text: str) -> Any:
    """The document as plain data, decimals exact; raises :class:`Faulty` when it is neither YAML nor JSON."""
    try:
        if _looks_like_json(text):
            return json.loads(
                text, parse_float=Decimal, parse_constant=_not_a_number, object_pairs_hook=_once
            )
        return yaml.load(text, _Loader)  # a SafeLoader
    except (yaml.MarkedYAMLError, json.JSONDecodeError) as problem:
        line = problem.lineno if isinstance(problem, json.JSONDecodeError) else _line(problem)
        what = problem.msg if isinstance(problem, json.JSONDecodeError) else problem.problem
        raise _unreadable(f"line {line}: {what}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise _unreadable(shown(str(problem).split("\n", 1)[0])) from None
    except (ArithmeticError, AttributeError, LookupError, TypeError):
        # PyYAML's constructors fail in many ways on a value that does not suit its tag.
        raise _unreadable("a value that does not suit its tag") from None


def _looks_like_json(text: str) -> bool:
    """A mapping in braces with quoted keys; YAML's flow style leaves the quotes out."""
    return re.match(r'\s*\{\s*("|\}|$)', text) is not None


def _line(problem: yaml.MarkedYAMLError) -> int:
    return problem.problem_mark.line + 1 if problem.problem_mark is not None else 1


def _unreadable(what: str) -> Faulty:
    fault = Fault(path="", clause="§2", given=what, allowed="a document in YAML or JSON")
    return Faulty("term sheet", [fault])


def read_terms(text: str) -> TermSheet:
    """A term sheet from its text; raises :class:`Faulty` with every fault."""
    return check_terms(parse(text))


def check_terms(document: Any) -> TermSheet:
    """A term sheet from plain data; raises :class:`Faulty` with every fault."""
    if not isinstance(document, dict):
        raise _unreadable("no mapping of fields")
    faults = faults_between_fields(document)
    try:
        terms = TermSheet.model_validate(document)
    except ValidationError as problem:
        raise Faulty("term sheet", faults_of(problem) + faults) from None
    if faults:
        raise Faulty("term sheet", faults)
    return terms

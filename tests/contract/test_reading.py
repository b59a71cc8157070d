"""Documents are read exactly as written, and whatever they hold, the answer is a sheet or its faults."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract.faults import Fault, Faulty
from contract.reading import check_terms, parse, read_terms
from contract.terms import TermSheet
from tests.contract.sheets import as_json, as_yaml, changed, full_sheet, leaves

ROOT = Path(__file__).parents[2]


def faults_of(text: str) -> list[Fault]:
    with pytest.raises(Faulty) as caught:
        read_terms(text)
    return caught.value.faults


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("200.00", "200.00"),
        ("0.05", "0.05"),
        ("0.1", "0.1"),
        ("1.10", "1.10"),
        ("123456789012.34", "123456789012.34"),
        ("0.300000000000000000004", "0.300000000000000000004"),
        ("5E-2", "5E-2"),
        ("-0.5", "-0.5"),
    ],
)
def test_a_number_with_a_point_is_read_digit_by_digit_in_yaml_and_in_json(written, read):
    for text in (f"amount: {written}", f'{{"amount": {written}}}'):
        found = parse(text)["amount"]
        assert isinstance(found, Decimal)
        assert found.as_tuple() == Decimal(read).as_tuple()


def test_yaml_means_what_people_mean():
    text = """
        hours: 09:00
        day: 2026-01-01
        norway: no
        agreed: yes
        octal: 010
        nothing: ~
        empty:
        yes_really: true
        whole: 7
    """
    assert parse(text) == {
        "hours": "09:00",
        "day": "2026-01-01",
        "norway": "no",
        "agreed": "yes",
        "octal": 10,
        "nothing": None,
        "empty": None,
        "yes_really": True,
        "whole": 7,
    }


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("agreement_id: A\nterm: {years: 1}\nagreement_id: B\n", "line 3"),
        ("term:\n  years: 1\n  years: 2\n", "line 3"),
        ('term: {years: 1, "years": 2}', "line 1"),
        ('{"agreement_id": "A", "agreement_id": "B"}', "agreement_id"),
        ('{"term": {"years": 1, "years": 2}}', "years"),
    ],
)
def test_a_key_given_twice_is_refused_and_said_where(text, where):
    [fault] = faults_of(text)
    assert "twice" in fault.given
    assert where in fault.given


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "# nothing",
        "- a list",
        "text",
        "42",
        "[1, 2]",
        "{",
        '{"a": 1',
        '{"a": 1} {"b": 2}',
        "a: 1\n---\nb: 2",
        "a: [1",
        "\ta: 1",
        "a: *nowhere",
        "a: !!python/object/apply:os.system [true]",
        "a: !unheard-of x",
        "? [list]\n: key",
        "null: key",
        "1.5: key",
        "&a {x: *a}",
        "a: \x00",
        "a: \ud800",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
    ],
)
def test_what_is_no_document_of_fields_has_one_fault_that_says_so(text):
    [fault] = faults_of(text)
    assert (fault.path, fault.clause, fault.allowed) == ("", "§2", "a document in YAML or JSON")
    assert fault.given


@pytest.mark.parametrize(
    "text",
    [
        "a: 1e99999999999999999999",
        '{"a": 1e99999999999999999999}',
        "a: !!float much",
        "a: !!float .inf",
        "a: !!int many",
        "a: !!bool maybe",
        "a: !!timestamp soon",
        "a: !!timestamp 2026-99-99",
        "a: !!map [x]",
        "a: !!map xyz",
        "a: !!seq x",
        "a: !!omap x",
        "a: !!binary '%'",
        'a: "\\UFFFFFFFF"',
        'a: "\\U00110000"',
        "a: " + "9" * 5000,
        '{"a": ' + "9" * 5000 + "}",
        "[" * 20_000,
        '{"a":' * 20_000,
        "- " * 20_000,
        "<<: *nothing",
        "%YAML 9.9\n---\na: 1",
    ],
    ids=lambda text: text[:28],
)
def test_a_value_that_cannot_be_built_is_a_fault_of_the_document_like_any_other(text):
    assert faults_of(text)


def test_a_merge_key_takes_over_the_fields_of_another_mapping():
    text = "base: &base {name: 李明, phone: '1'}\nother: {<<: *base, phone: '2'}"
    assert parse(text)["other"] == {"name": "李明", "phone": "2"}


def test_a_surrogate_written_as_an_escape_is_refused_and_its_fault_can_be_printed():
    for text in (
        '{"\\ud800": 1}',
        '"\\uD800": 1',
        as_json(full_sheet()).replace('"ACME Co., Ltd."', '"\\ud800"'),
    ):
        for fault in faults_of(text):
            str(fault).encode("utf-8")


def test_equal_identifiers_with_a_surrogate_are_faults_that_can_be_printed():
    document = changed(changed(full_sheet(), "provider.party_id", "\ud800"), "customer.party_id", "\ud800")
    with pytest.raises(Faulty) as caught:
        check_terms(document)
    str(caught.value).encode("utf-8")


def test_what_a_fault_shows_of_the_input_is_short_even_when_aliases_make_it_enormous():
    lines = ["l0: &l0 [x, x]"]
    lines += [f"l{n}: &l{n} [*l{n - 1}, *l{n - 1}]" for n in range(1, 13)]
    text = "\n".join([*lines, "services: [*l12, *l12]", "agreement_id: " + "x" * 10_000])
    faults = faults_of(text)
    assert {"services", "services[0]"} & {fault.path for fault in faults}
    assert max(len(fault.given) for fault in faults) <= 200


ENORMOUS = {
    "fees.amount": ["1e999999999", "1e-999999999"],
    "fees.payment_days": ["1e999999999"],
    "targets.respond_hours": ["1e-999999999"],
    "late_payment.percent_per_day": ["1e-999999999"],
}

CHECK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from contract.faults import Faulty
from contract.reading import read_terms
try:
    read_terms(sys.stdin.read())
except Faulty as refused:
    print(*(fault.path for fault in refused.faults))
"""


@pytest.mark.parametrize(
    ("path", "number"), [(path, n) for path, numbers in ENORMOUS.items() for n in numbers]
)
def test_a_number_with_an_enormous_exponent_is_refused_in_little_time_and_memory(path, number):
    done = subprocess.run(
        [sys.executable, "-c", CHECK],
        cwd=ROOT,
        input=as_json(changed(full_sheet(), path, Decimal(number))),
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert set(done.stdout.split()) == {path}, done.stderr[-500:]


# Arbitrary data and arbitrary text

TROUBLE = st.sampled_from(
    [
        None,
        True,
        0.1,
        float("nan"),
        -1,
        0,
        2**53,
        2**64,
        "",
        "\x00",
        "\ud800",
        "x" * 3000,
        "1e30",
        "NaN",
        b"bytes",
        dt.date(2026, 1, 1),
        Decimal("1e30"),
        Decimal("1e999999"),
        Decimal("1e-999999"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("-Infinity"),
        (0, (1,), "F"),
        {},
        [],
        [[]],
        {"years": []},
        {1: 2},
        {None: 1},
        object(),
    ]
)
UNPRINTABLE = st.builds(pow, st.just(10), st.integers(4290, 4400))
"""Whole numbers around the length up to which Python writes them."""
NAMES = st.sampled_from(["years", "weekly", "monday", "amount", "\ud800"])
KEYS = st.text(max_size=8) | NAMES | st.integers() | UNPRINTABLE
SCALARS = (
    TROUBLE
    | UNPRINTABLE
    | st.integers()
    | st.decimals(allow_nan=True)
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20)
    | st.sampled_from(["09:00", "24:00", "CN", "CNY", "always"])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4) | st.tuples(inner, inner)
    ),
    max_leaves=12,
)
PLACES = sorted(
    {path[:depth] for path, _ in leaves(full_sheet()) for depth in range(1, len(path) + 1)}, key=str
)


def sheet_or_faults(document: Any) -> None:
    faults: list[Fault] | None = None
    try:
        assert isinstance(check_terms(document), TermSheet)
    except Faulty as refused:
        faults = refused.faults
    assert faults != []
    for fault in faults or []:
        str(fault).encode("utf-8")
        assert fault.given
        assert fault.allowed
        assert len(fault.given) <= 200


@settings(max_examples=100)
@given(ANYTHING)
def test_arbitrary_data_is_a_sheet_or_its_faults(document):
    sheet_or_faults(document)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(PLACES), ANYTHING, min_size=1, max_size=4))
def test_a_sheet_with_arbitrary_data_in_arbitrary_places_is_a_sheet_or_its_faults(changes):
    document = full_sheet()
    for path, value in changes.items():
        try:
            document = changed(document, path, value)
        except (TypeError, KeyError, IndexError, AttributeError):
            continue  # an earlier change has taken this place away
    sheet_or_faults(document)


def parsed_or_faults(text: str) -> None:
    try:
        parse(text)
    except Faulty as refused:
        for fault in refused.faults:
            str(fault).encode("utf-8")


@settings(max_examples=200)
@given(
    st.text(st.characters(codec=None), max_size=60)
    | st.text("{}[]:,-?!&*#|>'\"%@` \n\tabc019.eE+~<=", max_size=40)
)
@example("{")
def test_arbitrary_text_is_data_or_a_fault(text):
    parsed_or_faults(text)


TAGS = [
    "int",
    "float",
    "bool",
    "null",
    "str",
    "map",
    "seq",
    "set",
    "omap",
    "pairs",
    "binary",
    "timestamp",
    "merge",
]
NODES = st.recursive(
    st.sampled_from(
        ["x", "1", "1.5", "true", "~", '"\\uD800"', '"\\UFFFFFFFF"', "''", "=", "<<", "*a", "&a y"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda nodes: "[" + ", ".join(nodes) + "]"),
        st.lists(st.tuples(inner, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"? {key} : {value}" for key, value in pairs) + "}"
        ),
        st.tuples(st.sampled_from(TAGS), inner).map(lambda node: f"!!{node[0]} {node[1]}"),
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(NODES)
def test_yaml_with_any_tag_on_any_node_is_data_or_a_fault(text):
    parsed_or_faults(f"a: {text}")


SHEET_TEXTS = [as_yaml(full_sheet()), as_json(full_sheet())]


@settings(max_examples=100)
@given(
    st.sampled_from(SHEET_TEXTS),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 5), st.text(max_size=3)), min_size=1, max_size=3),
)
def test_a_sheet_with_slips_of_the_pen_is_a_sheet_or_its_faults(text, slips):
    for place, length, instead in slips:
        text = text[:place] + instead + text[place + length :]
    try:
        read_terms(text)
    except Faulty as refused:
        for fault in refused.faults:
            str(fault).encode("utf-8")

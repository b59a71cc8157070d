"""What a signature binds: the same contract has one digest, another has another (§2, C10.2)."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.reading import check_terms, parse, read_terms
from contract.terms import canonical_bytes, digest_of
from tests.contract.sheets import (
    EXAMPLES,
    WORKDAYS,
    Path_,
    as_json,
    as_yaml,
    changed,
    full_sheet,
    leaves,
    left_out,
    reordered,
)


def digest(document: Any) -> str:
    return digest_of(canonical_bytes(check_terms(document)))


def digest_of_text(text: str) -> str:
    return digest_of(canonical_bytes(read_terms(text)))


THE_DIGEST = digest(full_sheet())


def test_the_digest_is_the_sha_256_of_the_canonical_bytes():
    canonical = canonical_bytes(check_terms(full_sheet()))
    assert digest_of(canonical) == hashlib.sha256(canonical).hexdigest()
    assert len(digest_of(canonical)) == 64


def test_the_canonical_bytes_are_json_with_sorted_keys_and_without_spaces():
    canonical = canonical_bytes(check_terms(full_sheet()))
    again = json.dumps(json.loads(canonical), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical == again.encode("utf-8")


def test_the_canonical_bytes_hold_decimals_as_normalised_text():
    found = json.loads(canonical_bytes(check_terms(full_sheet())))
    assert found["fees"]["amount"] == "12000"
    assert found["targets"]["resolve_hours"] == "48"
    assert found["targets"]["confirm_hours"] == "1.5"
    assert found["late_payment"]["percent_per_day"] == "0.05"
    assert found["schema_version"] == 1


@pytest.mark.parametrize(
    "text",
    [
        as_json(full_sheet()),
        as_json(full_sheet(), indent="\n  "),
        as_json(reordered(full_sheet())),
        "  \n" + as_json(full_sheet()),
        as_yaml(full_sheet()),
        as_yaml(reordered(full_sheet()), sort_keys=False),
        as_yaml(full_sheet(), default_flow_style=False, indent=6),
        "# flow style\n" + as_yaml(full_sheet(), default_flow_style=True, width=40),
        "# a remark\n" + as_yaml(full_sheet(), explicit_start=True),
    ],
)
def test_the_digest_does_not_depend_on_format_order_or_layout(text):
    assert digest_of_text(text) == THE_DIGEST


@pytest.mark.parametrize(
    ("path", "same"),
    [
        (
            "fees.amount",
            [12000, Decimal("12000"), Decimal("12000.0"), Decimal("1.2E+4"), "12000.00", "12000"],
        ),
        ("targets.resolve_hours", [48, Decimal("48.000"), "48"]),
        ("targets.confirm_hours", [Decimal("1.50"), "1.5", Decimal("15E-1")]),
        ("late_payment.percent_per_day", [Decimal("0.050"), Decimal("5E-2"), ".05"]),
        ("penalties.late_response", [200, Decimal("200.0")]),
    ],
)
def test_the_digest_does_not_depend_on_how_a_number_is_written(path, same):
    assert {digest(changed(full_sheet(), path, value)) for value in same} == {THE_DIGEST}


def test_zero_has_one_digest_however_it_is_written():
    written = [0, Decimal("0.00"), Decimal("-0"), "0", Decimal("0E+3")]
    assert len({digest(changed(full_sheet(), "penalties.late_response", zero)) for zero in written}) == 1


# Every field counts

OTHER: dict[Path_, Any] = {
    ("provider", "country"): "DE",
    ("customer", "country"): "DE",
    ("provider", "language"): "en",
    ("customer", "language"): "zh-CN",
    ("provider", "contact", "email"): "other@huaxin.example",
    ("customer", "contact", "email"): "other@acme.example",
    ("service_standard", "digest"): "1f" * 32,
    ("time_zone",): "Asia/Hong_Kong",
    ("service_hours", "holidays"): "DE",
    ("fees", "currency"): "USD",
    ("fees", "period"): "quarter",
    ("fees", "means", 0): "online",
    ("fees", "means", 1): "other",
    ("fee_change", "if_unanswered"): "takes_effect",
    ("penalties", "settlement"): "pay_out",
    ("late_payment", "allocation"): "interest_first",
    ("targets", "by_service", "online_consulting", "resolve_hours"): 5,
}
KEPT = {("schema_version",)}
"""There is one version yet."""


def another(path: Path_, value: Any) -> Any:
    if path in OTHER:
        return OTHER[path]
    if "service_hours" in path:
        return str(value)[:4] + "5"
    return value + 1 if isinstance(value, int | Decimal) else f"{value}x"


@pytest.mark.parametrize("path", [path for path, _ in leaves(full_sheet()) if path not in KEPT], ids=str)
def test_changing_any_one_value_changes_the_digest(path):
    if path[0] == "services":
        document = changed(full_sheet(), "services", [s for s in full_sheet()["services"] if s != path])
        document["services"].pop(path[1])
    else:
        value = next(v for p, v in leaves(full_sheet()) if p == path)
        document = changed(full_sheet(), path, another(path, value))
    assert digest(document) != THE_DIGEST


@pytest.mark.parametrize(
    "path",
    [
        *("provider.tax_id", "customer.language", "customer.country", "service_standard", "offer_days"),
        *("service_hours.holidays", "service_hours.make_up_hours", "service_hours.weekly.friday"),
        *(
            "targets.warn_percent",
            "targets.by_service",
            "targets.by_priority",
            "acceptance_days",
            "rating_days",
        ),
        *("targets.by_service.online_consulting", "targets.by_priority.critical"),
        *("targets.by_priority.critical.respond_hours", "follow_up_days", "command_delay_hours"),
        *(
            "fees.tax_percent",
            "penalties.cap_percent",
            "penalties.warning_percent",
            "late_payment.grace_days",
        ),
        *("late_payment.suspend_after_days", "late_payment.suspend_notice_days", "late_payment.allocation"),
        *("consent_days", "disputes.stale_days", "closing_days"),
    ],
)
def test_leaving_out_any_optional_field_changes_the_digest(path):
    assert digest(left_out(full_sheet(), path)) != THE_DIGEST


def test_years_and_the_same_number_of_months_are_two_ways_of_writing_and_two_digests():
    assert digest(changed(full_sheet(), "term", {"months": 12})) != THE_DIGEST


def test_promising_nothing_and_not_saying_are_different_contracts():
    silent = changed(full_sheet(), "targets.by_service", {"online_consulting": {"confirm_hours": 2}})
    null = changed(silent, "targets.by_service.online_consulting.resolve_hours", None)
    assert digest(silent) != digest(null)


def _written(whole: int, places: int, digits: int) -> Decimal:
    return Decimal(f"{whole}.{digits:0>{places}}")


PERCENT = st.builds(_written, st.integers(0, 2), st.sampled_from([3, 12, 40]), st.integers(0, 200))


@settings(max_examples=100)
@given(PERCENT, PERCENT)
def test_two_percentages_have_one_digest_exactly_when_they_are_equal(one, other):
    def attempt(value: Decimal) -> str | None:
        """None when the sheet refuses so many digits: then nothing is lost silently."""
        try:
            return digest(changed(full_sheet(), "late_payment.percent_per_day", value))
        except ValueError:
            return None

    first, second = attempt(one), attempt(other)
    if first is not None and second is not None:
        assert (first == second) == (one == other)


def test_percentages_of_ten_decimals_are_taken():
    assert (
        digest(changed(full_sheet(), "late_payment.percent_per_day", Decimal("0.0123456789"))) != THE_DIGEST
    )


# Reading back

MINUTES = st.integers(0, 24 * 60)


def _day(edges: list[int]) -> list[list[str]]:
    written = [f"{minute // 60:02}:{minute % 60:02}" for minute in sorted(edges)]
    return [list(pair) for pair in zip(written[::2], written[1::2], strict=False)]


DAY_HOURS = st.lists(MINUTES, min_size=2, max_size=6, unique=True).map(_day)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30).filter(
    lambda text: bool(text.strip())
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "provider.name": TEXT,
        "provider.address": TEXT,
        "customer.contact.phone": TEXT,
        "disputes.arbitration_commission": TEXT,
        "service_standard": st.none(),
        "service_hours": st.just("always")
        | st.fixed_dictionaries(
            {
                "weekly": st.dictionaries(st.sampled_from([*WORKDAYS, "sunday"]), DAY_HOURS, min_size=1),
                "make_up_hours": DAY_HOURS,
                "holidays": st.sampled_from([None, "CN", "DE"]),
            }
        ),
        "term": st.builds(lambda n: {"months": n}, st.integers(1, 600)),
        "targets.confirm_hours": st.decimals(Decimal("0.01"), 8784, places=3),
        "targets.resolve_hours": st.none() | st.decimals(1, 8784, places=2),
        "targets.by_service": st.just(
            {"technical_support": {"resolve_hours": None, "respond_hours": Decimal("2.50")}}
        ),
        "fees.amount": st.decimals(0, 10**12, places=2),
        "fees.tax_percent": st.none() | st.decimals(0, 100, places=4),
        "late_payment.percent_per_day": st.decimals(0, 100, places=10),
        "penalties.cap_percent": st.none() | st.integers(0, 100),
        "acceptance_days": st.integers(1, 3660),
    },
)


def assert_reads_back(canonical: bytes, terms: Any) -> None:
    again = read_terms(canonical.decode("utf-8"))
    assert again == terms
    assert canonical_bytes(again) == canonical


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_reads_back_from_its_canonical_bytes(path):
    terms = read_terms(path.read_text("utf-8"))
    assert_reads_back(canonical_bytes(terms), terms)


@settings(max_examples=60)
@given(CHANGES)
def test_any_sheet_reads_back_from_its_canonical_bytes_to_itself_and_the_same_bytes(changes):
    document = full_sheet()
    for path, value in changes.items():
        document = changed(document, path, value)
    terms = check_terms(document)
    assert_reads_back(canonical_bytes(terms), terms)


@settings(max_examples=40)
@given(CHANGES)
def test_any_sheet_has_the_digest_of_itself_written_as_yaml_as_json_and_the_other_way_round(changes):
    document = full_sheet()
    for path, value in changes.items():
        document = changed(document, path, value)
    assert parse(as_yaml(document)) == document
    texts = [as_json(document), as_yaml(document), as_yaml(reordered(document), sort_keys=False)]
    assert {digest_of_text(text) for text in texts} == {digest(document)}

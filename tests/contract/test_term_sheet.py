"""A term sheet is read whole or refused with every fault: where, by which clause, given, allowed."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from contract.faults import Faulty
from contract.reading import check_terms, read_terms
from contract.terms import Priority, Service, Target, TermSheet, canonical_bytes
from tests.contract.sheets import EXAMPLES, as_yaml, changed, full_sheet, leaves, left_out


def faults_of(document: Any) -> set[tuple[str, str, str, str]]:
    with pytest.raises(Faulty) as caught:
        check_terms(document)
    return {(f.path, f.clause, f.given, f.allowed) for f in caught.value.faults}


def places_of(document: Any) -> set[str]:
    return {path for path, *_ in faults_of(document)}


def faulty(document: Any) -> bool:
    try:
        check_terms(document)
    except Faulty:
        return True
    return False


def refused_at(document: Any, path: str) -> bool:
    return path in places_of(document)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_sheets_are_read(path):
    assert isinstance(read_terms(path.read_text("utf-8")), TermSheet)


def test_there_are_example_sheets():
    assert len(EXAMPLES) >= 2


def test_a_sheet_with_every_field_is_read():
    assert check_terms(full_sheet()).agreement_id == "ACME-2026-001"


def test_every_fault_of_a_sheet_is_listed_at_once_with_clause_given_and_allowed():
    document = full_sheet()
    document["agreement_id"] = "bad id!"
    document["provider"]["contact"]["email"] = "nobody"
    document["customer"]["party_id"] = "huaxin"
    document["services"] = ["online_consulting", "online_consulting", "house_call"]
    document["term"] = {}
    document["time_zone"] = "Mars/Olympus"
    document["service_hours"]["weekly"]["monday"] = [["18:00", "09:00"]]
    document["service_hours"]["weekly"]["someday"] = [["09:00", "18:00"]]
    document["service_hours"]["holdays"] = "CN"
    document["targets"]["respond_hours"] = 0
    document["targets"]["warn_percent"] = 100
    document["targets"]["by_priority"]["high"] = {"confirm_hours": None}
    document["acceptance_days"] = "soon"
    document["fees"]["amount"] = Decimal("12000.005")
    document["fees"]["surcharge"] = 3
    document["fee_change"] = {"notice_days": 60, "negotiation_days": 90}
    document["penalties"]["settlement"] = "later"
    document["penalties"]["late_response"] = -1
    document["late_payment"]["grace_days"] = 40
    del document["disputes"]
    assert faults_of(document) == {
        ("agreement_id", "§2", "bad id!", "text matching ^[A-Za-z0-9_-]{1,64}$"),
        ("provider.contact.email", "C1.1", "nobody", "an e-mail address such as service@example.com"),
        ("customer.party_id", "C1.2", "huaxin", "another party_id than the provider's"),
        (
            "services[2]",
            "C3.1",
            "house_call",
            "one of 'online_consulting', 'technical_support' or 'problem_resolution'",
        ),
        ("services", "C3.1", "online_consulting, online_consulting, house_call", "each named once"),
        ("term", "C4.1", "neither", "either years or months"),
        ("time_zone", "§2", "Mars/Olympus", "an IANA time zone such as Asia/Shanghai"),
        (
            "service_hours.weekly.monday",
            "C5.2",
            "a list of 1",
            "intervals that end after they begin; none crosses midnight",
        ),
        (
            "service_hours.weekly.someday",
            "C5.2",
            "someday",
            "one of 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday' or 'sunday'",
        ),
        ("service_hours.holdays", "C5.2", "CN", "no such field"),
        ("targets.respond_hours", "C5.2", "0", "0.001 or more"),
        ("targets.warn_percent", "C5.2", "100", "less than 100"),
        (
            "targets.by_priority.high",
            "C5.2",
            "a mapping",
            "hours for confirm_hours; only resolve_hours may be null",
        ),
        ("acceptance_days", "C5.5", "soon", "a whole number"),
        ("fees.amount", "C7.1", "12000.005", "at most 2 decimals (CNY)"),
        ("fees.surcharge", "C7.1", "3", "no such field"),
        ("fee_change.negotiation_days", "C7.2", "90", "at most fee_change.notice_days (60)"),
        ("fee_change.if_unanswered", "C7.2", "nothing", "a value; the field is mandatory"),
        ("penalties.settlement", "C8.1", "later", "one of 'set_off' or 'pay_out'"),
        ("penalties.late_response", "C8.1", "-1", "0 or more"),
        ("late_payment.grace_days", "C8.2", "40", "at most late_payment.suspend_after_days (30)"),
        ("disputes", "C9", "nothing", "a value; the field is mandatory"),
    }


def test_the_error_says_how_many_faults_there_are_and_one_on_each_line():
    with pytest.raises(Faulty) as caught:
        check_terms(changed(changed(full_sheet(), "term", {}), "fees.amount", "much"))
    first, *rest = str(caught.value).splitlines()
    assert first == "term sheet: 2 faults"
    assert {line.split()[0] for line in rest} == {"fees.amount", "term"}
    assert all("given" in line and "allowed" in line and "C" in line for line in rest)


MANDATORY = [
    *("agreement_id", "provider", "provider.party_id"),
    *("provider.name", "provider.address", "provider.contact"),
    *("provider.contact.name", "provider.contact.email", "provider.contact.phone"),
    *("customer", "customer.party_id", "services"),
    *("term", "time_zone", "service_hours"),
    *("service_hours.weekly", "targets", "targets.confirm_hours"),
    *("targets.respond_hours", "targets.resolve_hours", "fees"),
    *("fees.amount", "fees.currency", "fees.period"),
    *("fees.payment_days", "fees.means", "fee_change"),
    *("fee_change.notice_days", "fee_change.negotiation_days", "fee_change.if_unanswered"),
    *("penalties", "penalties.late_response", "penalties.late_resolution_per_day"),
    *("penalties.settlement", "late_payment", "late_payment.percent_per_day"),
    *("disputes", "disputes.negotiation_days", "disputes.arbitration_commission"),
]


@pytest.mark.parametrize("path", MANDATORY)
def test_a_field_without_a_default_cannot_be_left_out(path):
    faults = {f[0]: f for f in faults_of(left_out(full_sheet(), path))}
    assert faults[path][2:] == ("nothing", "a value; the field is mandatory")


DEFAULTS = {
    "schema_version": 1,
    "provider.country": "CN",
    "provider.tax_id": None,
    "service_standard": None,
    "offer_days": 30,
    "targets.warn_percent": "75",
    "targets.by_service": {},
    "targets.by_priority": {},
    "service_hours.holidays": None,
    "acceptance_days": 7,
    "rating_days": 7,
    "follow_up_days": 5,
    "command_delay_hours": 24,
    "fees.tax_percent": None,
    "penalties.cap_percent": None,
    "penalties.warning_percent": "30",
    "late_payment.grace_days": 0,
    "late_payment.suspend_after_days": None,
    "late_payment.suspend_notice_days": 3,
    "late_payment.allocation": "interest_first",
    "consent_days": 14,
    "disputes.stale_days": 180,
    "closing_days": 30,
}


@pytest.mark.parametrize("path", DEFAULTS)
def test_a_field_left_out_has_the_default_the_contract_gives_in_its_canonical_form(path):
    found: Any = check_terms(left_out(full_sheet(), path)).model_dump(mode="json")
    for part in path.split("."):
        found = found[part]
    assert found == DEFAULTS[path]


def test_make_up_hours_left_out_are_mondays():
    terms = check_terms(left_out(full_sheet(), "service_hours.make_up_hours"))
    assert terms.model_dump(mode="json")["service_hours"]["make_up_hours"] == [
        ["09:00", "12:00"],
        ["13:30", "18:00"],
    ]


def test_a_default_given_and_a_default_left_out_are_the_same_contract():
    given = changed(full_sheet(), "acceptance_days", 7)
    assert canonical_bytes(check_terms(given)) == canonical_bytes(
        check_terms(left_out(given, "acceptance_days"))
    )


def _mappings(document: Any, path: str = "") -> list[str]:
    found = [path]
    for key, value in document.items():
        if isinstance(value, dict) and key not in ("weekly", "by_service", "by_priority"):
            found += _mappings(value, f"{path}.{key}" if path else key)
    return found


@pytest.mark.parametrize("where", _mappings(full_sheet()))
def test_an_unknown_key_is_refused_wherever_it_stands(where):
    path = f"{where}.unheard_of" if where else "unheard_of"
    given = faults_of(changed(full_sheet(), path, "x"))
    assert {(f[0], f[2], f[3]) for f in given} == {(path, "x", "no such field")}


NUMBER_PLACES = [
    path
    for path, value in leaves(full_sheet())
    if isinstance(value, int | Decimal) and path != ("schema_version",)
]


def _dotted(path: tuple[str | int, ...]) -> str:
    dotted = ""
    for part in path:
        dotted += f"[{part}]" if isinstance(part, int) else f".{part}" if dotted else str(part)
    return dotted


@pytest.mark.parametrize("trouble", ["\x00", "\ud800"], ids=["NUL", "lone surrogate"])
def test_a_nul_and_a_lone_surrogate_are_refused_in_every_text(trouble):
    document = full_sheet()
    taken = [
        _dotted(path)
        for path, value in leaves(document)
        if isinstance(value, str) and not faulty(changed(document, path, value[:1] + trouble + value[1:]))
    ]
    assert taken == []


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**64, Decimal("1e400"), Decimal("-1e400")], ids=str)
def test_a_huge_number_is_refused_everywhere_and_said_where(number):
    for path in NUMBER_PLACES:
        assert _dotted(path) in places_of(changed(full_sheet(), path, number))


def test_a_number_too_long_to_print_is_refused_everywhere_and_said_where():
    for path in NUMBER_PLACES:
        assert _dotted(path) in places_of(changed(full_sheet(), path, 10**5000))


@pytest.mark.parametrize("number", [0.5, 7.0, float("nan"), float("inf"), True], ids=str)
def test_a_python_float_or_a_truth_value_is_no_number_of_a_contract(number):
    for path in NUMBER_PLACES:
        assert _dotted(path) in places_of(changed(full_sheet(), path, number))


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "sNaN", "1/2", "", "12 000"])
def test_what_is_no_finite_decimal_is_no_amount(number):
    assert refused_at(changed(full_sheet(), "fees.amount", number), "fees.amount")
    if number not in ("1/2", "", "12 000"):
        assert refused_at(changed(full_sheet(), "fees.amount", Decimal(number)), "fees.amount")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("agreement_id", ""),
        ("agreement_id", "a" * 65),
        ("agreement_id", "ACME\n"),
        ("agreement_id", "合同"),
        ("provider.country", "china"),
        ("provider.language", "fr"),
        ("provider.contact.email", "a b@example.com"),
        ("provider.contact.email", "a@example"),
        ("provider.contact.email", "@example.com"),
        ("provider.contact.email", "Li <li@example.com>"),
        ("provider.contact.email", "li@example.com\r\nBcc: all@example.com"),
        ("provider.name", ""),
        ("provider.name", "   "),
        ("provider.name", "x" * 201),
        ("services", []),
        ("services", "online_consulting"),
        ("term", {"years": 0}),
        ("term", {"years": 1, "months": 12}),
        ("term", {"years": Decimal("1.5")}),
        ("time_zone", "UTC+8"),
        ("time_zone", "../../etc/passwd"),
        ("service_hours", "sometimes"),
        ("service_hours", 24),
        ("service_hours", None),
        ("service_standard.digest", "0F" * 32),
        ("fees.currency", "yuan"),
        ("fees.means", []),
        ("fees.means", ["barter"]),
        ("fees.tax_percent", 101),
        ("fees.period", "week"),
        ("targets.confirm_hours", None),
        ("targets.respond_hours", -1),
        ("targets.warn_percent", 0),
        ("targets.by_priority.urgent", {"respond_hours": 1}),
        ("targets.by_service.house_call", {"respond_hours": 1}),
        ("targets.by_priority.critical", {}),
        ("command_delay_hours", 0),
        ("penalties.cap_percent", -1),
        ("disputes.arbitration_commission", ["one", "two"]),
        ("schema_version", 2),
    ],
)
def test_what_the_contract_does_not_allow_in_a_field_is_refused_there(path, value):
    assert any(
        place.startswith(path) or path.startswith(place)
        for place in places_of(changed(full_sheet(), path, value))
    )


def test_the_provider_cannot_be_its_own_customer_C1():
    assert places_of(changed(full_sheet(), "customer.party_id", "huaxin")) == {"customer.party_id"}


@pytest.mark.parametrize("path", ["provider.party_id", "customer.party_id"])
def test_a_party_cannot_be_called_by_the_word_for_the_other_side_C1(path):
    other = "customer" if path.startswith("provider") else "provider"
    assert places_of(changed(full_sheet(), path, other)) == {path}


@pytest.mark.parametrize("services", [["online_consulting"] * 2, ["technical_support", "technical_support"]])
def test_a_service_is_named_once_C3(services):
    assert refused_at(changed(full_sheet(), "services", services), "services")


def test_a_means_of_payment_is_named_once_C7_1_2():
    assert refused_at(changed(full_sheet(), "fees.means", ["online", "online"]), "fees.means")


def test_the_negotiation_window_may_be_as_long_as_the_notice_but_not_longer_C7_2():
    assert not faulty(changed(full_sheet(), "fee_change.negotiation_days", 60))
    assert refused_at(changed(full_sheet(), "fee_change.negotiation_days", 61), "fee_change.negotiation_days")


def test_suspension_may_come_with_the_end_of_grace_but_not_before_C8_2():
    assert not faulty(changed(full_sheet(), "late_payment.suspend_after_days", 5))
    assert not faulty(changed(full_sheet(), "late_payment.suspend_after_days", None))
    assert refused_at(changed(full_sheet(), "late_payment.suspend_after_days", 4), "late_payment.grace_days")


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("CNY", 2), ("KWD", 3)])
@pytest.mark.parametrize(
    "path", ["fees.amount", "penalties.late_response", "penalties.late_resolution_per_day"]
)
def test_an_amount_has_no_more_digits_than_its_currency(currency, digits, path):
    document = full_sheet()
    for place in ("fees.amount", "penalties.late_response", "penalties.late_resolution_per_day"):
        document = changed(document, place, 100)
    document = changed(document, "fees.currency", currency)
    assert not faulty(changed(document, path, Decimal(1).scaleb(-digits)))
    assert places_of(changed(document, path, Decimal(1).scaleb(-digits - 1))) == {path}
    assert places_of(changed(document, path, Decimal("7." + 40 * "0" + "1"))) == {path}


def test_make_up_workdays_need_hours_when_monday_has_none_C5_2():
    document = left_out(left_out(full_sheet(), "service_hours.make_up_hours"), "service_hours.weekly.monday")
    assert places_of(document) == {"service_hours.make_up_hours"}
    assert not faulty(changed(document, "service_hours.make_up_hours", [["09:00", "10:00"]]))
    assert not faulty(changed(document, "service_hours.holidays", None))


@pytest.mark.parametrize("weekly", [{}, {"monday": []}, {"monday": [], "sunday": []}])
def test_a_week_without_hours_of_service_is_refused_C5_2(weekly):
    assert refused_at(changed(full_sheet(), "service_hours.weekly", weekly), "service_hours.weekly")


@pytest.mark.parametrize(
    "intervals",
    [
        [["09:00", "09:00"]],
        [["18:00", "02:00"]],
        [["09:00", "12:00"], ["11:59", "13:00"]],
        [["13:00", "14:00"], ["09:00", "13:01"]],
        [["09:00", "24:01"]],
        [["9:00", "12:00"]],
        [["09:60", "12:00"]],
        [["25:00", "26:00"]],
        [["09:00"]],
        [["09:00", "12:00", "13:00"]],
        ["09:00", "12:00"],
        [[540, 720]],
        "09:00-12:00",
    ],
)
def test_hours_of_a_day_are_intervals_in_order_that_neither_overlap_nor_cross_midnight_C5_2(intervals):
    places = places_of(changed(full_sheet(), "service_hours.weekly.friday", intervals))
    assert all(place.startswith("service_hours.weekly.friday") for place in places)


@pytest.mark.parametrize(
    "intervals",
    [
        [["00:00", "24:00"]],
        [["09:00", "12:00"], ["12:00", "13:00"]],
        [["13:00", "14:00"], ["09:00", "12:00"]],
    ],
)
def test_a_whole_day_touching_intervals_and_any_order_are_allowed_C5_2(intervals):
    assert not faulty(changed(full_sheet(), "service_hours.weekly.friday", intervals))


def test_numbers_written_as_text_are_taken_exactly_too():
    terms = check_terms(changed(full_sheet(), "late_payment.percent_per_day", "0.05"))
    assert terms.late_payment.percent_per_day == Decimal("0.05")


def test_priority_wins_over_service_and_service_over_the_rule_C8_1_2():
    targets = check_terms(full_sheet()).targets
    consulting, support = Service.ONLINE_CONSULTING, Service.TECHNICAL_SUPPORT
    assert targets.hours(Target.RESOLVE, support, Priority.NORMAL) == 48
    assert targets.hours(Target.RESOLVE, support, Priority.CRITICAL) == 8
    assert targets.hours(Target.RESOLVE, consulting, Priority.NORMAL) is None
    assert targets.hours(Target.RESOLVE, consulting, Priority.CRITICAL) == 8
    assert targets.hours(Target.RESPOND, consulting, Priority.CRITICAL) == Decimal("0.5")
    assert targets.hours(Target.CONFIRM, consulting, Priority.CRITICAL) == Decimal("1.5")


def test_a_null_by_service_promises_nothing_and_an_absent_one_changes_nothing():
    null = check_terms(full_sheet())
    absent = check_terms(changed(full_sheet(), "targets.by_service", {}))
    other = check_terms(
        changed(full_sheet(), "targets.by_service", {"online_consulting": {"confirm_hours": 2}})
    )
    key = (Target.RESOLVE, Service.ONLINE_CONSULTING, Priority.NORMAL)
    assert null.targets.hours(*key) is None
    assert absent.targets.hours(*key) == other.targets.hours(*key) == 48
    assert len({canonical_bytes(terms) for terms in (null, absent, other)}) == 3


def test_a_sheet_read_does_not_change_with_the_document_it_was_read_from():
    document = full_sheet()
    terms = check_terms(document)
    before = canonical_bytes(terms)
    document["services"].clear()
    document["service_hours"]["weekly"]["monday"][0][0] = "08:00"
    document["targets"]["by_service"].clear()
    assert canonical_bytes(terms) == before


def test_checking_a_document_does_not_change_it():
    document = full_sheet()
    kept = copy.deepcopy(document)
    check_terms(document)
    assert document == kept


def test_a_sheet_written_as_yaml_is_read():
    assert read_terms(as_yaml(full_sheet())).customer.party_id == "acme"

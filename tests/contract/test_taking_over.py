"""Taking over a running agreement: its past is stated and signed, and not billed or claimed again (C4.1)."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import version_making
from contract.agreement import activate, check_submission, next_wake, offer, step
from contract.agreement_file import AgreementFile, TermDates
from contract.amendments import amended
from contract.commands import Sign, Submission
from contract.facts import Account, EntryKind, EventKind
from contract.faults import Faulty
from contract.money import Money
from contract.money_life import open_money
from contract.money_record import money_from
from contract.opening import opening_entries
from contract.parties import Role
from contract.reading import check_terms, read_terms
from contract.refusals import RefusalKind, Refused
from contract.statements import statement
from contract.taken_over import OpenBill, TakenOver
from contract.taking_over_rules import faults_of_instants, unfounded_balances
from contract.terms import Allocation, TermSheet, canonical_bytes, digest_of
from tests.contract.money_lives import FIRST, ONE_DAY, MoneyAgreed, MoneyLife
from tests.contract.sheets import as_yaml, full_sheet

BEFORE: dict[str, Any] = {
    "effective_date": "2025-09-15",
    "run_from": "2026-03-15",
    "billed_through": None,
    "bills": [
        {
            "number": "2026-02",
            "first": "2026-02-15",
            "last": "2026-03-14",
            "due_on": "2026-03-02",
            "unpaid": Decimal("12000.00"),
            "late_fee": Decimal("72.00"),
        }
    ],
    "credit": 0,
    "penalties": [
        {"contract_year": 1, "accrued": Decimal("30000.00"), "unsettled": Decimal("500.00")},
    ],
    "requests": [
        {
            "request_id": "R-7",
            "service": "technical_support",
            "priority": "critical",
            "title": "No sound",
            "submitted_at": "2026-03-10T09:00:00+08:00",
            "confirmed_at": "2026-03-10T09:30:00+08:00",
            "assignee": "Chen Jie",
            "responded_at": "2026-03-10T10:30:00+08:00",
            "resolved_at": None,
            "pauses": [
                {
                    "kind": "materials",
                    "begin": "2026-03-11T10:00:00+08:00",
                    "end": "2026-03-12T10:00:00+08:00",
                    "what": ["the log"],
                }
            ],
            "accrued": {"late_response": True, "late_resolution_days": 2},
        }
    ],
}
"""Of an agreement of a year that is run here from the middle of it on; 12,000.00 a month, 20 % cap."""


def document(**changes: Any) -> dict[str, Any]:
    return full_sheet() | {"taken_over": copy.deepcopy(BEFORE) | changes}


def sheet(**changes: Any) -> TermSheet:
    return check_terms(document(**changes))


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=8)


def faults(found: Any) -> set[tuple[str, str, str, str]]:
    with pytest.raises(Faulty) as caught:
        check_terms(found)
    return {(f.path, f.clause, f.given, f.allowed) for f in caught.value.faults}


# The sheet


def test_a_sheet_that_takes_nothing_over_has_the_digest_it_always_had():
    plain = check_terms(full_sheet())
    assert b"taken_over" not in canonical_bytes(plain)
    # Of the release before there was such a part.
    assert check_terms(full_sheet() | {"taken_over": None}) == plain
    assert digest_of(canonical_bytes(plain)) == THE_DIGEST_BEFORE


THE_DIGEST_BEFORE = "bfebbcc02a04ea7472a5ae8aeb09b4e0b2a34509ae0387953b0592e6e510427d"


def test_what_is_taken_over_is_signed_with_the_digest_and_read_back_from_it():
    terms = sheet()
    assert digest_of(canonical_bytes(terms)) != THE_DIGEST_BEFORE
    assert read_terms(canonical_bytes(terms).decode()) == terms
    assert read_terms(as_yaml(document())) == terms


def test_every_fault_of_what_is_taken_over_is_listed_with_all_others():
    bill = BEFORE["bills"][0]
    request = BEFORE["requests"][0]
    found = document(
        billed_through="2026-05-01",
        bills=[
            bill | {"last": "2026-02-01", "late_fee": Decimal("72.001")},
            bill | {"number": "B010", "due_on": "2026-03-20"},
            bill | {"number": "3", "unpaid": 0, "late_fee": 0, "last": "2026-04-15"},
            bill | {"number": "3", "due_on": "soon"},
        ],
        credit=-1,
        penalties=[
            {"contract_year": 1, "accrued": 100, "unsettled": 200},
            {"contract_year": 1, "accrued": 40000, "unsettled": 30000},
            {"contract_year": 2, "accrued": 0, "unsettled": 0},
        ],
        requests=[
            request | {"responded_at": "2026-03-10T08:00:00+08:00", "confirmed_at": None},
            request | {"service": "house_call", "pauses": [{"begin": "2026-03-09T10:00:00+08:00"}] * 2},
            {
                "request_id": "R-8",
                "service": "technical_support",
                "title": "x",
                "submitted_at": 20260310,
                "resolved_at": "2026-03-13T09:00:00+08:00",
                "pauses": [{"kind": "solved", "begin": "2026-03-13T09:00:00+08:00"}],
            },
        ],
    )
    found["acceptance_days"] = "soon"
    at = "taken_over"
    assert faults(found) == {
        ("acceptance_days", "C5.5", "soon", "a whole number"),
        (
            f"{at}.billed_through",
            "C7.1",
            "2026-05-01",
            "the last day of a billing period: 2026-03-14, or of a later one",
        ),
        (f"{at}.bills[0].last", "C7.1", "2026-02-01", "not before first (2026-02-15)"),
        (f"{at}.bills[0].late_fee", "C7.1", "72.001", "at most 2 decimals (CNY)"),
        (
            f"{at}.bills[1].number",
            "C7.1",
            "B010",
            "another number: a bill that is issued here will have this one",
        ),
        (
            f"{at}.bills[1].late_fee",
            "C7.1",
            "72.00",
            "0: before run_from no day bore one (the first is 2026-03-26)",
        ),
        (
            f"{at}.bills[2].unpaid",
            "C7.1",
            "0",
            "more than 0, or a late fee: a bill that is settled is left out",
        ),
        (f"{at}.bills[3].number", "C7.1", "3", "a number of its own"),
        (
            f"{at}.bills[3].due_on",
            "C7.1",
            "soon",
            "a day such as 2026-03-02, between the years 1990 and 2199",
        ),
        (f"{at}.credit", "C7.1", "-1", "0 or more"),
        (f"{at}.penalties[0].unsettled", "C8.1", "200", "at most accrued (100)"),
        (f"{at}.penalties[1].contract_year", "C8.1", "1", "each contract year once"),
        (f"{at}.penalties[1].unsettled", "C8.1", "30000", "at most the cap of a contract year (28800.00)"),
        (f"{at}.penalties[2].contract_year", "C8.1", "2", "at most 1, that of run_from"),
        (f"{at}.requests[0].assignee", "C6.1.1", "Chen Jie", "only with confirmed_at"),
        (
            f"{at}.requests[0].responded_at",
            "C6.1.1",
            "2026-03-10T08:00:00+08:00",
            "not before submitted_at (2026-03-10T01:00:00+00:00)",
        ),
        (f"{at}.requests[1].request_id", "C6.1.1", "R-7", "an id of its own"),
        (f"{at}.requests[1].service", "C6.1.1", "house_call", "one of the agreement's services"),
        (
            f"{at}.requests[1].service",
            "C6.1.1",
            "house_call",
            "one of 'online_consulting', 'technical_support' or 'problem_resolution'",
        ),
        (
            f"{at}.requests[1].pauses[0].begin",
            "C6.1.1",
            "2026-03-09T10:00:00+08:00",
            "not before 2026-03-10T02:30:00+00:00",
        ),
        (
            f"{at}.requests[1].pauses[1].begin",
            "C6.1.1",
            "2026-03-09T10:00:00+08:00",
            "not before 2026-03-10T02:30:00+00:00",
        ),
        (
            f"{at}.requests[1].pauses[0].end",
            "C6.1.1",
            "null",
            "an end: only the last pause, for materials, may last",
        ),
        (
            f"{at}.requests[2].submitted_at",
            "C6.1.1",
            "20260310",
            "a day such as 2026-03-02, or a time such as 2026-03-02T09:00:00+08:00",
        ),
        (f"{at}.requests[2].resolved_at", "C6.1.1", "2026-03-13T09:00:00+08:00", "only with responded_at"),
        (
            f"{at}.requests[2].pauses[0].begin",
            "C6.1.1",
            "2026-03-13T09:00:00+08:00",
            "only with responded_at: before it there is no such pause",
        ),
        (
            f"{at}.requests[2].pauses[0].end",
            "C6.1.1",
            "null",
            "an end: only the last pause, for materials, may last",
        ),
    }


@pytest.mark.parametrize(
    ("changes", "path", "allowed"),
    [
        ({"run_from": "2025-09-15"}, "effective_date", "before run_from (2025-09-15)"),
        ({"run_from": "2026-09-15", "bills": []}, "run_from", "at most 2026-09-14, the last day of the term"),
        ({"run_from": 20260315}, "run_from", "a day such as 2026-03-02, between the years 1990 and 2199"),
        (
            {"billed_through": "2026-02-14"},
            "billed_through",
            "the last day of a billing period: 2026-03-14, or of a later one",
        ),
    ],
)
def test_the_days_of_a_taking_over_fit_together(changes: dict[str, Any], path: str, allowed: str):
    assert {(p, a) for p, _, _, a in faults(document(**changes))} == {(f"taken_over.{path}", allowed)}


@pytest.mark.parametrize("path", ["effective_date", "run_from", "bills", "penalties", "requests", "credit"])
def test_whatever_stands_there_is_a_fault_and_not_a_breakdown(path: str):
    odd: Any = {"pauses": [1, {}], "number": "B99999999"}
    values: list[Any] = [7, "x", [1], {"a": 1}, [{}], [odd], 10**40]
    for rubbish in values:
        check = document(**{path: rubbish})
        if not (path == "credit" and rubbish == 7):
            assert all(place.startswith("taken_over") for place, *_ in faults(check))
        faults_of_instants(check)


def test_what_happened_after_the_balances_is_no_part_of_them():
    late = document()
    late["taken_over"]["requests"][0]["pauses"][0]["end"] = "2026-03-15T00:00:00+08:00"
    (fault,) = faults_of_instants(late)
    assert (fault.path, fault.clause) == ("taken_over.requests[0].pauses[0].end", "C6.1.1")
    assert fault.allowed.startswith("before 2026-03-15T00:00:00+08:00")
    assert faults_of_instants(document()) == []


def test_balances_of_a_day_to_come_cannot_be_offered():
    assert unfounded_balances(sheet(), shanghai("2026-03-15 00:00")) == []
    (fault,) = unfounded_balances(sheet(), shanghai("2026-03-14 23:59"))
    assert (fault.path, fault.allowed) == ("taken_over.run_from", "at most 2026-03-14, the day of the offer")


# The agreement

SIGNED = shanghai("2026-03-17 10:00")
RUN_FROM = shanghai("2026-03-15 00:00")


def in_force(terms: TermSheet, signed: datetime = SIGNED) -> AgreementFile:
    file, _ = offer(terms, digest_of(canonical_bytes(terms)), signed)
    for role in Role:
        party = terms.party(role).party_id
        content = {"command_id": f"s-{role}", "at": signed, "actor": {"party": party, "person": "P"}}
        command = Sign.model_validate(content | {"digest": file.digest, "title": "CEO"})
        assert not step(file, [command], signed).refused
    return file


def activated(terms: TermSheet, signed: datetime = SIGNED) -> AgreementFile:
    file = in_force(terms, signed)
    activate(file, TermDates.of(terms, signed, with_days=True), terms)
    return file


def test_term_and_contract_years_count_from_the_original_effective_date():
    file = in_force(check_terms(document() | {"term": {"years": 2}}))
    dates = TermDates.of(check_terms(document() | {"term": {"years": 2}}), SIGNED)
    (event,) = activate(file, dates)
    assert (event.kind, event.at) == (EventKind.ACTIVATED, SIGNED)
    assert event.payload == {
        "effective_date": "2025-09-15",
        "ends_at": "2027-09-14T16:00:00+00:00",
        "run_from": "2026-03-14T16:00:00+00:00",
    }
    assert file.effective_at == shanghai("2025-09-15 00:00")
    assert dates.year_starts == [shanghai("2025-09-15 00:00"), shanghai("2026-09-15 00:00")]
    assert dates.ends_at == shanghai("2027-09-15 00:00")


def test_reminders_of_before_the_signatures_are_not_sent():
    file = activated(sheet(), shanghai("2026-07-20 10:00"))
    assert step(file, [], shanghai("2026-07-20 10:00")).events == []
    wake = next_wake(file)
    assert wake is not None
    assert wake.at == shanghai("2026-08-16 00:00")


def submission(at: datetime) -> Submission:
    content = {"command_id": "s", "at": at, "actor": {"party": "acme", "person": "W"}, "request_id": "N-1"}
    return Submission.model_validate(content | {"service": "technical_support", "title": "No sound"})


def test_what_was_submitted_between_the_balances_and_the_signatures_can_be_told_after_them():
    file = activated(sheet())
    delay = timedelta(hours=12)
    check_submission(file, submission(RUN_FROM), SIGNED + delay)
    with pytest.raises(Refused) as too_late:
        check_submission(file, submission(RUN_FROM), SIGNED + delay + timedelta(seconds=1))
    assert too_late.value.refusal.kind is RefusalKind.TOO_OLD
    with pytest.raises(Refused) as before:
        check_submission(file, submission(RUN_FROM - timedelta(seconds=1)), SIGNED)
    assert before.value.refusal.kind is RefusalKind.OUT_OF_ORDER
    assert "requests of before stand in its terms" in before.value.refusal.message


# Its money


def opened(terms: TermSheet) -> tuple[AgreementFile, dict[str, Any]]:
    """The agreement in force, and the accounts it begins with (debits less credits)."""
    file = in_force(terms)
    dates = TermDates.of(terms, SIGNED, with_days=True)
    activate(file, dates, terms)
    entries = opening_entries(terms, 1, dates, file.money, 4)
    accounts: dict[str, Any] = {}
    for entry in entries:
        for account, sign in ((entry.debit, 1), (entry.credit, -1)):
            accounts[account.value] = accounts.get(account.value, 0) + sign * entry.amount.minor
    assert len({entry.key for entry in entries}) == len(entries)
    assert {entry.event_seq for entry in entries} == {4}
    return file, {"entries": entries, "accounts": accounts}


def test_the_ledger_begins_with_the_balances_and_earns_nothing_by_them():
    _, found = opened(sheet(credit=Decimal("50.00")))
    # The credit pays of the late fee first or of the bill, as the terms have it: here the principal.
    assert found["accounts"] == {
        Account.RECEIVABLE: 11950_00,
        Account.LATE_FEE_RECEIVABLE: 72_00,
        Account.CUSTOMER_CREDIT: 0,
        # 28,800.00 of the year's 30,000.00 are below the cap; the store takes the rest off again.
        Account.PENALTY_PAYABLE: -30000_00 + 28300_00,
        Account.PENALTY_EXPENSE: 1200_00,
        Account.OPENING: -12000_00 - 72_00 + 50_00 + 28800_00 - 28300_00,
    }
    at = {e.effective_at for e in found["entries"] if e.kind is EntryKind.PENALTY}
    assert at == {RUN_FROM - timedelta(seconds=1)}


def test_penalties_of_a_contract_year_that_has_ended_count_in_it():
    past = {"contract_year": 1, "accrued": 300, "unsettled": 300}
    present = {"contract_year": 2, "accrued": 200, "unsettled": 200}
    terms = check_terms(
        document(effective_date="2025-02-15", penalties=[past, present]) | {"term": {"years": 2}}
    )
    _, found = opened(terms)
    at = [e.effective_at for e in found["entries"] if e.kind is EntryKind.PENALTY]
    second = timedelta(seconds=1)
    assert at == [shanghai("2026-02-15 00:00") - second, RUN_FROM - second]


def test_only_periods_that_begin_here_are_billed_and_by_their_number_from_the_first_day():
    file = open_money_of(sheet())
    life = living(file)
    life.wake(shanghai("2026-05-15 00:00"))
    billed = [bill for bill in file.bills if bill.period is not None]
    assert [(b.number, b.first, b.issued_on, b.due_on) for b in billed] == [
        # Its period had begun when the second one signed: due from the day it was issued.
        ("B007", date(2026, 3, 15), date(2026, 3, 17), date(2026, 4, 1)),
        ("B008", date(2026, 4, 15), date(2026, 4, 15), date(2026, 4, 30)),
        ("B009", date(2026, 5, 15), date(2026, 5, 15), date(2026, 5, 30)),
    ]


@pytest.mark.parametrize(
    ("changes", "number", "first"),
    [
        ({"run_from": "2026-03-20"}, "B008", date(2026, 4, 15)),
        ({"billed_through": "2026-05-14"}, "B009", date(2026, 5, 15)),
        ({"billed_through": "2026-03-14"}, "B007", date(2026, 3, 15)),
    ],
)
def test_a_period_billed_before_is_not_billed_again(changes: dict[str, Any], number: str, first: date):
    file = open_money_of(sheet(**changes))
    living(file).wake(shanghai("2026-06-01 00:00"))
    bill = next(bill for bill in file.bills if bill.period is not None)
    assert (bill.number, bill.first) == (number, first)


def test_a_bill_taken_over_bears_late_fees_from_the_first_day_run_here_only():
    file = open_money_of(sheet())
    for day, fee in (
        (date(2026, 3, 14), "72.00"),
        (date(2026, 3, 15), "78.00"),
        (date(2026, 3, 24), "132.00"),
    ):
        found = statement(file, [], day)
        assert (found.bills[0].number, str(found.bills[0].late_fee)) == ("2026-02", fee)
        assert str(found.owed) == str(Money.of("12000.00", "CNY") + Money.of(fee, "CNY"))
        assert sum(line.amount.minor for line in found.lines) == found.owed.minor


def test_money_that_came_before_is_in_the_balances_and_not_recorded_again():
    life = living(open_money_of(sheet()))
    with pytest.raises(Refused) as refused:
        life.pay("100.00", date(2026, 3, 14), recorded=date(2026, 3, 18))
    assert refused.value.refusal.kind is RefusalKind.INVALID
    assert "not before 2026-03-15" in refused.value.refusal.message
    life.pay("100.00", date(2026, 3, 15), recorded=date(2026, 3, 18))
    # A cheque that came before counts when it clears.
    life.pay("100.00", date(2026, 3, 10), "C-1", recorded=date(2026, 3, 18), means="cheque")
    cleared: dict[str, Any] = {"means": "cheque", "reference": "C-1", "cleared_on": date(2026, 3, 14)}
    with pytest.raises(Refused):
        life.do("clear_payment", date(2026, 3, 18), 11, **cleared)
    life.do("clear_payment", date(2026, 3, 18), 11, **cleared | {"cleared_on": date(2026, 3, 15)})


def test_the_record_alone_gives_the_same_money_back():
    terms = sheet(credit=Decimal("50.00"))
    file = in_force(terms)
    dates = TermDates.of(terms, SIGNED, with_days=True)
    (event,) = activate(file, dates, terms)
    assert file.money is not None
    assert dates.days is not None
    assert money_from([event], {1: terms}, dates.days) == file.money


def open_money_of(terms: TermSheet) -> Any:
    dates = TermDates.of(terms, SIGNED, with_days=True)
    assert dates.days is not None
    return open_money(terms, 1, dates.days, SIGNED, dates.ends_at)


def living(file: Any) -> MoneyLife:
    life = MoneyLife()
    life.file = life.agreement.money = file
    return life


# As if it had run here all along


AMOUNTS = st.sampled_from([20_00, 4000_00, 12000_00, 12060_00, 20000_00])
PAID = st.lists(st.tuples(st.integers(0, 150), AMOUNTS), max_size=5)


@settings(max_examples=150)
@given(
    paid=PAID,
    begun=st.integers(1, 5),
    more=st.integers(0, 20),
    allocation=st.sampled_from(Allocation),
    percent=st.sampled_from(["0.05", "0.0333"]),
)
def test_taken_over_at_any_day_it_owes_what_it_would_owe_if_it_had_run_all_along(
    paid: list[tuple[int, int]], begun: int, more: int, allocation: Allocation, percent: str
):
    agreed = MoneyAgreed(allocation=allocation, percent=percent)
    all_along = MoneyLife(agreed)
    run_from = (FIRST + timedelta(days=30 * begun + more)).replace(day=1) + timedelta(days=more)
    payments = sorted((FIRST + timedelta(days=day), minor) for day, minor in paid)
    for place, (day, minor) in enumerate(p for p in payments if p[0] < run_from):
        all_along.pay(str(Money(minor=minor, currency="CNY")), day, f"A{place}", hour=10 + place / 10)
    eve = run_from - ONE_DAY
    all_along.wake(all_along.at(eve, 23))
    past = all_along.balance(eve)
    bills = [
        OpenBill(
            number=number,
            first=one.bill.first,
            last=one.bill.last,
            due_on=one.bill.due_on,
            unpaid=Decimal(one.unpaid) / 100,
            late_fee=Decimal(one.late_unpaid(eve)) / 100,
        )
        for number, one in past.bills.items()
        if one.unpaid or one.late_unpaid(eve)
    ]
    before = TakenOver(
        effective_date=FIRST, run_from=run_from, bills=bills, credit=Decimal(past.credit_left) / 100
    )
    taken = MoneyLife(replace(agreed, taken_over=before))
    for life in (all_along, taken):
        for place, (day, minor) in enumerate(p for p in payments if p[0] >= run_from):
            life.pay(str(Money(minor=minor, currency="CNY")), day, f"B{place}", hour=10 + place / 10)
    for day in (run_from, run_from + timedelta(days=17), FIRST + timedelta(days=200)):
        for life in (all_along, taken):
            life.wake(life.at(day, 23))
            life.assert_books_hold()
        # The fraction of a fen that each late fee of before was rounded by is all that may differ.
        difference = abs(all_along.balance(day).owed - taken.balance(day).owed)
        assert difference <= 2 * len(bills)
    ours = [bill.number for bill in taken.file.bills if bill.period is not None]
    theirs = [b.number for b in all_along.file.bills if b.period is not None and b.first >= run_from]
    assert ours == theirs


# What it cannot become later


def test_an_amendment_leaves_what_was_taken_over_as_it_is():
    base = sheet()
    kept = amended(base, {"closing_days": 40}, None)
    assert (kept.taken_over, kept.closing_days) == (base.taken_over, 40)
    assert amended(base, {"taken_over": None}, None).taken_over is None
    assert amended(base, {}, document()).taken_over == base.taken_over
    plain: Any = (check_terms(full_sheet()), {"taken_over": BEFORE})
    for terms, changes in ((base, {"taken_over.credit": 5}), plain):
        with pytest.raises(Faulty) as caught:
            amended(terms, changes, None)
        assert [fault.path for fault in caught.value.faults] == ["taken_over"]


def test_an_amendment_of_the_term_leaves_when_it_began_and_is_run_from():
    file = activated(check_terms(document() | {"term": {"years": 1}}))
    assert file.dates is not None
    began = (file.dates.effective_at, file.dates.run_from)
    version_making._lengthen(file, 24, SIGNED)
    assert (file.dates.effective_at, file.dates.run_from) == began
    assert file.dates.ends_at == shanghai("2027-09-15 00:00")

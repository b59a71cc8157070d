"""Statements: at any instant, as of any day, each line explained (contract §5–6)."""

from __future__ import annotations

from datetime import timedelta

from contract.facts import Account, EntryKind, EventKind, LedgerEntry
from contract.money import Money
from contract.money_record import take
from contract.statements import LineKind, Statement, statement
from tests.contract.money_lives import FIRST, MoneyAgreed, MoneyLife, cny


def lived() -> MoneyLife:
    life = MoneyLife(MoneyAgreed(suspend_after=20), set_offs={1: cny("700.00")})
    life.pay("5000.00", life.day(4))
    life.do("waive_late_fee", life.day(6), bill="B001", reason="r")
    life.do("give_credit", life.day(8), amount="100.00", reason="r")
    life.pay("3000.00", life.day(8), "C-1", means="cheque")
    life.wake(life.at(life.day(40)))
    return life


def of(life: MoneyLife, day: int, entries: list[LedgerEntry] | None = None) -> Statement:
    return statement(life.file, life.entries if entries is None else entries, life.day(day))


def test_the_lines_add_up_to_what_is_owed_on_every_day() -> None:
    life = lived()
    for day in range(-15, 41):
        found = of(life, day)
        assert sum(line.amount.minor for line in found.lines) == found.owed.minor
        assert not found.lines or found.lines[-1].balance == found.owed
        assert found.net == found.owed - found.penalties_owed


def test_a_statement_as_of_a_past_day_is_the_one_that_was_made_on_it() -> None:
    life = MoneyLife()
    life.pay("5000.00", life.day(4))
    then = of(life, 5)
    life.pay("7000.00", life.day(9))
    life.wake(life.at(life.day(60)))
    assert of(life, 5) == then


def test_as_of_today_equals_now() -> None:
    life = lived()
    life.do("give_credit", life.day(40), 11, amount="1.00", reason="r")
    accounts = (Account.RECEIVABLE, Account.LATE_FEE_RECEIVABLE, Account.CUSTOMER_CREDIT)
    assert of(life, 40).owed.minor == sum(map(life.account, accounts))


def test_every_line_names_its_clause_its_version_and_how_it_comes_about() -> None:
    found = {line.kind: line for line in of(lived(), 40).lines}
    assert {kind: line.clause for kind, line in found.items()} == {
        LineKind.BILL: "C7.1.1",
        LineKind.SET_OFF: "C8.1",
        LineKind.PAYMENT: "C7.1.2",
        LineKind.CREDIT: "C7.1.1",
        LineKind.LATE_FEE: "C8.2.1",
        LineKind.WAIVER: "C8.2.1",
    }
    assert all(line.terms_version == 1 for line in found.values())
    assert found[LineKind.BILL].explanation["formula"] == "one period: 12000.00 CNY"
    assert "% ×" in found[LineKind.LATE_FEE].explanation["formula"]
    assert found[LineKind.PAYMENT].explanation["went_to"][0] == {
        "bill": "B001",
        "part": "late_fee",
        "amount": "24.00",
    }


def test_a_cheque_that_has_not_cleared_is_named_and_counts_for_nothing() -> None:
    found = of(lived(), 10)
    assert [payment.reference for payment in found.pending] == ["C-1"]
    assert sum(line.kind is LineKind.PAYMENT for line in found.lines) == 1


def test_a_payment_taken_back_stands_with_its_taking_back_and_counts_for_nothing() -> None:
    life, without = MoneyLife(), MoneyLife()
    without.wake(without.at(without.day(8)))
    life.pay("7000.00", life.day(3), "WRONG")
    life.do("reverse_payment", life.day(8), means="transfer", reference="WRONG", reason="r")
    assert of(life, 7).lines == of(without, 7).lines
    found = of(life, 8)
    told = [(line.on, line.kind, str(line.amount)) for line in found.lines if line.about.endswith("WRONG")]
    assert told == [
        (life.day(3), LineKind.PAYMENT, "-7000.00"),
        (life.day(8), LineKind.PAYMENT_TAKEN_BACK, "7000.00"),
    ]
    assert found.owed == of(without, 8).owed == found.lines[-1].balance


def test_penalties_stand_beside_what_the_customer_owes_with_what_was_set_off() -> None:
    life = lived()
    accrued = LedgerEntry(
        key="penalty:A/R-1:late-response",
        kind=EntryKind.PENALTY,
        clause="C8.1.1",
        effective_at=life.at(life.day(2)),
        debit=Account.PENALTY_EXPENSE,
        credit=Account.PENALTY_PAYABLE,
        amount=cny("1000.00"),
        terms_version=1,
        request_id="R-1",
    )
    found = of(life, 40, [*life.entries, accrued])
    assert sorted(str(line.amount) for line in found.penalties) == ["-700.00", "1000.00"]
    assert str(found.penalties_owed) == "300.00"


def test_a_statement_says_whether_service_was_suspended_at_the_end_of_the_day() -> None:
    life = lived()
    assert [of(life, day).suspended for day in (20, 21)] == [False, True]


def test_the_events_alone_tell_all_facts_at_any_instant() -> None:
    life = lived()
    life.do("bounce_payment", life.day(41), means="cheque", reference="C-1", reason="r")
    read = life.agreed.file()
    for event in life.events:
        take(read, event)
    for name in ("bills", "payments", "credits", "waivers", "suspensions"):
        assert getattr(read, name) == getattr(life.file, name)
    known = life.agreed.file()
    for event in life.events:
        if event.at <= life.at(life.day(5)):
            take(known, event)
    assert statement(known, [], life.day(5)).owed == Money(minor=7027_51, currency="CNY")
    assert {event.kind for event in life.events} >= {EventKind.SUSPENDED, EventKind.PAYMENT_BOUNCED}


def test_before_the_first_bill_nothing_is_owed() -> None:
    life = lived()
    found = statement(life.file, [], FIRST - timedelta(days=1))
    assert (found.lines, found.owed.minor) == ([], 0)

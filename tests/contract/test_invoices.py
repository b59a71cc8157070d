"""Invoices and credit notes: which payments call for which, and what they say (C7.1.3)."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from contract.facts import Account
from contract.invoices import (
    CreditNote,
    Invoice,
    InvoiceKind,
    IssuedInvoice,
    LineKind,
    canonical,
    digest,
    read,
)
from contract.invoicing import (
    InvoiceDiffers,
    InvoiceWanted,
    check_against_ledger,
    credit_note,
    document_number,
    invoice,
    tax_included,
    to_issue,
)
from contract.reading import check_terms
from contract.terms import TermSheet
from tests.contract.money_lives import FIRST, MoneyAgreed, MoneyLife, cny
from tests.contract.sheets import changed, full_sheet
from tests.contract.test_money_machine import AGREED, MoneyLives

DAY = date(2026, 1, 10)
CHEQUE: dict[str, Any] = {"means": "cheque", "reference": "C-1"}


def sheet(tax_percent: str | None = "6") -> TermSheet:
    return check_terms(
        changed(full_sheet(), "fees.tax_percent", None if tax_percent is None else Decimal(tax_percent))
    )


class Books:
    """Issues what a life's payments call for, and keeps it."""

    def __init__(self, life: MoneyLife, terms: TermSheet | None = None) -> None:
        self.life = life
        self.terms = terms or sheet()
        self.kept: dict[str, Invoice | CreditNote] = {}

    def wanted(self, day: date) -> list[InvoiceWanted]:
        return to_issue(self.life.file, self.life.at(day, 20))

    def issue(self, day: date) -> list[Invoice | CreditNote]:
        """Everything wanted at the end of a day."""
        return [self._issue(one) for one in self.wanted(day)]

    def _issue(self, wanted: InvoiceWanted) -> Invoice | CreditNote:
        file = self.life.file
        on = file.days.date_of(wanted.at)
        payment = next(p for p in file.payments if p.key == wanted.payment)
        kinds = Counter(document.kind for document in self.kept.values())
        number = document_number(wanted.kind, on.year, kinds[wanted.kind] + 1)
        made: Invoice | CreditNote
        if wanted.kind is InvoiceKind.INVOICE:
            made = invoice(file, payment, self.terms, 1, on, number)
            check_against_ledger(made, self.life.entries)
        else:
            credited = self.kept[f"invoice:{payment.key}"]
            assert isinstance(credited, Invoice)
            made = credit_note(credited, payment, on, number, "r")
            check_against_ledger(made, self.life.entries)
        assert made.key == wanted.key
        assert made.key not in self.kept
        self.kept[made.key] = made
        issued = IssuedInvoice(
            kind=made.kind,
            key=made.key,
            payment=payment.key,
            number=number,
            issued_on=on,
            gross=made.gross,
            digest=digest(made),
            issuer="builtin",
            issuer_number=number,
        )
        file.invoices.append(issued)
        return made


@pytest.fixture
def books() -> Books:
    return Books(MoneyLife(MoneyAgreed()))


def test_C7_1_3_a_payment_calls_for_one_invoice_and_no_second(books: Books) -> None:
    books.life.pay("12000.00", DAY)
    (made,) = books.issue(DAY)
    assert (made.kind, made.number, str(made.gross)) == ("invoice", "INV-2026-000001", "12000.00")
    assert made.key == "invoice:payment:transfer:T1"
    assert books.wanted(DAY) == []


def test_C7_1_3_what_is_asked_for_already_is_not_wanted_again(books: Books) -> None:
    books.life.pay("12000.00", DAY)
    assert to_issue(books.life.file, books.life.at(DAY), {"invoice:payment:transfer:T1"}) == []


def test_C7_1_3_a_cheque_is_invoiced_when_it_has_cleared(books: Books) -> None:
    books.life.do("record_payment", DAY, **CHEQUE, amount="12000.00", value_date=DAY)
    assert books.wanted(DAY) == []
    cleared = DAY + timedelta(days=3)
    books.life.do("clear_payment", cleared, **CHEQUE, cleared_on=cleared)
    (made,) = books.issue(cleared)
    assert (made.payment.received_on, made.payment.counts_on) == (DAY, cleared)


def test_C7_1_3_a_payment_taken_back_gets_one_credit_note_that_is_its_invoice_below_zero(
    books: Books,
) -> None:
    books.life.do("record_payment", DAY, **CHEQUE, amount="12500.00", value_date=DAY)
    books.life.do("clear_payment", DAY, 11, **CHEQUE, cleared_on=DAY)
    (invoiced,) = books.issue(DAY)
    books.life.do("bounce_payment", DAY, 12, **CHEQUE, reason="No funds.")
    (credited,) = books.issue(DAY)
    assert isinstance(credited, CreditNote)
    assert (credited.number, credited.credits.number) == ("CN-2026-000001", invoiced.number)
    assert credited.taken_back == "bounced"
    assert [line.amount for line in credited.lines] == [-line.amount for line in invoiced.lines]
    assert (credited.net, credited.tax, credited.gross) == (
        -invoiced.net,
        -invoiced.tax if invoiced.tax else None,
        -invoiced.gross,
    )
    assert books.wanted(DAY) == []


def test_C7_1_3_a_payment_taken_back_before_it_was_invoiced_gets_neither(books: Books) -> None:
    books.life.pay("12000.00", DAY, "R-1")
    books.life.do("reverse_payment", DAY, 11, means="transfer", reference="R-1", reason="Wrong customer.")
    assert books.wanted(DAY) == []


def test_C7_1_3_a_reference_recorded_anew_after_a_reversal_is_another_payment_with_its_own_invoice(
    books: Books,
) -> None:
    books.life.pay("12000.00", DAY, "R-1")
    books.issue(DAY)
    books.life.do("reverse_payment", DAY, 11, means="transfer", reference="R-1", reason="Wrong amount.")
    books.life.pay("1200.00", DAY + timedelta(days=1), "R-1")
    issued = books.issue(DAY + timedelta(days=1))
    reversal = next(e for e in books.life.entries if e.reverses)
    with pytest.raises(InvoiceDiffers, match="what was taken back"):
        check_against_ledger(issued[0], [entry for entry in books.life.entries if entry is not reversal])
    assert [document.key for document in issued] == [
        "credit-note:payment:transfer:R-1",
        "invoice:payment:transfer:R-1~2",
    ]


def test_C7_1_3_an_invoice_says_what_the_payment_went_to(books: Books) -> None:
    day = FIRST + timedelta(days=15 + 10)
    books.life.pay("13000.00", day)
    (made,) = books.issue(day)
    assert [(line.kind, line.bill, str(line.amount)) for line in made.lines] == [
        (LineKind.LATE_FEE, "B001", "60.00"),
        (LineKind.FEE, "B001", "12000.00"),
        (LineKind.ON_ACCOUNT, None, "940.00"),
    ]
    assert (made.lines[1].first, made.lines[1].last) == (FIRST, date(2026, 1, 31))


def test_C7_1_3_an_invoice_stays_as_it_is_when_the_allocation_changes_later(books: Books) -> None:
    """Money recorded late for an earlier day takes the place of what was invoiced; nothing is issued anew."""
    books.life.pay("12000.00", DAY)
    (made,) = books.issue(DAY)
    later = DAY + timedelta(days=5)
    books.life.pay("12000.00", DAY - timedelta(days=2), "EARLIER", recorded=later)
    (other,) = books.issue(later)
    assert [line.kind for line in made.lines] == [LineKind.FEE]
    assert [line.kind for line in other.lines] == [LineKind.FEE]
    # Both are true as of their day of issue; the statement has the present allocation.
    assert books.wanted(later) == []


@pytest.mark.parametrize(
    ("gross", "percent", "net", "tax"),
    [
        ("12000.00", "6", "11320.75", "679.25"),
        ("113.00", "13", "100.00", "13.00"),
        ("0.01", "6", "0.01", "0.00"),
        # Exactly half a fen of tax goes up.
        ("0.01", "100", "0.00", "0.01"),
        ("100.00", "0", "100.00", "0.00"),
    ],
)
def test_C7_1_3_tax_is_included_and_rounded_half_up_once(
    gross: str, percent: str, net: str, tax: str
) -> None:
    found = tax_included(cny(gross), Decimal(percent))
    assert found == cny(tax)
    assert cny(gross) - found == cny(net)


def test_C7_1_3_without_a_rate_there_is_no_tax_line() -> None:
    books = Books(MoneyLife(MoneyAgreed()), sheet(None))
    books.life.pay("12000.00", DAY)
    (made,) = books.issue(DAY)
    assert (made.tax, made.tax_percent, made.net) == (None, None, made.gross)


def test_C7_1_3_the_ledger_must_hold_what_the_invoice_says(books: Books) -> None:
    books.life.pay("12000.00", DAY)
    (made,) = books.issue(DAY)
    assert isinstance(made, Invoice)
    allocation = next(e for e in books.life.entries if e.key.startswith("allocation:"))
    without = [entry for entry in books.life.entries if entry is not allocation]
    with pytest.raises(InvoiceDiffers, match=r"principal of B001: 12000\.00 by the document, 0\.00"):
        check_against_ledger(made, without)
    short = allocation.model_copy(update={"amount": cny("11999.99")})
    with pytest.raises(InvoiceDiffers, match=r"11999\.99 in the ledger"):
        check_against_ledger(made, [*without, short])
    payment = next(e for e in books.life.entries if e.key == made.payment.key)
    with pytest.raises(InvoiceDiffers, match="the payment"):
        check_against_ledger(made, [entry for entry in books.life.entries if entry is not payment])


def test_a_document_is_read_back_from_its_canonical_text(books: Books) -> None:
    books.life.pay("12000.00", DAY)
    books.issue(DAY)
    books.life.do("reverse_payment", DAY, 11, means="transfer", reference="T1", reason="Wrong customer.")
    books.issue(DAY)
    assert [read(canonical(document)) for document in books.kept.values()] == list(books.kept.values())


def test_a_document_whose_amounts_do_not_add_up_is_none(books: Books) -> None:
    books.life.pay("12000.00", DAY)
    (made,) = books.issue(DAY)
    for wrong in ({"gross": cny("12000.01")}, {"net": cny("1.00")}, {"tax": None}):
        with pytest.raises(ValueError, match=r"add up|a rate"):
            Invoice.model_validate(made.model_dump() | wrong)


class InvoicedLives(MoneyLives):
    """Any life of money, its documents issued at some time or other."""

    @initialize(agreed=AGREED, percent=st.sampled_from([None, "6", "13", "0.1"]))
    def account(self, agreed: MoneyAgreed, percent: str | None) -> None:
        self.percent = percent

    @property
    def books(self) -> Books:
        if not hasattr(self, "_books"):
            self._books = Books(self.life, sheet(self.percent))
        return self._books

    @rule()
    def documents_are_issued(self) -> None:
        self.hour += 0.01
        self.life.wake(self.life.at(self.today, self.hour))
        self.books.issue(self.today)
        # Nothing is missing and nothing twice: what was invoiced is the cash that came.
        gross = sum(document.gross.minor for document in self.books.kept.values())
        paid_out = sum(payout.amount.minor for payout in self.life.file.payouts if not payout.reversed)
        assert gross == self.life.account(Account.CASH) + paid_out

    @invariant()
    def each_payment_has_one_invoice_and_one_credit_note_at_most(self) -> None:
        if not hasattr(self, "_books"):
            return
        keys = Counter(issued.key for issued in self.life.file.invoices)
        assert max(keys.values(), default=1) == 1
        for issued in self.life.file.invoices:
            if issued.kind is InvoiceKind.CREDIT_NOTE:
                assert f"invoice:{issued.payment}" in keys


TestInvoicedLives = InvoicedLives.TestCase
TestInvoicedLives.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)

"""What is owed and was paid, for people: bills, payments, the statement; and the journal as CSV."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table

from contract.agreement_money import MoneyStanding
from contract.money_file import Payment, Payout
from contract.statements import LineKind, Statement, StatementLine
from records.results import PostedEntry
from starter.showing.disputed import item
from starter.showing.paper import BAD, DIM, GOOD, NOTHING, exactly, facts, marked, money, table, words
from starter.showing.plain import plain

JOURNAL = (
    "recorded_at",
    "agreement_id",
    "key",
    "kind",
    "clause",
    "effective_at",
    "debit",
    "credit",
    "amount",
    "currency",
    "terms_version",
    "contract_year",
    "request_id",
    "reverses",
    "party",
    "person",
    "reason",
)
"""The columns of the journal, in order. New ones come after these."""


def standing_line(standing: MoneyStanding, zone: ZoneInfo) -> str:
    """The answer to a command, in a line."""
    line = f"agreement {standing.agreement_id}: owed {money(standing.owed)}"
    if standing.to_pay_now.minor:
        late = f", {money(standing.late_fees)} of it late fees" if standing.late_fees.minor else ""
        line += f"; overdue {money(standing.to_pay_now)}{late}"
    if standing.suspended_since is not None:
        line += f"; service suspended since {exactly(standing.suspended_since, zone)}"
    return line


def bills(found: Statement) -> Table:
    """Bills and where each stands."""
    numbers = ["asked for", "unpaid", "late fee", "of it unpaid"]
    made = table("", "bill", "due", *numbers, "", right=numbers, note=f"as of {found.as_of}")
    for bill in found.bills:
        made.add_row(
            bill.number,
            bill.due_on.isoformat(),
            money(bill.asked_for),
            money(bill.unpaid),
            money(bill.late_fee),
            money(bill.late_fee_unpaid),
            marked("overdue", BAD) if bill.overdue else marked("open" if bill.unpaid.minor else "paid", DIM),
        )
    return made


def payments(found: Sequence[Payment]) -> Table:
    """Payments and what became of them."""
    made = table(
        "", "received", "means", "reference", "amount", "bill", "state", "counts on", right=["amount"]
    )
    for payment in found:
        made.add_row(
            payment.value_date.isoformat(),
            payment.label or payment.means.value,
            payment.reference,
            money(payment.amount),
            payment.bill or NOTHING,
            payment.state.value,
            payment.counts_on.isoformat() if payment.counts_on else NOTHING,
        )
    return made


def payouts(found: Sequence[Payout]) -> Table:
    """What the provider paid the customer."""
    made = table("Paid out", "day", "of", "means", "reference", "amount", "", right=["amount"])
    for payout in found:
        made.add_row(
            payout.value_date.isoformat(),
            payout.of.value,
            payout.label or payout.means.value,
            payout.reference,
            money(payout.amount),
            marked("taken back", BAD) if payout.reversed else "",
        )
    return made


def plain_payment(payment: Payment) -> dict[str, Any]:
    """A payment for programs, with what it comes to."""
    found: dict[str, Any] = plain(payment)
    return found | {"state": payment.state.value, "counts_on": plain(payment.counts_on)}


def statement(found: Statement, zone: ZoneInfo) -> list[RenderableType]:
    """The statement of a day, line by line."""
    numbers = ["amount", "balance"]
    kind = "Statement" if found.final is None else "Final statement"
    title = f"{kind} of agreement {found.agreement_id} as of {found.as_of}"
    made = table(title, "day", "what", "about", "clause", *numbers, "how", right=numbers, note=zone.key)
    for line in found.lines:
        made.add_row(
            line.on.isoformat(),
            words(line.kind),
            line.about,
            line.clause,
            marked(money(line.amount), BAD if line.amount.minor > 0 else GOOD),
            money(line.balance),
            _how(line),
        )
    sums: list[tuple[str, RenderableType]] = [
        ("the customer owes", money(found.owed)),
        ("the provider owes in penalties", money(found.penalties_owed)),
        ("net", marked(money(found.net), "bold")),
        ("overdue, with late fees", money(found.to_pay_now)),
    ]
    sums += [
        (f"on hold, dispute {one.dispute}", f"{money(one.amount)} of {item(one.item)}, since {one.since}")
        for one in found.held
    ]
    if found.pending:
        sums.append(("not cleared yet", ", ".join(f"{p.reference} {money(p.amount)}" for p in found.pending)))
    if found.suspended:
        sums.append(("service", marked("suspended", BAD)))
    if found.final is not None:
        sums.append(("final statement", f"no. {found.final.number} of {found.final.on}"))
        sums.append(("requests it left open", ", ".join(found.final.still_open) or "none"))
    return [made, "", facts(sums)] if found.lines else [title, "", facts(sums)]


def _how(line: StatementLine) -> str:
    told = line.explanation
    if "formula" in told:
        return str(told["formula"])
    if line.kind is LineKind.SET_OFF:
        lowers = line.amount.minor < 0
        return "penalties owed when the bill was issued" if lowers else "penalties reversed since"
    if "taken_back" in told:
        return f"{told['taken_back']} on {told['taken_back_on']}: counts for nothing"
    if told.get("went_to"):
        return "; ".join(
            f"{part['amount']} to {words(part['part'])} of {part['bill']}" for part in told["went_to"]
        )
    return " ".join(str(told.get("reason") or "").split()) or NOTHING


STATEMENT = (
    "agreement_id",
    "as_of",
    "account",
    "on",
    "kind",
    "about",
    "clause",
    "terms_version",
    "amount",
    "balance",
    "currency",
    "how",
)
"""The columns of a statement as CSV, in order. New ones come after these."""


def statement_table(found: Statement) -> str:
    """A statement as CSV: the customer's account, then what the provider owes in penalties.

    ``balance`` is what is owed on that account after the line.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(STATEMENT)
    head = (found.agreement_id, found.as_of)
    for line in found.lines:
        amounts = (line.amount, line.balance, found.currency)
        how = "" if _how(line) == NOTHING else _how(line)
        place = ("customer", line.on, line.kind.value, line.about, line.clause, line.terms_version)
        writer.writerow([*head, *place, *amounts, how])
    owed = found.penalties_owed - found.penalties_owed
    for penalty in found.penalties:
        owed += penalty.amount
        how = " ".join(str(penalty.explanation.get("formula") or "").split())
        about = penalty.request_id or penalty.explanation.get("bill") or ""
        place = ("penalties", penalty.on, penalty.kind.value, about, penalty.clause, penalty.terms_version)
        writer.writerow([*head, *place, penalty.amount, owed, found.currency, how])
    return table.getvalue()


def print_journal(posted: Sequence[PostedEntry]) -> None:
    """Entries as CSV with the columns of :data:`JOURNAL`."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(JOURNAL)
    for row in posted:
        entry = row.entry
        fields = {name: plain(getattr(entry, name)) for name in JOURNAL if name in type(entry).model_fields}
        fields |= {
            "recorded_at": plain(row.recorded_at),
            "agreement_id": row.agreement_id,
            "contract_year": row.contract_year,
            "amount": str(entry.amount),
            "currency": entry.amount.currency,
        }
        writer.writerow("" if fields[name] is None else fields[name] for name in JOURNAL)
    sys.stdout.flush()

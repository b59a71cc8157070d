"""An agreement that is being changed: one in force, and what its parties say.

A year from Monday 2026-03-02 in Shanghai, 12,000.00 a month; 60 days' notice of a fee change, 30 to
negotiate; 14 days to consent; commands up to 24 hours old.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from contract import agreement_changes as changes
from contract import agreement_money as money
from contract import dunning
from contract.agreement import activate, next_wake, offer, refusal_of, step
from contract.agreement_file import TermDates
from contract.agreement_states import AgreementState
from contract.change_commands import CHANGE_COMMANDS, AnyChangeCommand, ChangeCommandName
from contract.commands import Sign
from contract.facts import Event, EventKind
from contract.money_life import draft_bill, next_bill, take_bill
from contract.outcome import Outcome
from contract.reading import check_terms
from contract.refusals import Refusal
from contract.terms import TermSheet, canonical_bytes, digest_of
from tests.contract.sheets import full_sheet

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
PARTIES = {"provider": "huaxin", "customer": "acme"}
TEXT: dict[str, Any] = {"text": "as agreed on the telephone", "title": "Director"}


def at(text: str) -> datetime:
    """``2026-05-01 10:00`` in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def sheet(**changes: Any) -> TermSheet:
    """The full sheet with changes; a mapping changes only what it has."""
    document = full_sheet() | {"command_delay_hours": 24, "consent_days": 14}
    for name, value in changes.items():
        document[name] = document[name] | value if isinstance(value, dict) else value
    return check_terms(document)


class Changing:
    """An agreement in force, changed by commands and by time."""

    def __init__(self, billing: bool = True, terms: TermSheet | None = None, **changes: Any) -> None:
        terms = terms or sheet(**changes)
        self.file, _ = offer(terms, digest_of(canonical_bytes(terms)), START)
        self.events: list[Event] = []
        self.documents: dict[int, Any] = {}
        for party in PARTIES.values():
            signed = {"digest": self.file.digest, "title": "CEO"}
            actor = {"party": party, "person": "Li"}
            sign = Sign.model_validate({"command_id": party, "at": START, "actor": actor, **signed})
            assert not step(self.file, [sign], START).refused
        dates = TermDates.of(terms, START, with_days=True)
        activate(self.file, dates, terms if billing else None)
        self.told = 0

    def command(self, name: str, by: str, when: datetime, **content: Any) -> AnyChangeCommand:
        self.told += 1
        given = {
            "command_id": f"c-{self.told}",
            "at": when,
            "actor": {"party": PARTIES[by], "person": "Li"},
            **content,
        }
        made = CHANGE_COMMANDS[ChangeCommandName(name)].model_validate(given)
        return cast(AnyChangeCommand, made)

    def say(
        self, name: str, by: str, when: datetime, *, now: datetime | None = None, **content: Any
    ) -> Event:
        """Have a command taken; its event."""
        command = self.command(name, by, when, **content)
        found = step(self.file, [command], now or when)
        assert not found.refused, found.refused
        self._keep(found)
        return next(event for event in found.events if event.command_id == command.command_id)

    def refused(
        self, name: str, by: str, when: datetime, *, now: datetime | None = None, **content: Any
    ) -> Refusal:
        """Why a command is refused; the file stays as it was."""
        before = self.file.model_dump()
        why = refusal_of(self.file, [], self.command(name, by, when, **content), now or when)
        assert why is not None
        assert self.file.model_dump() == before
        return why

    def wait(self, until: datetime) -> list[Event]:
        """What happens by itself."""
        found = step(self.file, [], until)
        self._keep(found)
        return found.events

    def bill_until(self, until: datetime) -> None:
        """Issue the bills whose periods have begun, without penalties."""
        money = self.file.money
        while money is not None and (following := next_bill(money)) and following[0] <= until:
            draft = draft_bill(money)
            assert draft is not None
            take_bill(money, draft, self.file.next_seq())

    def _keep(self, outcome: Outcome) -> None:
        self.events += outcome.events
        self.documents |= {document.version: document for document in outcome.documents}

    def of(self, kind: EventKind) -> list[Event]:
        return [event for event in self.events if event.kind is kind]

    def fee_at(self, when: datetime) -> str:
        """The fee of the version in force at an instant, as the record would say."""
        number = self.file.version_at(when).number
        if number == 1:
            return "12000.00"
        terms = TermSheet.model_validate_json(self.documents[number].canonical)
        return str(terms.money(terms.fees.amount))


class Living(Changing):
    """Such an agreement with the workflow's part in it: it wakes when something is due, and issues bills."""

    def __init__(self, billing: bool = True, terms: TermSheet | None = None, **changes: Any) -> None:
        super().__init__(billing, terms, **changes)
        self.now = START
        self.sheets = {1: TermSheet.model_validate_json(self.file.newest.canonical)}
        self.pass_until(START)

    @property
    def today(self) -> date:
        return self.now.astimezone(SHANGHAI).date()

    def pass_until(self, until: datetime) -> None:
        """Wake whenever something is due, as the workflow does, up to an instant."""
        file = self.file
        while file.state is AgreementState.ACTIVE:
            bill = next_bill(file.money) if file.money is not None else None
            wakes = [next_wake(file), money.next_wake(file, self.now)]
            due = [wake.at for wake in wakes if wake is not None] + ([bill[0]] if bill else [])
            at = max(min(due, default=until), self.now)
            before = (file.model_dump(), self.now)
            if at > until or self.wake(at) or (file.model_dump(), self.now) == before:
                break
        self.wake(until)

    def wake(self, now: datetime, *commands: Any) -> dict[str, Refusal]:
        """One step of the workflow: what became final, the bills, commands, time; what it refused."""
        self.now = max(self.now, now)
        file = self.file
        self._take(changes.advance(file, self.now))
        self._issue_bills(self.now)
        found = step(file, list(commands), self.now)
        self._take(found)
        self._take(money.advance(file, self.now))
        if file.money is not None:
            for announcement in file.money.announcements:
                if announcement.told_at is None:
                    dunning.told(file.money, announcement.seq, self.now.replace(microsecond=0) + SECOND)
        return found.refused

    def _issue_bills(self, now: datetime) -> None:
        file = self.file
        while file.money is not None and (following := next_bill(file.money)) and following[0] <= now:
            self._take(money.advance(file, following[0]))
            draft = draft_bill(file.money)
            assert draft is not None
            take_bill(file.money, draft, file.next_seq())

    def _take(self, outcome: Outcome) -> None:
        self._keep(outcome)
        for document in outcome.documents:
            assert document.version == len(self.sheets) + 1
            self.sheets[document.version] = TermSheet.model_validate_json(document.canonical)

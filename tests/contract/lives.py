"""Lives of requests to test with: told to the product, and worked out again in another way.

:class:`Life` drives the product's file as the workflow does and keeps everything it says and posts.
:func:`worked_out` knows the contract's rules in its own words and computes, from the commands alone,
what is so at an instant: it sweeps over elementary stretches of seconds instead of projecting budgets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

from contract import commands as c
from contract.clock import ServiceWindow
from contract.commands import AnyRequestCommand, Submission
from contract.facts import Account, EntryKind, Event, LedgerEntry
from contract.judging import next_wake
from contract.money import Money
from contract.request_file import RequestTerms
from contract.request_life import Step, open_file, step
from contract.snapshots import snapshot
from contract.terms import Priority, Target

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
"""Monday 09:00 in Shanghai. All times of a life are seconds from here."""
SECOND = timedelta(seconds=1)
H, D = 3600, 86_400

PROVIDER, CUSTOMER = "huaxin", "acme"
PRIORITIES = ("critical", "high", "normal", "low")


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def seconds(instant: datetime | None) -> int | None:
    return None if instant is None else int((instant - START) / SECOND)


# What the parties agreed

Budgets = dict[str, tuple[int, int, int | None]]
"""Per priority, seconds to confirm, to respond and (or None: nothing promised) to resolve."""

BUDGETS: Budgets = {
    "critical": (H // 2, 1 * H, 4 * H),
    "high": (1 * H, 2 * H, 8 * H),
    "normal": (1 * H, 4 * H, 24 * H),
    "low": (2 * H, 8 * H, None),
}


@dataclass(frozen=True)
class Agreed:
    """The terms of a life, in seconds and days."""

    budgets: Budgets = field(default_factory=lambda: dict(BUDGETS))
    acceptance_days: int = 7
    rating_days: int = 7
    follow_up_days: int = 5
    delay_hours: int = 24
    late_response: int = 200_00
    per_day: int = 500_00
    open_hours: tuple[tuple[int, int], ...] | None = None
    """Stretches of service; None: around the clock."""
    window_end: int = 0

    def terms(self) -> RequestTerms:
        return RequestTerms(
            version=1,
            provider_id=PROVIDER,
            customer_id=CUSTOMER,
            budgets={
                Priority(priority): {
                    target: budget * 1_000_000
                    for target, budget in zip(Target, budgets, strict=True)
                    if budget is not None
                }
                for priority, budgets in self.budgets.items()
            },
            warn_percent=75,  # type: ignore[arg-type]
            acceptance_days=self.acceptance_days,
            rating_days=self.rating_days,
            follow_up_days=self.follow_up_days,
            command_delay_hours=self.delay_hours,
            late_response=Money(minor=self.late_response, currency="CNY"),
            late_resolution_per_day=Money(minor=self.per_day, currency="CNY"),
        )

    def window(self) -> ServiceWindow:
        return (
            ServiceWindow.always() if self.open_hours is None else _window(self.open_hours, self.window_end)
        )


@lru_cache
def _window(open_hours: tuple[tuple[int, int], ...], end: int) -> ServiceWindow:
    return ServiceWindow.of(START, at(end), [(at(opens), at(closes)) for opens, closes in open_hours])


def office_hours(days: int) -> tuple[tuple[int, int], ...]:
    """09:00-12:00 and 13:30-18:00, Monday to Friday, from the start of a life."""
    return tuple(
        (day * D + opens, day * D + closes)
        for day in range(days)
        if day % 7 < 5
        for opens, closes in ((0, 3 * H), (int(4.5 * H), 9 * H))
    )


# What the parties tell

BY = {
    "confirm": PROVIDER,
    "assign": PROVIDER,
    "reassign": PROVIDER,
    "respond": PROVIDER,
    "note_diagnosis": PROVIDER,
    "ask_for_materials": PROVIDER,
    "provide_materials": CUSTOMER,
    "resolve": PROVIDER,
    "accept": CUSTOMER,
    "reopen": CUSTOMER,
    "withdraw": CUSTOMER,
    "raise_priority": PROVIDER,
    "lower_priority": CUSTOMER,
    "rate": CUSTOMER,
    "answer_rating": PROVIDER,
    "add_note": CUSTOMER,
}

_MODELS: dict[str, tuple[type[c.RequestCommand], dict[str, Any]]] = {
    "confirm": (c.Confirm, {}),
    "assign": (c.Assign, {"assignee": "王工"}),
    "reassign": (c.Reassign, {"assignee": "张工"}),
    "respond": (c.Respond, {"message": "正在处理"}),
    "note_diagnosis": (c.NoteDiagnosis, {"diagnosis": "电源"}),
    "ask_for_materials": (c.AskForMaterials, {"missing": ["日志"]}),
    "provide_materials": (c.ProvideMaterials, {"materials": "日志"}),
    "resolve": (c.Resolve, {"solution": "已更换"}),
    "accept": (c.Accept, {}),
    "reopen": (c.Reopen, {"reason": "仍有问题"}),
    "withdraw": (c.Withdraw, {}),
    "raise_priority": (c.RaisePriority, {"priority": "critical"}),
    "lower_priority": (c.LowerPriority, {"priority": "low"}),
    "rate": (c.Rate, {"score": 5}),
    "answer_rating": (c.AnswerRating, {"answer": "抱歉"}),
    "add_note": (c.AddNote, {"note": "记录"}),
}
VALUE_FIELD = {"raise_priority": "priority", "lower_priority": "priority", "rate": "score"}


@dataclass(frozen=True)
class Told:
    """One command: what, when, and the priority or score it carries."""

    name: str
    at: int
    value: str | int | None = None
    id: str = ""
    by: str = ""

    @property
    def command_id(self) -> str:
        return self.id or f"{self.name}-{self.at}"

    def command(self) -> AnyRequestCommand:
        model, fields = _MODELS[self.name]
        fields = dict(fields)
        if self.value is not None:
            fields[VALUE_FIELD[self.name]] = self.value
        actor = {"party": self.by or BY[self.name], "person": "李明"}
        found = model.model_validate(
            {"command_id": self.command_id, "at": at(self.at), "actor": actor, **fields}
        )
        assert isinstance(found, AnyRequestCommand)
        return found


def submission(priority: str = "normal") -> Submission:
    return Submission.model_validate(
        {
            "command_id": "submit",
            "at": START,
            "actor": {"party": CUSTOMER, "person": "Wang Fang"},
            "request_id": "R-1",
            "service": "technical_support",
            "priority": priority,
            "title": "打印机不工作",
        }
    )


class Life:
    """A request's file, stepped as its workflow would, with all it said and posted."""

    def __init__(
        self, agreed: Agreed | None = None, priority: str = "normal", delay_hours: int | None = None
    ) -> None:
        self.agreed = agreed or Agreed()
        terms = self.agreed.terms()
        if delay_hours is not None:
            terms = terms.model_copy(update={"command_delay_hours": delay_hours})
        self.file, opened = open_file("A-1", submission(priority), terms, self.agreed.window())
        self.events: list[Event] = list(opened.events)
        self.entries: list[LedgerEntry] = []
        self.refused: dict[str, str] = {}
        self.taken: list[Told] = []

    def step(self, told: Sequence[Told], now: float) -> Step:
        found = step(self.file, [one.command() for one in told], at(now))
        self.events += found.outcome.events
        self.entries += found.outcome.entries
        self.refused |= {id_: refusal.kind.value for id_, refusal in found.refused.items()}
        known = {one.command_id for one in self.taken}
        for one in sorted(told, key=lambda one: one.at):
            if one.command_id not in found.refused and one.command_id not in known:
                self.taken.append(one)
                known.add(one.command_id)
        return found

    def tell(self, name: str, second: int, value: str | int | None = None, now: float | None = None) -> Step:
        """One command, on time unless another `now` is given; it must be taken."""
        found = self.step([Told(name, second, value)], second if now is None else now)
        assert not found.refused, found.refused
        return found

    def refuse(
        self, name: str, second: int, value: str | int | None = None, now: float | None = None, by: str = ""
    ) -> Any:
        """One command that must be refused: why it was."""
        found = self.step([Told(name, second, value, by=by)], second if now is None else now)
        [refusal] = found.refused.values()
        return refusal

    def wake(self, now: float) -> Step:
        return self.step([], now)

    def wake_when_due(self, until: float) -> int:
        """Every wake that the file names, up to an instant; how often it woke."""
        times = 0
        while (
            (wake := next_wake(self.file)) is not None
            and wake.at <= at(until)
            and wake.at > self.file.judged_until
        ):
            self.wake((wake.at - START) / SECOND)
            times += 1
        return times

    @property
    def owed(self) -> Fraction:
        """What the provider owes by the ledger, in yuan: accruals less reversals."""
        return balance(self.entries)

    def kinds(self) -> list[str]:
        return [event.kind.value for event in self.events]

    def said(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind.value == kind]


def balance(entries: Iterable[LedgerEntry]) -> Fraction:
    """The provider's debt, from what stands on the account payable."""
    owed = Fraction(0)
    for entry in entries:
        owed += Fraction(entry.amount.amount) * (entry.credit is Account.PENALTY_PAYABLE)
        owed -= Fraction(entry.amount.amount) * (entry.debit is Account.PENALTY_PAYABLE)
    return owed


def standing(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """The accruals that no entry reversed."""
    entries = list(entries)
    reversed_ = {entry.reverses for entry in entries}
    return [e for e in entries if e.kind is EntryKind.PENALTY and e.key not in reversed_]


def brought_to(state: str, agreed: Agreed | None = None) -> Life:
    """A life brought to a state by real commands, ten seconds apart from the start."""
    life = Life(agreed)
    for second, name in enumerate(WAY_TO[state], start=1):
        life.tell(name, 10 * second)
    assert life.file.state == state
    return life


WAY_TO = {
    "submitted": [],
    "confirmed": ["confirm"],
    "assigned": ["confirm", "assign"],
    "responded": ["confirm", "assign", "respond"],
    "waiting": ["confirm", "assign", "respond", "ask_for_materials"],
    "resolved": ["confirm", "assign", "respond", "resolve"],
    "closed": ["confirm", "assign", "respond", "resolve", "accept"],
    "withdrawn": ["withdraw"],
}

_PRIORITY = ["raise_priority", "lower_priority"]
LIKELY = {
    "submitted": ["confirm"] * 8,
    "confirmed": ["assign"] * 8,
    "assigned": ["respond"] * 6 + _PRIORITY,
    "responded": ["ask_for_materials"] * 3 + ["resolve"] * 4 + _PRIORITY * 2,
    "waiting": ["provide_materials"] * 4 + ["resolve"] + _PRIORITY,
    "resolved": ["reopen"] * 6 + ["accept"] * 2 + ["rate"],
    "closed": ["rate"] * 4 + ["answer_rating"] * 2 + ["reopen"],
    "withdrawn": ["rate"] * 3 + ["answer_rating"],
}
"""What mostly happens next: so that random lives get somewhere."""


def next_in(state: str) -> list[str]:
    """Commands to choose from in a state: the likely ones, and once each that is allowed at all."""
    return LIKELY[state] + [name for name, in_state in LEADS if in_state == state]


# The same worked out in another way

TABLE = """
                   submitted confirmed assigned  responded waiting   resolved  closed    withdrawn
confirm            confirmed -         -         -         -         -         -         -
assign             -         assigned  -         -         -         -         -         -
reassign           -         -         assigned  responded waiting   -         -         -
respond            -         -         responded -         -         -         -         -
note_diagnosis     -         -         assigned  responded waiting   -         -         -
ask_for_materials  -         -         -         waiting   -         -         -         -
provide_materials  -         -         -         -         responded -         -         -
resolve            -         -         -         resolved  resolved  -         -         -
accept             -         -         -         -         -         closed    -         -
reopen             -         -         -         -         -         responded -         -
withdraw           withdrawn withdrawn withdrawn withdrawn withdrawn withdrawn -         -
raise_priority     submitted confirmed assigned  responded waiting   -         -         -
lower_priority     submitted confirmed assigned  responded waiting   -         -         -
rate               -         -         -         -         -         -         closed    withdrawn
answer_rating      -         -         -         -         -         -         closed    withdrawn
add_note           submitted confirmed assigned  responded waiting   resolved  closed    withdrawn
"""
"""Contract C5–C6 and §7: where each command leads in each state; a dash where it is not allowed."""


def _read_table() -> dict[tuple[str, str], str]:
    head, *rows = [line.split() for line in TABLE.strip().splitlines()]
    return {
        (row[0], state): leads
        for row in rows
        for state, leads in zip(head, row[1:], strict=True)
        if leads != "-"
    }


LEADS = _read_table()
STATES = TABLE.split("confirm ")[0].split()


@dataclass
class WorkedOut:
    """What the commands come to, all in seconds."""

    state: str = "submitted"
    priority: str = "normal"
    taken: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    confirmed: int | None = None
    responded: int | None = None
    resolved: int | None = None
    closed: int | None = None
    by_itself: bool = False
    rating: int | None = None
    follow_up_due: int | None = None
    answered: int | None = None
    waits: list[tuple[int, int | None]] = field(default_factory=list)
    """Pauses of the resolution clock: for materials, and between a solution and its reopening."""
    priorities: list[tuple[int, str, bool, bool]] = field(default_factory=list)
    """Since when which, and whether confirmation and response had come by then."""


def replayed(agreed: Agreed, priority: str, commands: Sequence[Told], until: int) -> WorkedOut:
    """The commands, in the order of their stamps, taken or refused by the contract's rules."""
    life = WorkedOut(priority=priority, priorities=[(0, priority, False, False)])
    for told in sorted(commands, key=lambda told: told.at):
        _close_by_itself(life, agreed, told.at)
        if _is_allowed(life, agreed, told):
            _take(life, agreed, told)
            life.taken.append(told.command_id)
        else:
            life.refused.append(told.command_id)
    _close_by_itself(life, agreed, until)
    return life


def _close_by_itself(life: WorkedOut, agreed: Agreed, now: int) -> None:
    if life.state == "resolved" and life.resolved is not None:
        end = life.resolved + agreed.acceptance_days * D
        if now > end:
            life.state, life.closed, life.by_itself = "closed", end, True


def _is_allowed(life: WorkedOut, agreed: Agreed, told: Told) -> bool:
    if (told.name, life.state) not in LEADS or (told.by or BY[told.name]) != BY[told.name]:
        return False
    match told.name:
        case "raise_priority":
            return PRIORITIES.index(str(told.value)) < PRIORITIES.index(life.priority)
        case "lower_priority":
            return PRIORITIES.index(str(told.value)) > PRIORITIES.index(life.priority)
        case "rate":
            assert life.closed is not None
            return life.rating is None and told.at <= life.closed + agreed.rating_days * D
        case "answer_rating":
            return life.follow_up_due is not None and life.answered is None
    return True


def _take(life: WorkedOut, agreed: Agreed, told: Told) -> None:
    leads = LEADS[told.name, life.state]
    if life.state == "waiting" and leads != "waiting":
        life.waits[-1] = (life.waits[-1][0], told.at)
    match told.name:
        case "confirm":
            life.confirmed = told.at
        case "respond":
            life.responded = told.at
        case "ask_for_materials":
            life.waits.append((told.at, None))
        case "resolve":
            life.resolved = told.at
        case "reopen":
            assert life.resolved is not None
            life.waits.append((life.resolved, told.at))
            life.resolved = None
        case "accept" | "withdraw":
            life.closed = told.at
        case "raise_priority" | "lower_priority":
            life.priority = str(told.value)
            met = life.confirmed is not None, life.responded is not None
            life.priorities.append((told.at, life.priority, *met))
        case "rate":
            life.rating = int(told.value or 0)
            if life.rating <= 2:
                life.follow_up_due = told.at + agreed.follow_up_days * D
        case "answer_rating":
            life.answered = told.at
    life.state = leads


FAR = 10**9


def _counting(
    begin: int, pauses: Sequence[tuple[int, int | None]], opened: Sequence[tuple[int, int]] | None
) -> Iterator[tuple[int, int]]:
    """Elementary stretches from a moment on in which a clock counts: a sweep over what opens or closes."""
    changes = [(begin, 0, 0), (FAR, 0, 0)]
    for b, e in pauses:
        changes += [(b, 1, 0), (FAR if e is None else e, -1, 0)]
    for b, e in opened or ():
        changes += [(b, 0, 1), (e, 0, -1)]
    holds, serves, since = 0, 1 if opened is None else 0, 0
    for moment, hold, serve in sorted(changes):
        if moment > since and not holds and serves and moment > begin:
            yield max(since, begin), moment
        holds, serves, since = holds + hold, serves + serve, moment


def _crossing(
    begin: int,
    amount: int,
    pauses: Sequence[tuple[int, int | None]],
    opened: Sequence[tuple[int, int]] | None = None,
) -> int | None:
    """The first second at which that much has been counted."""
    spent = 0
    for p, q in _counting(begin, pauses, opened):
        if spent + (q - p) >= amount:
            return p + amount - spent
        spent += q - p
    return None


def _elapsed(begin: int, end: int, pauses: Sequence[tuple[int, int | None]]) -> int:
    return sum(min(q, end) - p for p, q in _counting(begin, pauses, None) if p < end)


@dataclass(frozen=True)
class Owed:
    """What is late and owed at an instant."""

    confirm_due: int | None
    respond_due: int | None
    resolve_due: int | None
    confirm_late: bool
    response_late: bool
    days: int
    late_instants: tuple[int, ...]
    """When each penalty accrued, the response first."""
    minor: int


def worked_out(agreed: Agreed, life: WorkedOut, now: int) -> Owed:
    """Lateness and money by the contract's §§3–4, from the facts of a life."""
    withdrawn = life.closed if life.state == "withdrawn" else None
    confirm_due, confirm_late = _once(agreed, life, 0, life.confirmed, withdrawn, now)
    respond_due, response_late = _once(agreed, life, 1, life.responded, withdrawn, now)
    resolve_due, days, day_starts = _days(agreed, life, withdrawn, now)
    instants = ([respond_due + 1] if response_late and respond_due is not None else []) + day_starts
    return Owed(
        confirm_due,
        respond_due,
        resolve_due,
        confirm_late,
        response_late,
        days,
        tuple(instants),
        agreed.late_response * response_late + agreed.per_day * days,
    )


def _once(
    agreed: Agreed, life: WorkedOut, target: int, met: int | None, withdrawn: int | None, now: int
) -> tuple[int | None, bool]:
    """A target judged once: a change of priority moves its due only while it is neither met nor past."""
    stop = next((moment for moment in (met, withdrawn) if moment is not None), now)
    due: int | None = None
    for place, (since, priority, *met_by_then) in enumerate(life.priorities):
        if met_by_then[target] or (due is not None and since > due):
            break
        budget = agreed.budgets[priority][target]
        assert budget is not None
        due = _crossing(0, budget, [], agreed.open_hours)
        if due is not None and place:
            due = max(due, since)
    return due, due is not None and stop > due


def _days(
    agreed: Agreed, life: WorkedOut, withdrawn: int | None, now: int
) -> tuple[int | None, int, list[int]]:
    """Days of late resolution: the most that the due of any priority came to while it was in force."""
    stop = next((moment for moment in (life.resolved, withdrawn) if moment is not None), now)
    days, due = 0, None
    starts: list[int] = []
    for place, (since, priority, *_) in enumerate(life.priorities):
        last = place + 1 == len(life.priorities)
        until = stop if last else life.priorities[place + 1][0]
        budget = agreed.budgets[priority][2]
        due = None if budget is None else _crossing(0, budget, life.waits, agreed.open_hours)
        if due is not None and place:
            due = max(due, since)
        if due is None:
            continue
        late = _elapsed(due, until, life.waits)
        for day in range(days + 1, -(-late // D) + 1):
            start = _crossing(due, (day - 1) * D + 1, life.waits)
            assert start is not None
            assert start <= until
            starts.append(start)
        days = max(days, -(-late // D))
    return due, days, starts


# Comparing the two


def assert_agrees(
    life: Life, told: Sequence[Told], now: int, priority: str = "normal", *, instants: bool = True
) -> None:
    """Everything the product holds after the commands is what the contract's rules give."""
    facts = replayed(life.agreed, priority, told, now)
    owed = worked_out(life.agreed, facts, now)
    file, shown = life.file, snapshot(life.file, at(now))
    assert [one.command_id for one in life.taken] == facts.taken
    assert sorted(life.refused) == sorted(facts.refused)
    assert (file.state.value, file.priority.value) == (facts.state, facts.priority)
    assert seconds(file.confirmed_at) == facts.confirmed
    assert seconds(file.responded_at) == facts.responded
    assert seconds(file.resolved_at) == facts.resolved
    assert seconds(file.closed_at) == facts.closed
    assert (file.closed_by_itself, file.rating) == (facts.by_itself, facts.rating)
    assert seconds(file.follow_up_due) == facts.follow_up_due
    assert seconds(file.follow_up_answered_at) == facts.answered
    assert seconds(shown.confirm_due) == owed.confirm_due
    assert seconds(shown.respond_due) == owed.respond_due
    assert seconds(shown.resolve_due) == owed.resolve_due
    assert (shown.confirm_late, shown.response_late) == (owed.confirm_late, owed.response_late)
    assert shown.delay_days == owed.days
    assert shown.resolution_late == (owed.days > 0)
    assert life.owed == Fraction(owed.minor, 100)
    if instants:
        found = [entry.effective_at for entry in standing(life.entries)]
        assert sorted(found) == [at(second) for second in sorted(owed.late_instants)]
    assert_is_well_kept(life)


def assert_is_well_kept(life: Life) -> None:
    """What any record promises: an unbroken sequence, unique keys, reversals of what stood, all explained."""
    assert [event.seq for event in life.events] == list(range(1, len(life.events) + 1))
    assert max(Counter(entry.key for entry in life.entries).values(), default=1) == 1
    events = {event.seq: event for event in life.events}
    posted: dict[str, LedgerEntry] = {}
    for entry in life.entries:
        assert entry.amount.minor > 0
        assert entry.clause in ("C8.1.1", "C8.1.2")
        assert entry.event_seq is not None
        assert events[entry.event_seq].clause == entry.clause
        if entry.kind is EntryKind.PENALTY:
            posted[entry.key] = entry
        else:
            assert entry.reverses is not None
            reversed_ = posted.pop(entry.reverses)
            assert (reversed_.amount, reversed_.debit, reversed_.credit) == (
                entry.amount,
                entry.credit,
                entry.debit,
            )


def assert_can_be_redone(agreed: Agreed, entry: LedgerEntry) -> None:
    """By hand, from the entry alone: the priority's budget, its segments, the due, the delay, the instant."""
    said = entry.explanation
    assert {"priority", "budget_hours", "not_before", "segments", "pauses", "due", "formula"} <= set(said)
    target = 1 if entry.clause == "C8.1.1" else 2
    budget = agreed.budgets[said["priority"]][target]
    assert budget is not None
    assert Fraction(said["budget_hours"]) * H == budget
    segments = [(_read(segment["from"]), _read(segment["to"])) for segment in said["segments"]]
    assert sum(end - begin for begin, end in segments) == budget
    due = _read(said["due"])
    assert due == max(segments[-1][1], due if said["not_before"] is None else _read(said["not_before"]))
    pauses = [(_read(p["from"]), None if p["to"] is None else _read(p["to"])) for p in said["pauses"]]
    accrued = seconds(entry.effective_at)
    assert accrued is not None
    assert _elapsed(due, accrued, pauses) == (said.get("day", 1) - 1) * D + 1
    amount = agreed.late_response if target == 1 else agreed.per_day
    assert entry.amount.minor == amount
    assert str(entry.amount) in said["formula"]


def _read(text: str) -> int:
    found = seconds(datetime.fromisoformat(text))
    assert found is not None
    return found

"""The life of an agreement: who may do what with an offer, the dates of the term, its end and its close."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contract.agreement import (
    AgreementCommand,
    activate,
    advance,
    check_submission,
    close,
    is_over,
    next_wake,
    offer,
    refusal_of,
    step,
)
from contract.agreement_file import AgreementFile, TermDates
from contract.agreement_states import AgreementState as S
from contract.commands import RefuseOffer, Sign, Submission, WithdrawOffer
from contract.facts import Event, EventKind
from contract.parties import Role
from contract.reading import check_terms
from contract.refusals import Refusal, RefusalKind, Refused
from contract.terms import TermSheet, canonical_bytes, digest_of
from contract.waking import Wake
from tests.contract.sheets import full_sheet

# 20 days on offer, a year from the second signature, 20 days to close, commands up to 12 hours old.
START = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
ENDS = datetime.fromisoformat("2027-03-02T00:00:00+08:00")
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
OFFER_ENDS = START + 20 * DAY
CLOSING_ENDS = ENDS + 20 * DAY
PARTIES = {Role.PROVIDER: "huaxin", Role.CUSTOMER: "acme"}


def sheet(**changes: Any) -> TermSheet:
    return check_terms(full_sheet() | {"closing_days": 20, "command_delay_hours": 12} | changes)


def digest(terms: TermSheet) -> str:
    return digest_of(canonical_bytes(terms))


def on_offer(**changes: Any) -> AgreementFile:
    terms = sheet(**changes)
    file, _ = offer(terms, digest(terms), START)
    return file


def given(kind: type[AgreementCommand], party: str, at: datetime, **content: Any) -> AgreementCommand:
    name = f"{kind.__name__}-{party}-{at.isoformat()}"
    command_id = content.pop("command_id", name.replace(":", "-").replace("+", "-").replace(".", "-"))
    return kind.model_validate(
        {"command_id": command_id, "at": at, "actor": {"party": party, "person": "Li"}, **content}
    )


def signing(file: AgreementFile, role: Role, at: datetime = START, **content: Any) -> AgreementCommand:
    return given(Sign, PARTIES[role], at, **{"digest": file.digest, "title": "CEO"} | content)


def taken(file: AgreementFile, *commands: AgreementCommand, now: datetime | None = None) -> list[Event]:
    """The events of a step in which every command is taken."""
    found = step(file, commands, now or max(command.at for command in commands))
    assert not found.refused, found.refused
    return found.events


def refused(file: AgreementFile, command: AgreementCommand, now: datetime | None = None) -> Refusal:
    """Why a command is refused; the file stays as it was."""
    before = file.model_dump()
    why = refusal_of(file, [], command, now or command.at)
    assert why is not None
    assert file.model_dump() == before
    return why


def in_force(at: datetime = START, **changes: Any) -> AgreementFile:
    terms = sheet(**changes)
    file, _ = offer(terms, digest(terms), at)
    taken(file, signing(file, Role.CUSTOMER, at), signing(file, Role.PROVIDER, at))
    activate(file, TermDates.of(terms, at))
    return file


def expired(*open_requests: str) -> AgreementFile:
    file = in_force()
    advance(file, ENDS)
    file.open_requests = list(open_requests)
    return file


def submission(at: datetime, party: str = "acme", service: str = "technical_support") -> Submission:
    return Submission.model_validate(
        {
            "command_id": "s-1",
            "at": at,
            "actor": {"party": party, "person": "Wang"},
            "request_id": "R-1",
            "service": service,
            "title": "No sound",
        }
    )


def not_admitted(file: AgreementFile, told: Submission, now: datetime | None = None) -> Refusal:
    with pytest.raises(Refused) as problem:
        check_submission(file, told, now or told.at)
    return problem.value.refusal


# The offer and its signatures


def test_an_offer_says_what_is_to_be_signed_and_until_when_c4_1():
    terms = sheet()
    file, (event,) = offer(terms, digest(terms), START)
    assert (event.seq, event.kind, event.at, event.clause) == (1, EventKind.OFFERED, START, "C4.1")
    assert event.payload["digest"] == digest(terms)
    assert datetime.fromisoformat(event.payload["offer_ends"]) == OFFER_ENDS
    snapshot = file.snapshot()
    assert (snapshot.state, snapshot.provider_id, snapshot.customer_id) == (S.OFFERED, "huaxin", "acme")
    assert (snapshot.effective_at, snapshot.ends_at, snapshot.year_starts) == (None, None, [])


def test_both_signatures_put_it_in_force_from_the_second_whoever_it_is_of_c4_1():
    file = on_offer()
    (first,) = taken(file, signing(file, Role.CUSTOMER, START + DAY))
    assert (first.kind, first.party, file.state) == (EventKind.SIGNED, Role.CUSTOMER, S.OFFERED)
    taken(file, signing(file, Role.PROVIDER, START + 2 * DAY))
    assert file.fully_signed
    (event,) = activate(file, TermDates.of(sheet(), START + 2 * DAY))
    assert (event.kind, event.at, event.party) == (EventKind.ACTIVATED, START + 2 * DAY, None)
    assert (file.state, file.effective_at) == (S.ACTIVE, START + 2 * DAY)


@pytest.mark.parametrize(
    ("changes", "kind", "clause", "allowed"),
    [
        ({"digest": "0" * 64}, RefusalKind.WRONG_DIGEST, "C10.2", None),
        ({"actor": {"party": "nobody", "person": "X"}}, RefusalKind.WRONG_PARTY, "C1", ["huaxin", "acme"]),
        ({"at": START + HOUR + SECOND}, RefusalKind.IN_THE_FUTURE, "§3", []),
        ({"at": START - SECOND}, RefusalKind.OUT_OF_ORDER, "§3", []),
    ],
    ids=["other terms", "neither party", "ahead of contract time", "before the offer"],
)
def test_a_signature_that_does_not_count_is_refused_by_its_kind(
    changes: dict[str, Any], kind: RefusalKind, clause: str, allowed: list[str] | None
):
    file = on_offer()
    told = signing(file, Role.PROVIDER).model_dump() | changes
    why = refused(file, Sign.model_validate(told), now=START + HOUR)
    assert (why.kind, why.clause) == (kind, clause)
    assert why.allowed == ([file.digest] if allowed is None else allowed)


def test_a_signature_older_than_the_delay_is_too_old_and_at_the_delay_it_counts():
    file, at = on_offer(), START + HOUR
    told = signing(file, Role.PROVIDER, at)
    assert refused(file, told, at + 12 * HOUR + SECOND).kind is RefusalKind.TOO_OLD
    taken(file, told, now=at + 12 * HOUR)


def test_a_party_signs_once():
    file = on_offer()
    taken(file, signing(file, Role.CUSTOMER))
    why = refused(file, signing(file, Role.CUSTOMER, START + SECOND))
    assert (why.kind, why.allowed) == (RefusalKind.ALREADY_DONE, ["sign as provider"])


def test_a_signature_told_again_is_passed_over_however_late():
    file = on_offer()
    told = signing(file, Role.CUSTOMER, command_id="mine")
    taken(file, told)
    assert refusal_of(file, [], told, START + 10 * DAY) is None
    assert taken(file, told, now=START + 10 * DAY) == []


@pytest.mark.parametrize("party", PARTIES.values())
def test_either_party_refuses_an_offer_and_nothing_follows(party: str):
    file = on_offer()
    (event,) = taken(file, given(RefuseOffer, party, START, reason="Too dear"))
    assert (event.kind, event.payload) == (EventKind.OFFER_REFUSED, {"reason": "Too dear"})
    assert file.state is S.REFUSED
    assert is_over(file, START)
    assert next_wake(file) is None
    why = refused(file, signing(file, Role.PROVIDER))
    assert (why.kind, why.details) == (RefusalKind.NOT_ALLOWED_NOW, {"state": S.REFUSED})


def test_only_the_provider_withdraws_an_offer():
    file = on_offer()
    why = refused(file, given(WithdrawOffer, "acme", START))
    assert (why.kind, why.allowed) == (RefusalKind.WRONG_PARTY, ["provider"])
    (event,) = taken(file, given(WithdrawOffer, "huaxin", START))
    assert (event.kind, file.state) == (EventKind.OFFER_WITHDRAWN, S.WITHDRAWN)


@pytest.mark.parametrize("kind", [RefuseOffer, WithdrawOffer])
def test_what_both_have_signed_stands_also_before_its_dates_are_known(kind: type[AgreementCommand]):
    file = on_offer()
    taken(file, signing(file, Role.CUSTOMER), signing(file, Role.PROVIDER))
    assert refused(file, given(kind, "huaxin", START)).kind is RefusalKind.NOT_ALLOWED_NOW


def test_commands_that_came_together_are_applied_in_the_order_of_their_stamps():
    file = on_offer()
    found = step(
        file,
        [given(RefuseOffer, "acme", START + 2 * SECOND), signing(file, Role.CUSTOMER, START + SECOND)],
        START + HOUR,
    )
    assert [event.kind for event in found.events] == [EventKind.SIGNED, EventKind.OFFER_REFUSED]
    assert [event.seq for event in found.events] == [2, 3]


def test_a_command_that_would_undo_one_being_taken_is_refused():
    file = on_offer()
    pending = signing(file, Role.CUSTOMER, START + HOUR)
    earlier = given(WithdrawOffer, "huaxin", START)
    why = refusal_of(file, [pending], earlier, START + HOUR)
    assert why is not None
    assert why.kind is RefusalKind.OUT_OF_ORDER


# The lapse


def test_an_offer_is_open_at_its_last_instant_and_lapses_after_it_as_of_it():
    file = on_offer()
    assert next_wake(file) == Wake(OFFER_ENDS + SECOND, "Offer ends", "C4.1", of=OFFER_ENDS)
    assert advance(file, OFFER_ENDS) == []
    (event,) = advance(file, OFFER_ENDS + SECOND)
    assert (event.kind, event.at, file.state) == (EventKind.OFFER_LAPSED, OFFER_ENDS, S.LAPSED)
    assert advance(file, OFFER_ENDS + DAY) == []


def test_a_signature_given_in_time_still_counts_after_the_lapse_and_one_given_later_does_not():
    file = on_offer()
    taken(file, signing(file, Role.CUSTOMER))
    advance(file, OFFER_ENDS + HOUR)
    late = signing(file, Role.PROVIDER, OFFER_ENDS + SECOND)
    assert refused(file, late, OFFER_ENDS + HOUR).details == {"state": S.LAPSED}
    taken(file, signing(file, Role.PROVIDER, OFFER_ENDS), now=OFFER_ENDS + HOUR)
    assert (file.fully_signed, file.state) == (True, S.OFFERED)


def test_a_first_signature_that_comes_after_the_lapse_lets_it_lapse_anew():
    file = on_offer()
    advance(file, OFFER_ENDS + HOUR)
    events = taken(file, signing(file, Role.PROVIDER, OFFER_ENDS), now=OFFER_ENDS + HOUR)
    assert [event.kind for event in events] == [EventKind.SIGNED, EventKind.OFFER_LAPSED]
    assert file.state is S.LAPSED


def test_a_lapsed_offer_is_over_when_nothing_given_in_time_can_still_come():
    file = on_offer()
    advance(file, OFFER_ENDS + HOUR)
    assert not is_over(file, OFFER_ENDS + 12 * HOUR)
    assert is_over(file, OFFER_ENDS + 12 * HOUR + SECOND)
    wake = next_wake(file)
    assert wake is not None
    assert wake.at == OFFER_ENDS + 12 * HOUR + SECOND


# The term


def test_the_dates_of_the_term_are_those_of_its_zone_c4_1():
    # 00:30 on 3 March in Shanghai is still 2 March in UTC.
    dates = TermDates.of(sheet(term={"years": 2}), datetime.fromisoformat("2026-03-02T16:30:00+00:00"))
    assert dates.effective_date == date(2026, 3, 3)
    assert dates.ends_at == datetime.fromisoformat("2028-03-03T00:00:00+08:00")
    assert dates.last_day == date(2028, 3, 2)
    assert dates.year_starts == [
        datetime.fromisoformat("2026-03-03T00:00:00+08:00"),
        datetime.fromisoformat("2027-03-03T00:00:00+08:00"),
    ]
    assert dates.reminders[7] == datetime.fromisoformat("2028-02-25T00:00:00+08:00")


def test_each_reminder_comes_once_and_only_the_latest_of_those_missed_c10_4():
    file = in_force()
    found = [advance(file, ENDS - days * DAY) for days in (61, 60, 59, 30, 7)]
    assert [[event.payload["days"] for event in events] for events in found] == [[], [60], [], [30], [7]]
    missed = in_force()
    (event,) = advance(missed, ENDS - 3 * DAY)
    assert (event.payload["days"], event.at) == (7, ENDS - 7 * DAY)
    assert advance(missed, ENDS - 2 * DAY) == []


def test_a_reminder_of_before_the_signatures_is_not_sent():
    file = in_force(term={"months": 1})
    assert [event.payload["days"] for event in advance(file, START + 25 * DAY)] == [7]
    short = in_force(term={"months": 1})
    assert advance(short, START) == []


def test_wakes_follow_one_another_to_the_end_of_the_term():
    file, wakes = in_force(), []
    while (wake := next_wake(file)) is not None and file.state is S.ACTIVE:
        wakes.append((wake.at, wake.summary))
        assert advance(file, wake.at - SECOND) == []
        assert advance(file, wake.at)
    assert wakes == [
        (ENDS - 60 * DAY, "Reminder 60 days before the end · C10.4"),
        (ENDS - 30 * DAY, "Reminder 30 days before the end · C10.4"),
        (ENDS - 7 * DAY, "Reminder 7 days before the end · C10.4"),
        (ENDS, "End of term · C4.1"),
    ]
    assert file.state is S.EXPIRED


# Admission


def test_a_request_is_admitted_from_the_second_signature_to_the_last_second_of_the_term():
    file = in_force()
    check_submission(file, submission(START), START)
    check_submission(file, submission(ENDS - SECOND), ENDS - SECOND)


def test_a_request_stamped_in_the_term_is_admitted_late_also_after_its_end():
    check_submission(expired("R-0"), submission(ENDS - SECOND), ENDS + HOUR)


@pytest.mark.parametrize(
    ("told", "now", "kind", "clause"),
    [
        (submission(START, party="huaxin"), START, RefusalKind.WRONG_PARTY, "C6.1.1"),
        (submission(START, party="nobody"), START, RefusalKind.WRONG_PARTY, "C6.1.1"),
        (submission(START - SECOND), START, RefusalKind.OUT_OF_ORDER, "§3"),
        (submission(START + SECOND), START, RefusalKind.IN_THE_FUTURE, "§3"),
        (submission(START), START + 12 * HOUR + SECOND, RefusalKind.TOO_OLD, "§3"),
        (submission(ENDS), ENDS, RefusalKind.NOT_IN_FORCE, "C4.1"),
    ],
    ids=["provider", "neither", "before it was in force", "in the future", "too old", "after the end"],
)
def test_a_request_for_which_no_service_is_owed_is_refused_by_its_kind(
    told: Submission, now: datetime, kind: RefusalKind, clause: str
):
    why = not_admitted(in_force(), told, now)
    assert (why.kind, why.clause) == (kind, clause)


def test_a_request_is_refused_before_both_have_signed_and_once_all_is_closed():
    file = on_offer()
    taken(file, signing(file, Role.CUSTOMER))
    assert not_admitted(file, submission(START)).details == {"state": S.OFFERED}
    closed = expired()
    close(closed, ENDS + HOUR)
    why = not_admitted(closed, submission(ENDS - SECOND), ENDS + HOUR)
    assert (why.kind, why.message) == (RefusalKind.NOT_IN_FORCE, "the term ended at 24:00 on 2027-03-01")
    assert why.details["state"] == S.CLOSED
    assert datetime.fromisoformat(why.details["ends_at"]) == ENDS


def test_a_service_that_was_not_agreed_is_refused_naming_those_that_were_c3_1():
    why = not_admitted(
        in_force(
            services=["problem_resolution"],
            targets={"confirm_hours": 1, "respond_hours": 4, "resolve_hours": 48},
        ),
        submission(START),
    )
    assert (why.kind, why.allowed) == (RefusalKind.NOT_COVERED, ["problem_resolution"])


# The close


def test_it_closes_at_once_when_nothing_is_open_in_whole_seconds():
    file = expired()
    (event,) = close(file, ENDS + HOUR + timedelta(microseconds=5))
    assert (event.kind, event.at, event.payload) == (
        EventKind.AGREEMENT_CLOSED,
        ENDS + HOUR,
        {"still_open": []},
    )
    assert (file.state, file.closed_at) == (S.CLOSED, ENDS + HOUR)
    assert is_over(file, ENDS + HOUR)
    assert next_wake(file) is None
    assert close(file, ENDS + DAY) == []


def test_it_waits_for_open_requests_to_the_last_instant_of_the_closing_days_and_then_lists_them():
    file = expired("R-2", "R-1")
    assert next_wake(file) == Wake(CLOSING_ENDS + SECOND, "Closing period ends", "C4.1", of=CLOSING_ENDS)
    assert close(file, CLOSING_ENDS) == []
    (event,) = close(file, CLOSING_ENDS + SECOND)
    assert (event.at, event.payload) == (CLOSING_ENDS, {"still_open": ["R-1", "R-2"]})


def test_it_does_not_close_before_its_open_requests_are_known_or_while_it_is_in_force():
    file = in_force()
    assert close(file, START + DAY) == []
    advance(file, ENDS)
    assert close(file, CLOSING_ENDS + DAY) == []


# What travels


@pytest.mark.parametrize("made", [on_offer, in_force, lambda: expired("R-1")], ids=["offer", "term", "end"])
def test_a_file_that_travelled_as_json_is_the_same_and_goes_on_the_same(made: Any):
    file = made()
    carried = AgreementFile.model_validate_json(file.model_dump_json())
    assert carried == file
    assert next_wake(carried) == next_wake(file)
    later = CLOSING_ENDS + DAY
    assert advance(carried, later) == advance(file, later)
    assert close(carried, later) == close(file, later)
    assert carried == file


def test_a_copy_does_not_share_what_changes():
    file = in_force()
    copy = file.clone()
    advance(copy, ENDS)
    copy.taken.append("another")
    assert (file.state, file.reminded) == (S.ACTIVE, [])
    assert "another" not in file.taken


def test_a_request_of_before_the_agreement_is_told_from_when_it_is_in_force():
    why = not_admitted(in_force(), submission(START - SECOND), START)
    begins = START.astimezone(UTC).isoformat()
    assert why.message.endswith(f"before {begins}, from when the agreement is in force")
    assert why.details == {"not_before": begins}

"""What the record of an agreement calls for in writing, and nothing else (C10.1, C10.2, C7.2, C4.2)."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

import pypdf
import pytest

from contract.facts import Event, EventKind, TermsDocument
from contract.parties import Language, Role
from contract.reading import read_terms
from contract.terms import canonical_bytes, digest_of
from documents import amendments, on_record
from documents.agreements import WORDINGS
from documents.writing import Unit
from documents.writings import writing_of
from tests.contract.changing import START, TEXT, Changing, at, sheet
from tests.documents.reading import text_of, without_blanks

BOTH = pytest.mark.parametrize("language", Language)


class Lived:
    """An agreement that was changed, and what is on record of it."""

    def __init__(self) -> None:
        self.life = Changing()
        terms = canonical_bytes(sheet())
        self.first = TermsDocument(
            agreement_id="ACME-2026-001", version=1, digest=digest_of(terms), canonical=terms.decode()
        )
        self.before: list[Event] = []
        for seq, (role, person) in enumerate((("provider", "李明"), ("customer", "Wang Fang")), 1):
            payload = {"title": "CEO", "digest": self.first.digest}
            told: dict[str, Any] = {"seq": seq, "at": START, "kind": EventKind.SIGNED, "clause": "C4.1"}
            self.before.append(Event(**told, party=Role(role), person=person, payload=payload))
        told = {"seq": 3, "at": START, "kind": EventKind.ACTIVATED, "clause": "C4.1"}
        self.before.append(Event(**told))

    @property
    def events(self) -> list[Event]:
        return [*self.before, *self.life.events]

    @property
    def versions(self) -> list[TermsDocument]:
        return [self.first, *(self.life.documents[number] for number in sorted(self.life.documents))]

    def documents(self, *languages: Language) -> dict[str, bytes]:
        return on_record.documents_of(self.events, self.versions, languages)

    def amend(self, changes: dict[str, Any], day: str = "2026-04-01 10:00") -> None:
        proposed = self.life.say("propose_amendment", "provider", at(day), changes=changes, **TEXT)
        told = {"amendment": proposed.payload["number"], "digest": proposed.payload["digest"]}
        self.life.say("consent_to_amendment", "customer", at(day), title="Director", **told)


def test_an_agreement_that_nobody_changed_has_its_originals_only():
    made = Lived().documents(Language.CHINESE, Language.ENGLISH)
    assert sorted(made) == [
        "agreement-en-customer.pdf",
        "agreement-en-provider.pdf",
        "agreement-zh-CN-customer.pdf",
        "agreement-zh-CN-provider.pdf",
    ]


def test_an_offer_that_nobody_has_signed_has_its_originals_to_sign():
    lived = Lived()
    offered = Event(seq=1, at=START, kind=EventKind.OFFERED, clause="C4.1")
    made = on_record.documents_of([offered], lived.versions, [Language.ENGLISH])
    assert all(text_of(pdf).count("Name and title") == 2 for pdf in made.values())
    assert len(made) == 2


def test_the_same_record_gives_the_same_bytes():
    assert Lived().documents(Language.ENGLISH) == Lived().documents(Language.ENGLISH)


@BOTH
def test_the_originals_bear_the_signatures_on_record_and_the_dates_of_the_term(language):
    text = without_blanks(text_of(Lived().documents(language)[f"agreement-{language}-customer.pdf"]))
    write = writing_of(language)
    for said in ("李明", "WangFang", "CEO", write.instant(START, "Asia/Shanghai"), write.day(START.date())):
        assert without_blanks(said) in text


@BOTH
def test_a_supplement_says_how_each_changed_clause_reads_and_no_other(language):
    lived = Lived()
    lived.amend({"fees.payment_days": 21, "targets.by_priority": {"low": {"resolve_hours": "96"}}})
    amended = amendments.deed(_amended(lived), language=language)
    numbers = [clause.number for clause in amended.articles[1].clauses]
    assert numbers == ["7.1.1", "10.2"]
    text = without_blanks(text_of(lived.documents(language)[f"amendment-1-{language}-provider.pdf"]))
    write = writing_of(language)
    resulting = read_terms(lived.versions[1].canonical)
    for said in (
        write.counted(21, Unit.DAY),
        "96",
        TEXT["text"],
        lived.versions[0].digest,
        lived.versions[1].digest,
        resulting.customer.name,
    ):
        assert without_blanks(str(said)) in text


def _amended(lived: Lived) -> amendments.Amended:
    return amendments.Amended(
        number=1,
        base=1,
        version=2,
        before=lived.versions[0].canonical.encode(),
        after=lived.versions[1].canonical.encode(),
        effective_at=datetime(2026, 4, 1, tzinfo=UTC),
        text="x",
        signatures={},
    )


def test_a_supplement_has_the_terms_that_result_inside():
    lived = Lived()
    lived.amend({"rating_days": 9})
    pdf = lived.documents(Language.ENGLISH)["amendment-1-en-customer.pdf"]
    (enclosed,) = pypdf.PdfReader(io.BytesIO(pdf)).attachments["terms.json"]
    assert enclosed.decode() == lived.versions[1].canonical


def test_the_schedule_is_in_a_supplement_only_where_it_changes():
    lived = Lived()
    lived.amend({"rating_days": 9})
    assert not amendments.deed(_amended(lived), language=Language.ENGLISH).schedules
    other = Lived()
    other.amend({"targets.confirm_hours": 2})
    assert amendments.deed(_amended(other), language=Language.ENGLISH).schedules


@BOTH
def test_the_notice_of_a_fee_change_says_what_it_is_from_when_and_until_when_it_is_negotiated(language):
    lived = Lived()
    notice = lived.life.say(
        "propose_fee_change",
        "provider",
        at("2026-04-01 10:00"),
        amount="13500.50",
        effective_on="2026-07-02",
        reason="higher wages",
    )
    text = without_blanks(text_of(lived.documents(language)[f"fee-change-1-{language}.pdf"]))
    write, terms = writing_of(language), sheet()
    closes = datetime.fromisoformat(notice.payload["closes_at"])
    for said in (
        write.amount(terms.money(notice.payload["amount"])),
        write.amount(terms.money(terms.fees.amount)),
        write.instant(closes, "Asia/Shanghai"),
        write.instant(at("2026-04-01 10:00"), "Asia/Shanghai"),
        "2026-07-02",
        notice.payload["first_period"],
        "higher wages",
    ):
        assert without_blanks(said) in text


@BOTH
def test_an_early_end_that_both_agreed_to_is_a_deed_of_its_own(language):
    lived = Lived()
    day = at("2026-05-04 10:00")
    told: dict[str, Any] = {"last_day": "2026-06-30", "title": "CEO"}
    lived.life.say("propose_termination", "customer", day, reason="moving abroad", **told)
    lived.life.say("consent_to_termination", "provider", day, **told)
    made = lived.documents(language)
    texts = [without_blanks(text_of(made[f"termination-{language}-{role}.pdf"])) for role in Role]
    write = writing_of(language)
    for text in texts:
        assert without_blanks(write.day(date(2026, 6, 30))) in text
        assert "movingabroad" in text
        assert without_blanks(write.counted(20, Unit.DAY)) in text
    assert texts[0] != texts[1]


def test_what_was_proposed_and_not_agreed_is_in_no_deed():
    lived = Lived()
    day = at("2026-05-04 10:00")
    lived.life.say("propose_termination", "customer", day, last_day="2026-06-30", title="CEO")
    lived.life.say("propose_amendment", "customer", day, changes={"rating_days": 9}, **TEXT)
    assert sorted(lived.documents(Language.ENGLISH)) == sorted(Lived().documents(Language.ENGLISH))


def test_documents_are_in_the_languages_of_the_parties():
    assert on_record.languages_of(Lived().first) == [Language.CHINESE, Language.ENGLISH]
    assert set(WORDINGS) == set(Language)


@BOTH
def test_each_later_version_has_a_text_to_read_that_says_nobody_signed_it(language):
    lived = Lived()
    lived.amend({"rating_days": 9})
    lived.amend({"rating_days": 10}, "2026-04-02 10:00")
    made = lived.documents(language)
    for number, days in ((2, 9), (3, 10)):
        text = without_blanks(text_of(made[f"agreement-v{number}-{language}.pdf"]))
        assert without_blanks(writing_of(language).counted(days, Unit.DAY)) in text
        assert WORDINGS[language].consolidated.replace(" ", "") in text
        assert lived.versions[number - 1].digest in text
        assert without_blanks(WORDINGS[language].not_signed.format(version=number)) in text
    assert f"agreement-v4-{language}.pdf" not in made

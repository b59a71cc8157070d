"""Every document that the record of an agreement calls for: its originals, and what changed it since.

From the agreement's events and the versions of its terms, as they are kept: what is not on record is on no
paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from contract.agreement_file import Signature, TermDates
from contract.disputes import Dispute
from contract.facts import Event, EventKind, TermsDocument
from contract.money import Money
from contract.parties import Language, Role
from contract.reading import read_terms
from contract.terms import IfUnanswered
from documents import agreements, amendments, fee_changes, referrals, settlements, terminations
from documents.amendments import Amended
from documents.deed import Signatures
from documents.fee_changes import FeeNotice
from documents.settlements import Settled
from documents.terminations import Terminated

Made = Iterator[tuple[str, bytes]]
"""File names and PDFs."""


def documents_of(
    events: Sequence[Event], versions: Sequence[TermsDocument], languages: Sequence[Language]
) -> dict[str, bytes]:
    """PDFs by file name, in each of the languages; ``versions`` from the first on, in order.

    Raises :class:`documents.errors.CannotPrint`.
    """
    return dict(file for make in each(events, versions, languages) for file in make())


def each(
    events: Sequence[Event], versions: Sequence[TermsDocument], languages: Sequence[Language]
) -> Iterator[Callable[[], Made]]:
    """The same, each document to be made by itself: one that cannot be printed does not keep the others."""
    terms = {version.version: version for version in versions}
    for language in languages:
        yield partial(_agreement, events, terms[1], language)
        for version in versions[1:]:
            yield partial(_consolidated, version, language)
        for event in events:
            if (make := _MAKERS.get(event.kind)) is not None:
                yield partial(make, event, events, terms, language)


def languages_of(terms: TermsDocument) -> list[Language]:
    """Those of the parties, each once, the provider's first."""
    sheet = read_terms(terms.canonical)
    return list(dict.fromkeys(sheet.party(role).language for role in Role))


def _agreement(events: Sequence[Event], first: TermsDocument, language: Language) -> Made:
    signed = {e.party: _signature(e) for e in events if e.kind is EventKind.SIGNED and e.party is not None}
    at = max([events[0].at, *(signature.at for signature in signed.values())])
    made = agreements.originals(
        first.canonical.encode(),
        language=language,
        at=at,
        signatures=signed,
        dates=TermDates.of(read_terms(first.canonical), at) if len(signed) == len(Role) else None,
    )
    yield from _both("agreement", language, made)


def _consolidated(version: TermsDocument, language: Language) -> Made:
    """The whole text of a later version."""
    assert version.effective_at is not None
    made = agreements.consolidated(
        version.canonical.encode(),
        language=language,
        version=version.version,
        effective_at=version.effective_at,
    )
    yield f"agreement-v{version.version}-{language}.pdf", made


def _fee_notice(
    event: Event, events: Sequence[Event], terms: Mapping[int, TermsDocument], language: Language
) -> Made:
    told = event.payload
    first = told.get("first_period")
    notice = FeeNotice(
        number=told["number"],
        noticed_at=event.at,
        current=Money.of(told["current"], told["currency"]),
        amount=Money.of(told["amount"], told["currency"]),
        effective_on=date.fromisoformat(told["effective_on"]),
        first_period=None if first is None else date.fromisoformat(first),
        closes_at=datetime.fromisoformat(told["closes_at"]),
        if_unanswered=IfUnanswered(told["if_unanswered"]),
        reason=told.get("reason"),
        person=event.person or "",
    )
    sheet = read_terms(_in_force(terms, event.at).canonical)
    yield f"fee-change-{notice.number}-{language}.pdf", fee_changes.pdf(notice, sheet, language=language)


def _amendment(
    event: Event, events: Sequence[Event], terms: Mapping[int, TermsDocument], language: Language
) -> Made:
    told = event.payload
    proposed = _proposal(events, EventKind.AMENDMENT_PROPOSED, told["number"])
    version = next(v for v in terms.values() if v.digest == told["digest"] and v.version > told["base"])
    amended = Amended(
        number=told["number"],
        base=told["base"],
        version=version.version,
        before=terms[told["base"]].canonical.encode(),
        after=version.canonical.encode(),
        effective_at=datetime.fromisoformat(told["effective_at"]),
        text=proposed.payload["text"],
        signatures=_signatures(proposed, event),
    )
    made = amendments.originals(amended, language=language)
    yield from _both(f"amendment-{amended.number}", language, made)


def _termination(
    event: Event, events: Sequence[Event], terms: Mapping[int, TermsDocument], language: Language
) -> Made:
    proposed = _proposal(events, EventKind.TERMINATION_PROPOSED, event.payload["number"])
    version = _in_force(terms, event.at)
    terminated = Terminated(
        last_day=date.fromisoformat(event.payload["last_day"]),
        terms=version.canonical.encode(),
        version=version.version,
        reason=proposed.payload.get("reason"),
        signatures=_signatures(proposed, event),
    )
    yield from _both("termination", language, terminations.originals(terminated, language=language))


def _referral(
    event: Event, events: Sequence[Event], terms: Mapping[int, TermsDocument], language: Language
) -> Made:
    dispute = Dispute.model_validate(event.payload["dispute"])
    made = referrals.pdf(
        dispute,
        read_terms(_in_force(terms, event.at).canonical),
        reason=event.payload.get("reason"),
        person=event.person or "",
        language=language,
    )
    yield f"dispute-{dispute.number}-referral-{language}.pdf", made


def _settlement(
    event: Event, events: Sequence[Event], terms: Mapping[int, TermsDocument], language: Language
) -> Made:
    version = _in_force(terms, event.at)
    settled = Settled(
        dispute=Dispute.model_validate(event.payload["dispute"]),
        confirmed_at=event.at,
        terms=version.canonical.encode(),
        version=version.version,
    )
    name = f"dispute-{settled.dispute.number}-settlement"
    yield from _both(name, language, settlements.originals(settled, language=language))


_Maker = Callable[[Event, Sequence[Event], Mapping[int, TermsDocument], Language], Made]

_MAKERS: Mapping[EventKind, _Maker] = {
    EventKind.FEE_CHANGE_PROPOSED: _fee_notice,
    EventKind.AMENDMENT_CONSENTED: _amendment,
    EventKind.TERMINATION_AGREED: _termination,
    EventKind.DISPUTE_REFERRED: _referral,
    EventKind.DISPUTE_SETTLED: _settlement,
}


def _both(name: str, language: Language, made: Mapping[Role, bytes]) -> Made:
    for role, pdf in made.items():
        yield f"{name}-{language}-{role}.pdf", pdf


def _proposal(events: Sequence[Event], kind: EventKind, number: Any) -> Event:
    """The proposal of a number; there is one, for it was consented to."""
    return next(event for event in events if event.kind is kind and event.payload["number"] == number)


def _signatures(*signings: Event) -> Signatures:
    """To propose is to sign; the other signs by consenting."""
    return {event.party: _signature(event) for event in signings if event.party is not None}


def _signature(event: Event) -> Signature:
    return Signature(
        person=event.person or "",
        title=event.payload["title"],
        at=event.at,
        seal_digest=event.payload.get("seal_digest"),
    )


def _in_force(terms: Mapping[int, TermsDocument], at: datetime) -> TermsDocument:
    """The newest version that had taken effect at an instant."""
    taken = [v for v in terms.values() if v.effective_at is None or v.effective_at <= at]
    return max(taken or terms.values(), key=lambda version: version.version)

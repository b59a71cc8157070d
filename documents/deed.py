"""Deeds: what two parties sign. Articles, clauses, schedules, and a place for each signature.

How a deed looks is the layout's (``layouts/deed.typ``); what it says is made by the module of each deed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from contract.agreement_file import Signature
from contract.parties import Language, Party, Role
from documents import press
from documents.paper import Sheet
from documents.press import Enclosed
from documents.writing import Writing

LAYOUT: Final = "deed"


@dataclass(frozen=True, slots=True)
class Clause:
    """``number`` is the contract's own, without its C: ``8.1.1``."""

    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    heading: str
    clauses: Sequence[Clause]


@dataclass(frozen=True, slots=True)
class Schedule:
    heading: str
    text: str
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class Block:
    """Where a party signs, or has signed."""

    role: str
    name: str
    rows: Sequence[tuple[str, str]]
    """What is on record of the signature; where it is empty, it is signed by hand."""
    seal: str


@dataclass(frozen=True, slots=True)
class Deed:
    """A whole deed. The originals differ in ``label`` alone (C10.2)."""

    title: str
    label: str
    marks: Sequence[str]
    opening: Sequence[str]
    articles: Sequence[Article]
    schedules: Sequence[Schedule]
    closing: Sequence[str]
    signatures: Sequence[Block]
    footer: str
    subject: str
    author: str

    def pdf(self, writing: Writing, at: datetime, enclosed: Sequence[Enclosed]) -> bytes:
        """As PDF/A-3, with what it rests on inside; raises :class:`documents.errors.CannotPrint`."""
        return press.pdf(LAYOUT, self.content(writing), language=writing.language, at=at, enclosed=enclosed)

    def content(self, writing: Writing) -> dict[str, Any]:
        """For the press."""
        return asdict(self) | {"page-of": writing.page_of}


Signatures = Mapping[Role, Signature]
"""Who has signed so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningWords:
    """What stands where a party signs."""

    copies: Mapping[Role, str]
    """The label of the original that each party keeps."""
    person: str
    title: str
    at: str
    seal: str
    no_seal: str
    by_hand: Sequence[str]
    """What is left open to be filled in by hand."""
    place_of_seal: str


SIGNING: Final[Mapping[Language, SigningWords]] = {
    Language.ENGLISH: SigningWords(
        copies={Role.PROVIDER: "Provider's original", Role.CUSTOMER: "Customer's original"},
        person="Signed by",
        title="Title",
        at="Signed at",
        seal="Seal, SHA-256",
        no_seal="none given",
        by_hand=("Signature", "Name and title", "Date"),
        place_of_seal="Seal",
    ),
    Language.CHINESE: SigningWords(
        copies={Role.PROVIDER: "甲方执", Role.CUSTOMER: "乙方执"},
        person="签署人",
        title="职务",
        at="签署时间",
        seal="印章图像 SHA-256",
        no_seal="未提供",
        by_hand=("授权代表签字", "姓名及职务", "日期"),
        place_of_seal="盖章处",
    ),
}


def originals_of(
    deed: Deed, writing: Writing, at: datetime, enclosed: Sequence[Enclosed]
) -> dict[Role, bytes]:
    """Both originals of a deed as PDF, by who keeps them: identical but for the label (C10.2)."""
    labels = SIGNING[writing.language].copies
    return {role: replace(deed, label=labels[role]).pdf(writing, at, enclosed) for role in Role}


def blocks(parties: Mapping[Role, Party], signatures: Signatures, zone: str, writing: Writing) -> list[Block]:
    """A place for each party, filled in where it has signed."""
    return [_block(role, parties[role], signatures.get(role), zone, writing) for role in Role]


def _block(role: Role, party: Party, signed: Signature | None, zone: str, writing: Writing) -> Block:
    say = SIGNING[writing.language]
    if signed is None:
        rows = [(name, "") for name in say.by_hand]
    else:
        rows = [
            (say.person, signed.person),
            (say.title, signed.title),
            (say.at, writing.instant(signed.at, zone)),
            (say.seal, signed.seal_digest or say.no_seal),
        ]
    return Block(writing.roles[role], party.name, rows, "" if signed else say.place_of_seal)

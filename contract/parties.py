"""Who the two companies are, and in whose name a person acts (C1)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from contract.values import Identifier, Line, Model, one_line


class Role(StrEnum):
    """The two sides of the contract."""

    PROVIDER = "provider"
    """甲方, who performs the service."""
    CUSTOMER = "customer"
    """乙方, who is served."""

    @property
    def other(self) -> Role:
        return Role.CUSTOMER if self is Role.PROVIDER else Role.PROVIDER


class Language(StrEnum):
    """The languages the project writes in."""

    CHINESE = "zh-CN"
    ENGLISH = "en"


def _address(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if not (at and local and "." in domain.strip(".")) or any(c.isspace() or c in '<>,;"' for c in value):
        raise ValueError("an e-mail address such as service@example.com")
    return value


Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(one_line), AfterValidator(_address)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class Contact(Model):
    """Where notices to a party go."""

    name: Line
    email: Email
    phone: Line


class Party(Model):
    """One company of the two (C1.1, C1.2)."""

    party_id: Identifier
    name: Line
    address: Line
    country: Country = "CN"
    tax_id: Line | None = None
    contact: Contact
    language: Language = Language.CHINESE


class Actor(Model):
    """Who acts: the party, by its ``party_id`` or its role, and the person."""

    party: Identifier
    person: Line


def role_of(party: str, provider_id: str, customer_id: str) -> Role | None:
    """The role of a party named by id or by role; None for neither party of the agreement."""
    if party in (provider_id, Role.PROVIDER):
        return Role.PROVIDER
    if party in (customer_id, Role.CUSTOMER):
        return Role.CUSTOMER
    return None

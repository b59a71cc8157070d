"""The versions of an agreement's terms: which one is in force when (C10.1, contract §7).

Versions are numbered from 1 in the order in which they were agreed, and take effect in that order: at any
instant exactly one is in force, the last that has taken effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from contract.disputes import DisputeTerms
from contract.parties import Role, role_of
from contract.refusals import RefusalKind, refuse
from contract.terms import Service, TermSheet
from contract.values import Digest, Identifier, Instant, Model


class AgreementTerms(Model):
    """What of the terms an agreement's workflow acts by."""

    provider_id: Identifier
    customer_id: Identifier
    services: list[Service]
    offer_days: int
    command_delay_hours: int
    closing_days: int
    time_zone: str = "UTC"
    """For showing instants; the dates that depend on its rules are worked out when the term begins."""
    disputes: DisputeTerms | None = None
    """None in a file of a release that knew none; its workflow puts them in."""

    @classmethod
    def from_sheet(cls, terms: TermSheet) -> AgreementTerms:
        return cls(
            provider_id=terms.provider.party_id,
            customer_id=terms.customer.party_id,
            services=terms.services,
            offer_days=terms.offer_days,
            command_delay_hours=terms.command_delay_hours,
            closing_days=terms.closing_days,
            time_zone=terms.time_zone,
            disputes=DisputeTerms.from_sheet(terms),
        )

    def role_of(self, party: str) -> Role | None:
        return role_of(party, self.provider_id, self.customer_id)

    def acting(self, party: str) -> Role:
        """The role in which a party acts; raises :class:`Refused` for neither party of the agreement."""
        role = self.role_of(party)
        if role is None:
            parties = [self.provider_id, self.customer_id]
            raise refuse(RefusalKind.WRONG_PARTY, f"{party} is neither party of the agreement", "C1", parties)
        return role


class TermsVersion(Model):
    """A version of the terms that both have agreed to, in force from an instant on."""

    number: int
    digest: Digest
    effective_at: Instant | None = None
    """None for the first: in force from the beginning."""
    clause: str = "C4.1"
    """What it was agreed under: C4.1, C7.2 or C10.1."""
    why: str = "the agreement as signed"
    terms: AgreementTerms
    canonical: str = ""
    """Its bytes as text; empty once a later version is in force, when nobody here needs them any more."""

    def in_force_by(self, at: datetime) -> bool:
        return self.effective_at is None or self.effective_at <= at


def version_at(versions: Sequence[TermsVersion], at: datetime) -> TermsVersion:
    """The version in force at an instant."""
    return next((version for version in reversed(versions) if version.in_force_by(at)), versions[0])

"""What operators read in the Temporal UI: current details in markdown. Ids, states and times only (C5.3)."""

from __future__ import annotations

from datetime import datetime

from contract.agreement import AgreementFile
from contract.agreement import next_wake as next_agreement_wake
from contract.judging import next_wake
from contract.parties import Role
from contract.request_file import RequestFile
from contract.snapshots import commands_possible, snapshot
from contract.waking import Wake


def _instant(at: datetime | None) -> str:
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _next(wake: Wake | None) -> str:
    return "nothing" if wake is None else f"{wake.summary} at {_instant(wake.at)}"


def request_story(file: RequestFile, now: datetime) -> str:
    """State, what is due next, lateness so far, what may be done now."""
    penalty = file.terms.late_resolution_per_day * file.said.days
    if file.said.response_penalty:
        penalty = penalty + file.terms.late_response
    view, days = snapshot(file, now), file.terms.rating_days
    possible = {role: commands_possible(view, role, now, days) for role in Role}
    may = "\n".join(f"- {role}: {', '.join(names) or 'nothing'}" for role, names in possible.items())
    return (
        f"**{file.state}** · priority {file.priority} · {file.service}\n\n"
        f"Next: {_next(next_wake(file))}\n\n"
        f"Penalties so far: {penalty} {penalty.currency} "
        f"(response late: {'yes' if file.said.response_penalty else 'no'}, days late: {file.said.days})\n\n"
        f"May be done now:\n{may}\n"
    )


def agreement_story(file: AgreementFile, now: datetime) -> str:
    """State, signatures, what is due next."""
    signed = ", ".join(sorted(file.signatures)) or "nobody"
    dates = (
        ""
        if file.dates is None
        else f"Term: {_instant(file.effective_at)} – {_instant(file.dates.ends_at)}\n\n"
    )
    return (
        f"**{file.state}** · terms version {file.terms_version} · digest `{file.digest[:12]}…`\n\n"
        f"Signed by: {signed}\n\n{dates}Next: {_next(next_agreement_wake(file))}\n"
    )

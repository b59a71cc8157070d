"""`aftercare terms …`: term sheets, checked, digested and shown; no service needed (contract §2)."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from contract.faults import Faulty
from contract.parties import Role
from contract.terms import canonical_bytes, digest_of
from starter import given
from starter.commands.options import AsJson, InLanguage, OutFolder, SheetFile
from starter.exits import ExitCode, mistake
from starter.showing.filed import file_away
from starter.showing.paper import GOOD, marked, say
from starter.showing.plain import print_json
from starter.showing.sheets import summary, taken_over

app = typer.Typer(no_args_is_help=True, help="Term sheets: the blanks of the contract, as YAML or JSON.")


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Term sheets, YAML or JSON.")],
    as_json: AsJson = False,
) -> None:
    """List every fault of each sheet: where, which clause, what was given, what is allowed."""
    results: list[dict[str, Any]] = []
    problems: list[Faulty] = []
    for file in files:
        try:
            terms = given.sheet(file)
        except Faulty as problem:
            problems.append(problem)
            results.append({"file": file.name, "path": str(file), "faults": problem.faults})
            continue
        digest = digest_of(canonical_bytes(terms))
        results.append(
            {"file": file.name, "path": str(file), "agreement_id": terms.agreement_id, "digest": digest}
        )
        if not as_json:
            say(marked(f"{file}: no faults; agreement {terms.agreement_id}, digest {digest}", GOOD))
            if terms.taken_over is not None:
                say(f"  taken over: {taken_over(terms.taken_over, terms)}")
    if as_json:
        print_json({"sheets": results})
    if not problems:
        return
    if as_json:
        faults = [fault for faulty in problems for fault in faulty.faults]
        problems = [Faulty(", ".join(faulty.what for faulty in problems), faults)]
    sys.stdout.flush()
    for faulty in problems:
        found = mistake(faulty)
        print(found.for_programs() if as_json else found.for_people(), file=sys.stderr)
    raise typer.Exit(ExitCode.FAULTY)


@app.command()
def digest(file: SheetFile, as_json: AsJson = False) -> None:
    """Print the digest that both parties sign: SHA-256 of the canonical JSON (C10.2)."""
    terms = given.sheet(file)
    found = digest_of(canonical_bytes(terms))
    if as_json:
        print_json({"agreement_id": terms.agreement_id, "digest": found})
    else:
        say(found)


@app.command()
def pdf(file: SheetFile, out: OutFolder, language: InLanguage = None, as_json: AsJson = False) -> None:
    """Write the agreement as the parties are to sign it: two originals in each of their languages (C10.2)."""
    from documents import agreements  # the typesetter is large: only who prints loads it

    terms = given.sheet(file)
    canonical, now = canonical_bytes(terms), datetime.now(UTC).replace(microsecond=0)
    languages = [language] if language else dict.fromkeys(terms.party(role).language for role in Role)
    made = {
        out / f"agreement-{tongue}-{role}.pdf": original
        for tongue in languages
        for role, original in agreements.originals(canonical, language=tongue, at=now).items()
    }
    file_away(made, quiet=as_json)
    if as_json:
        print_json({"files": list(made), "digest": digest_of(canonical)})


@app.command()
def show(file: SheetFile, as_json: AsJson = False) -> None:
    """Print what a sheet agrees, clause by clause; with --json its canonical bytes."""
    terms = given.sheet(file)
    canonical = canonical_bytes(terms)
    if as_json:
        # Nothing added, not even an end of line: `… | sha256sum` gives the digest.
        sys.stdout.write(canonical.decode())
        return
    agreed, targets = summary(terms, digest_of(canonical))
    say(agreed, "", targets)

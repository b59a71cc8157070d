"""`python -m checks.licences`: everything installed here may be used as the house uses it.

A package passes when its licence is permissive, or when `NAMED` lists it with the reason why its licence
does no harm. Everything else fails, licences that could not be read included; LGPL, GPL and AGPL are never
permissive. What is judged is what each package declares: its SPDX expression, else its classifiers, else
a licence field of a few words.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distributions

OWN = "aftercare"

PERMISSIVE = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "MIT-CMU",
        "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
    }
)  # fmt: skip

# What packages wrote before they had SPDX expressions; only spellings that leave no doubt.
SPELLINGS = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}

NAMED: Mapping[str, tuple[str, str]] = {
    "certifi": ("MPL-2.0", "development only (check-jsonschema), unmodified"),
    "fontpkg-noto-sans": ("OFL-1.1", "fonts, unmodified; the OFL lets documents embed them"),
    "hypothesis": ("MPL-2.0", "development only, unmodified"),
    "iso4217": ("“Public Domain”", "a table of currencies (factur-x), unmodified"),
    "noto-cjk-sans-jp-bold": ("OFL-1.1", "fonts, unmodified; the OFL lets documents embed them"),
    "noto-cjk-sans-otc": ("OFL-1.1", "fonts, unmodified; the OFL lets documents embed them"),
    "pathspec": ("MPL-2.0", "development only (mypy, hatchling), unmodified"),
    "python-stdnum": (
        "“GNU Lesser General Public License v2”",
        "optional (extra `einvoice`, by factur-x), unmodified, a library of its own that can be replaced",
    ),
}


def main() -> int:
    """0 when every licence is in order; otherwise 1, after a table of those that are not."""
    refused = sorted(refusals(distributions()))
    if not refused:
        return 0
    width = max(len(name) for name, _, _ in refused)
    for name, licence, reason in refused:
        print(f"{name:<{width}}  {licence:<40}  {reason}", file=sys.stderr)
    print("\nUse another package, or name it in checks/licences.py with the reason.", file=sys.stderr)
    return 1


def refusals(packages: Iterable[Distribution]) -> Iterator[tuple[str, str, str]]:
    """Package, licence and reason, for each package that does not pass."""
    for package in packages:
        name = package.name.lower()
        licence = declared(package)
        if name == OWN:
            continue
        if not licence:
            yield name, "none that can be read", "look it up and name the package"
        elif name in NAMED:
            if NAMED[name][0] != licence:
                yield name, licence, f"named as {NAMED[name][0]}: has it changed?"
        elif not allowed(licence):
            yield name, licence, "not permissive"


def declared(package: Distribution) -> str:
    """The licence a package declares, as an SPDX expression; empty when it cannot be told."""
    fields = package.metadata
    if "License-Expression" in fields:
        return fields["License-Expression"]
    classifiers = [
        classifier.rpartition(" :: ")[2]
        for classifier in fields.get_all("Classifier") or []
        if classifier.startswith("License :: OSI Approved ::")
    ]
    # Several classifiers do not say whether they are a choice: all must do.
    if not classifiers and "License" in fields:
        classifiers = [fields["License"]]
    return " AND ".join(_spelled(text) for text in classifiers)


def _spelled(text: str) -> str:
    text = text.strip()
    if text in PERMISSIVE:
        return text
    # A whole licence text, or a name nobody recognises, is put in quotes: it then matches nothing.
    return SPELLINGS.get(text.lower(), f"“{text.splitlines()[0][:36]}”" if text else "")


def allowed(expression: str) -> bool:
    """Whether an SPDX expression leaves a permissive choice."""
    tokens = re.findall(r"[()]|“[^”]*”|[^\s()]+", expression)

    def either() -> bool:
        good = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            good = both() or good
        return good

    def both() -> bool:
        good = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            good = one() and good
        return good

    def one() -> bool:
        token = tokens.pop(0)
        if token == "(":
            good = either()
            return tokens.pop(0) == ")" and good
        if tokens and tokens[0] == "WITH":
            del tokens[:2]  # an exception only ever permits more
        return token in PERMISSIVE

    try:
        return either() and not tokens
    except IndexError:  # it ends where a licence should come
        return False


if __name__ == "__main__":
    sys.exit(main())

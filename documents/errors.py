"""Why a document cannot be made. Nothing is ever left out of one, or printed as an empty box, instead."""

from __future__ import annotations


class CannotPrint(Exception):
    """A document cannot be made from what it is given."""


class NoFont(CannotPrint):
    """A font is not installed; the message names the package that brings it."""


class NoGlyph(CannotPrint):
    """A character that no font here has; the message says which, and where it stood."""


class PressFault(CannotPrint):
    """The layout does not fit what it was given: a fault of this package, not of the facts."""

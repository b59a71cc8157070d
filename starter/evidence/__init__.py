"""The evidence pack: all that is on record of an agreement, in one file that proves itself (C9.2, C6.2.3)."""

"""Rehearsal: what would this contract have cost on last quarter's tickets?

A ticket log is read into deeds (:mod:`.log`, :mod:`.own_format`, :mod:`.servicenow`, :mod:`.rows`), lived
through the real workflows (:mod:`.running`, :mod:`.living`), reported (:mod:`.report`, :mod:`.tables`,
:mod:`.chart`) and, on demand, computed again by arithmetic alone and compared (:mod:`.checking`, from
:mod:`.expected` and :mod:`.arithmetic`). docs/rehearsal.md is for its users.
"""

"""Rehearsal: what would this contract have cost on last quarter's tickets?

A ticket log is read into deeds (:mod:`.log`, :mod:`.own_format`, :mod:`.servicenow`), lived through the
real workflows (:mod:`.living`), reported (:mod:`.report`, :mod:`.chart`) and, on demand, computed
again by arithmetic alone (:mod:`.checking`).
"""

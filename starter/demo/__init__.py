"""The demonstration: one agreement lived from its offer to its close, in fast time.

What is done is in ``examples/``: the term sheet and a log of tickets in the project's own format. It is done
through the same client as anyone's (:mod:`.playing`) and shown as it happens (:mod:`.showing`).
"""

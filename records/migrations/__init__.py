"""How the tables came to be: one alembic revision per change, run by `records.upgrade`.

A revision that was released is never edited. It imports nothing of the house, whose code moves on.
"""

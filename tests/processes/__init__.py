"""`worker.py` as a process: what it tells, and how it ends."""

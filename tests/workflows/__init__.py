"""The workflows on a real engine: the time-skipping server, a real worker, a real record store."""

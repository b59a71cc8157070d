"""Benchmarks: `make bench` runs all, `python -m bench.records` one. They print rates; tests assert none."""

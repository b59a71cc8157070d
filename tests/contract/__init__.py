"""Tests of the agreement as data and arithmetic, against independent ways of computing the same."""

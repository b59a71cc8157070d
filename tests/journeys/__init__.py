"""Whole lives of agreements, as the parties would live them."""

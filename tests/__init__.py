"""The house's tests: they mirror its packages; `replay/` and `journeys/` cut across."""

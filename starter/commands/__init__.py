"""The commands of `aftercare`, one module per group. A module is imported when its command is asked for."""

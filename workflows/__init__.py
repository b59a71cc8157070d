"""What happens when: one module per workflow type. Waits, timers, handlers; asks contract/ what follows."""

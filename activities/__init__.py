"""What touches the world: one module per capability. Every activity is safe to run again."""

"""What touches the world, with real parts: a mail server, a record store."""

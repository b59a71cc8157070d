"""How the outside starts and drives workflows: a typed client, and the command line over it."""

"""The client and the command line, against real servers and real databases."""

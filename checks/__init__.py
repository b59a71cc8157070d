"""What `make check` looks at beyond lint and types; each module is a command that fails with its reasons."""

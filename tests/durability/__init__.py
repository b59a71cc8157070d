"""What survives on the real dev server, its state in a file, while parts of the house are taken away."""

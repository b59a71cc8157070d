"""`aftercare ops`, tried on a real server on which things really go wrong."""

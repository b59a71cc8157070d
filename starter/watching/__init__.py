"""`aftercare ops watch`: a terminal view that stays up to date by itself, from the record store alone."""

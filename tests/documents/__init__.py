"""Tests of what is printed: read back from the PDF, and compared with the facts it was made from."""

"""What operators do: find what is stuck, set it going again, and prove that record and engine agree."""

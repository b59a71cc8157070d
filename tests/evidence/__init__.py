"""Evidence packs of real records: what is in them, and whether tampering with them is found."""

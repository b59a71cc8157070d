"""The agreement as data and arithmetic.

Pure: no input or output, no clock, no engine, no database. Every rule names its clause
(``C8.1.1``) so that a reader can go from a yuan back to the contract.
"""

"""What every process of aftercare shares: where engines are found, and how a process leaves.

Knows the contract and Temporal; imported by the command line, the worker and the tests, never by
workflow code, which belongs to no process.
"""

"""How things look: on paper, in tables, for people; and as plain data, for programs.

People read times in the contract's zone and money with its currency. Programs read instants in UTC and
amounts as decimal strings.
"""

"""From facts to paper: what the parties get in writing, as PDF, in Chinese and in English.

A document is made from models of the contract and from nothing else: no clock, no store, no engine. The same
facts give the same bytes. Every figure on paper is a figure of those models, or made from one here by a rule
that is tested: written out in words, or set with its thousands apart.
"""

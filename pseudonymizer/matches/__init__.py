"""Possible matches: who may be one person, and what data stewards decide."""

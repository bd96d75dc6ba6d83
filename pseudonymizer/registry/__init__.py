"""The registry of a project: who is recognized, and which pseudonym stands for whom."""

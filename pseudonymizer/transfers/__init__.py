"""Stored studies on their way into another project."""

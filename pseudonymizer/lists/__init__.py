"""Existing lists of patients and pseudonyms: read, judged row by row, carried, never kept."""

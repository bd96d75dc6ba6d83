"""Writes docs/formats.md: python -m tests.formats."""

from tests.formats.page import PAGE, page

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

"""The page of the benchmarks: every benchmark writes its own section."""

from pathlib import Path

HEAD = """# Benchmarks

`make bench` measures and writes this page; nothing on it is typed by hand.
"""


def put_section(page: Path, section: str) -> None:
    """Write a section, which begins with its heading, in the place of the one with that heading."""
    text = page.read_text(encoding="utf-8") if page.exists() else HEAD
    head, *others = text.split("\n## ")
    heading, body = section.removeprefix("## ").rstrip("\n").split("\n", 1)
    sections = dict(other.split("\n", 1) for other in others)
    sections[heading] = f"{body}\n"
    parts = [head.rstrip("\n"), *(f"{title}\n{told.rstrip()}" for title, told in sections.items())]
    page.write_text("\n\n## ".join(parts) + "\n", encoding="utf-8")

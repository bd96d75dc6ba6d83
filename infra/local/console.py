"""What the person at the terminal reads."""

import sys


def say(text: str) -> None:
    """Show one line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Show one line of what went wrong."""
    sys.stderr.write(f"PACS2go: {text}\n")
    sys.stderr.flush()

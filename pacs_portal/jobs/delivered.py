"""What became of a file at the end of its pipeline."""

from dataclasses import dataclass

from pacs_portal.jobs.models import Outcome


@dataclass(frozen=True)
class Delivered:
    """What became of one file on delivery."""

    outcome: Outcome
    code: str = ""
    sentence: str = ""
    path: str = ""

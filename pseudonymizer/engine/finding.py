"""What the last look found, and where; only a data steward may see the text itself."""

from dataclasses import dataclass

from pydicom.datadict import dictionary_description

from pseudonymizer.engine.errors import HeldBack
from pseudonymizer.engine.errors import gettext_noop as _

MOST_TAGS = 2  # named in a sentence

TagPath = tuple[int, ...]  # tags, and between them the numbers of items from 1


@dataclass(frozen=True, repr=False)
class Finding:
    """Where something was found: the text itself, and the value around it for a steward to judge.

    Only a data steward may see them.
    """

    path: TagPath
    text: str
    value: str = ""

    @property
    def place(self) -> str:
        """The path for people, each sequence with the number of its item."""
        return " ".join(f"({n >> 16:04X},{n & 0xFFFF:04X})" if n > 0xFFFF else f"[{n}]"
                        for n in self.path)  # fmt: skip


class IdentifierLeft(HeldBack):
    """A file whose output would still name somebody; `findings` say where and whom."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        sentence = _("A name or number of the patient or staff is left in %s.")
        super().__init__("identifier-left", sentence % _described_all(findings))
        self.findings = findings

    def __reduce__(self) -> tuple[type, tuple[tuple[Finding, ...]]]:  # type: ignore[override]
        return type(self), (self.findings,)


def _described_all(findings: tuple[Finding, ...]) -> str:
    tags = list(dict.fromkeys(finding.path[-1] for finding in findings))
    more = [_("other places")] if len(tags) > MOST_TAGS else []
    return ", ".join([*map(_described, tags[:MOST_TAGS]), *more])


def _described(tag: int) -> str:
    number = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    try:
        return f"{dictionary_description(tag)} {number}"
    except KeyError:
        return number

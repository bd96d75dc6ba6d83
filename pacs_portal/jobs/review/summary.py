"""Which files go to which tool: counted by the database, however many they are."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from pacs_portal.jobs.keeping import NEEDS_STEWARD
from pacs_portal.jobs.pipelines import KEEP, first_step, is_companion, work_steps
from pacs_portal.jobs.receipt_rows import tool_label
from pacs_portal.jobs.review.outlooks import outlook_of
from pacs_portal.jobs.verdicts import SYSTEM_FILE
from pacs_portal.projects.models import Project
from pacs_portal.tools import Text
from pacs_portal.uploads.kinds import kind_label
from pacs_portal.uploads.models import Upload, UploadFile
from pacs_portal.uploads.services import input_files

WORK, KEPT, SKIPPED, REFUSED = "work", "kept", "skipped", "refused"
ORDER = (WORK, KEPT, SKIPPED, REFUSED)
KEEP_IT = gettext_lazy("Keep with the project, unconverted")
MEMBERS_READ = gettext_lazy("Members download these files as they are, names and all.")
AS_IT_IS = gettext_lazy("Store as it is")
NOT_TAKEN = gettext_lazy("Not taken")
READ_ALONG = gettext_lazy("Read along with the images")
SKIP = gettext_lazy("Skip")
TOLD_BELOW = gettext_noop("What is wrong with these is told below.")
NUMBERS_AT_ONCE = 10_000  # in one question to the database


@dataclass(frozen=True)
class KindCount:
    """The files of one kind, those in zips too."""

    kind: str
    count: int = 0
    size_bytes: int = 0
    packed: int = 0  # of them, how many came in zips

    @property
    def label(self) -> Text:
        return kind_label(self.kind)

    def __add__(self, other: "KindCount") -> "KindCount":
        return self._with(other, 1)

    def __sub__(self, other: "KindCount") -> "KindCount":
        return self._with(other, -1)

    def _with(self, other: "KindCount", sign: int) -> "KindCount":
        return KindCount(
            self.kind,
            self.count + sign * other.count,
            self.size_bytes + sign * other.size_bytes,
            self.packed + sign * other.packed,
        )


Counts = dict[str, KindCount]


@dataclass
class Group:
    """Kinds to which the same happens, and why where that is nothing."""

    fate: str  # WORK, KEPT, SKIPPED or REFUSED
    title: Text
    sentence: str = ""
    step: str = ""  # the first, where there is work
    kinds: list[KindCount] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(kind.count for kind in self.kinds)

    @property
    def size_bytes(self) -> int:
        return sum(kind.size_bytes for kind in self.kinds)

    def without(self, refused: Counts) -> "Group":
        """Return the group without these files."""
        left = [kind - refused.get(kind.kind, KindCount(kind.kind)) for kind in self.kinds]
        return replace(self, kinds=[kind for kind in left if kind.count])


@dataclass(frozen=True)
class Summary:
    """What will happen to all files of an upload."""

    groups: tuple[Group, ...]

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)

    @property
    def size_bytes(self) -> int:
        return sum(group.size_bytes for group in self.groups)

    @property
    def steps(self) -> frozenset[str]:
        """The first steps that have work."""
        return frozenset(group.step for group in self.groups if group.step)

    @property
    def has_companions(self) -> bool:
        """Tell whether some files are none that a tool works on, or tables."""
        return "table" in self.kinds or any(is_companion(kind) for kind in self.kinds)

    @property
    def kinds(self) -> frozenset[str]:
        """All kinds of files there are."""
        return frozenset(kind.kind for group in self.groups for kind in group.kinds)

    def kinds_of(self, step: str) -> frozenset[str]:
        """Return the kinds with which `step` begins."""
        return frozenset(k.kind for group in self.groups if group.step == step for k in group.kinds)

    def count_of(self, *kinds: str) -> int:
        """Return how many files are of these kinds."""
        return sum(k.count for group in self.groups for k in group.kinds if k.kind in kinds)


def kind_counts(upload: Upload) -> list[KindCount]:
    """Count an upload's files by kind."""
    return sorted(_counted(input_files(upload)), key=lambda one: -one.count)


def _counted(files: QuerySet[UploadFile]) -> Iterator[KindCount]:
    rows = files.order_by().values_list("kind")
    counted = rows.annotate(Count("pk"), Sum("size_bytes"), Count("container"))
    return (KindCount(*row) for row in counted)


@dataclass(frozen=True)
class Wish:
    """What a person chose that decides about the way of each kind."""

    tool: str
    is_keeping: bool = False
    is_held: bool = False  # what is kept waits for a data steward


def summary_of(upload: Upload, wish: Wish) -> Summary:
    """Return what will become of the upload."""
    groups: dict[tuple[Any, ...], Group] = {}
    for counted in kind_counts(upload):
        group = _group(upload.project, wish, counted.kind)
        known = groups.setdefault((group.fate, str(group.title), group.sentence), group)
        known.kinds.append(counted)
    return Summary(tuple(_in_order(groups.values())))


def without_refused(summary: Summary, upload: Upload, numbers: Sequence[int]) -> Summary:
    """Return the summary without work on files of which a tool foresees that they will fail."""
    refused = Counts()
    for start in range(0, len(numbers), NUMBERS_AT_ONCE):
        some = numbers[start : start + NUMBERS_AT_ONCE]
        for one in _counted(input_files(upload).filter(number__in=some)):
            refused[one.kind] = refused.get(one.kind, KindCount(one.kind)) + one
    if not refused:
        return summary
    groups = [group if group.fate != WORK else group.without(refused) for group in summary.groups]
    groups.append(Group(REFUSED, NOT_TAKEN, gettext(TOLD_BELOW), kinds=list(refused.values())))
    return Summary(tuple(_in_order(group for group in groups if group.kinds)))


def _in_order(groups: Iterable[Group]) -> Iterator[Group]:
    return iter(sorted(groups, key=lambda group: (ORDER.index(group.fate), -group.count)))


def _group(project: Project, wish: Wish, kind: str) -> Group:
    if kind == "system":
        return Group(SKIPPED, SKIP, gettext(SYSTEM_FILE))
    if kind == "zip":  # those that could be unpacked are no longer there
        return Group(REFUSED, NOT_TAKEN, gettext("These zips cannot be unpacked."))
    step = first_step(project, wish.tool, kind, is_keeping=wish.is_keeping)
    if isinstance(step, tuple):
        return Group(REFUSED, NOT_TAKEN, gettext(step[1]))
    if step is KEEP:
        return Group(KEPT, KEEP_IT, gettext(NEEDS_STEWARD) if wish.is_held else str(MEMBERS_READ))
    outlook = outlook_of(step.name)
    if outlook is not None and kind in outlook.read_along:
        return Group(WORK, READ_ALONG, step=step.name)
    names = work_steps(project, step)
    labels = [str(AS_IT_IS if name == "as-is" else tool_label(name)) for name in names]
    return Group(WORK, " → ".join(labels), step=step.name)

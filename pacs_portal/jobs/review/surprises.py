"""What a person may not expect of her files, asked of the database alone."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, F, Min, QuerySet, Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from pacs_portal.jobs.review.outlooks import Surprise
from pacs_portal.jobs.review.summary import Summary
from pacs_portal.projects.models import Project
from pacs_portal.uploads.models import Upload, UploadFile
from pacs_portal.uploads.services import input_files

SHOWN_FILES = 5
NO_STATEMENT = _(
    "Photographs wait for a data steward unless you state that no face can be recognized. A JPEG "
    "that names no camera, as chats send them, counts as a photograph only if you choose so."
)


def surprises_of(upload: Upload, summary: Summary) -> list[Surprise]:
    """Return what stands out in an upload, whatever tool is chosen."""
    found = [*_empty(upload), *_doubles(upload), *_refused_zips(upload)]
    if summary.size_bytes > settings.REVIEW_LARGE_BYTES:
        found.append(_large(summary.size_bytes))
    return found


def photographs(project: Project, summary: Summary) -> list[Surprise]:
    """Return that somebody has to vouch for faces, where pictures go through the guard."""
    if project.accepts_identified or not summary.count_of("jpeg"):
        return []
    return [Surprise(NO_STATEMENT)] if "convert" in summary.steps else []


def _empty(upload: Upload) -> Iterator[Surprise]:
    empty = input_files(upload).filter(kind="empty")
    if count := empty.count():
        sentence = ngettext(
            "%(count)d file is empty. Copy it again from its source.",
            "%(count)d files are empty. Copy them again from their source.",
            count,
        )
        yield Surprise(sentence % {"count": count}, _first_numbers(empty))


def _doubles(upload: Upload) -> Iterator[Surprise]:
    known = input_files(upload).exclude(content_digest=None).exclude(kind__in=["empty", "system"])
    alike = known.order_by().values("content_digest").annotate(n=Count("pk"), first=Min("number"))
    repeated = alike.filter(n__gt=1)
    extra = repeated.aggregate(extra=Sum(F("n") - 1))["extra"]
    if extra:
        sentence = ngettext(
            "%(count)d file has the same content as another one of this upload.",
            "%(count)d files have the same content as others of this upload.",
            extra,
        )
        numbers = repeated.order_by("first").values_list("first", flat=True)[: SHOWN_FILES + 1]
        yield Surprise(sentence % {"count": extra}, tuple(numbers))


def _refused_zips(upload: Upload) -> Iterator[Surprise]:
    for file in input_files(upload).filter(kind="zip").exclude(refusal="")[:SHOWN_FILES]:
        yield Surprise(_(file.refusal), (file.number,))


def _large(size_bytes: int) -> Surprise:
    sentence = _(
        "These are %(size)s: the work may take hours. It goes on when you close the browser."
    )
    return Surprise(sentence % {"size": filesizeformat(size_bytes)})


def _first_numbers(files: QuerySet[UploadFile]) -> tuple[int, ...]:
    return tuple(files.order_by("number").values_list("number", flat=True)[: SHOWN_FILES + 1])

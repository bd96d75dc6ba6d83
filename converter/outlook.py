"""What will come out of images, told from their names and kinds before a job starts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from converter.options import SLIDE_KIND, VOLUME_KINDS, ConvertOptions
from converter.pairs import COMPANION_KINDS, LABELS_KIND, SIDECAR_KIND, whole_sources
from converter.photographs import names_a_camera, stated_photograph
from converter.places import Placed, place_sources
from converter.planning import series_of, studies_of
from converter.tables import TABLE_KIND, Table, Tables
from converter.units import Series
from pacs_portal.jobs.review.outlooks import Foreseen, NamedFile, Outlook, Surprise
from pacs_portal.jobs.steps import StepFile, Verdict
from pacs_portal.projects.models import Project
from pacs_portal.tools import Text

FORM = "converter.forms.ConvertForm"
READ_ALONG = frozenset({TABLE_KIND, SIDECAR_KIND, LABELS_KIND})
ALONE = VOLUME_KINDS | COMPANION_KINDS | {SLIDE_KIND}  # kinds of which each file tells something
MOST_OPENED = 500  # JPEG files in which a camera is looked for while a person waits
MOST_TABLE_BYTES = 512 * 2**10  # read while a person waits
LONG_TABLE = _("This table is long: it is read when the job starts, and is not counted here.")
NO_VIEWER = _(
    "Those of these volumes that hold floating point numbers become Parametric Maps, which the "
    "viewer does not show."
)
TOO_FEW_FOLDERS = _(
    "These lie in too few folders for the chosen rule, so no folder names their patient."
)
PSEUDONYMS = _(
    "The patients named get pseudonyms of the project; only its data stewards see who they are."
)


class Glance:
    """Tells photographs from other pictures as the plan does, but opens only so many files."""

    def __init__(self) -> None:
        self.left = MOST_OPENED
        self.is_exact = True

    def __call__(self, placed: Placed, options: ConvertOptions) -> bool:
        known = stated_photograph(placed, options)
        if known is not None:
            return known
        self.left -= 1
        self.is_exact &= self.left >= 0
        return self.left >= 0 and names_a_camera(placed.source.file.path)


def outlook() -> Outlook:
    """Return what the portal asks before a conversion."""
    return Outlook(FORM, foresee, READ_ALONG)


def foresee(project: Project, files: Sequence[NamedFile], options: Mapping[str, Any]) -> Foreseen:
    """Return what the files become in a project."""
    chosen = ConvertOptions.of_job(options)
    foreseen = foresee_images(telling_files(files, chosen), chosen)
    if project.accepts_identified or not foreseen.is_named:
        return foreseen
    return replace(foreseen, notes=(*foreseen.notes, PSEUDONYMS))


def telling_files(files: Sequence[NamedFile], chosen: ConvertOptions) -> list[StepFile]:
    """Leave out pictures that change no count: one of each kind tells of its folder.

    A table may say something of each file, and any JPEG may be a photograph.
    """
    if chosen.table or any(file.kind == TABLE_KIND for file in files):
        return [file.as_step_file() for file in files]
    told: set[tuple[str, str]] = set()
    telling: list[NamedFile] = []
    jpegs = 0
    for file in files:
        jpegs += file.kind == "jpeg"
        is_opened = file.kind == "jpeg" and jpegs <= MOST_OPENED + 1
        if file.kind in ALONE or is_opened or (file.folder, file.kind) not in told:
            told.add((file.folder, file.kind))
            telling.append(file)
    return [file.as_step_file() for file in telling]


def foresee_images(files: Sequence[StepFile], chosen: ConvertOptions) -> Foreseen:
    """Return how many patients, studies and series the files become."""
    glance = Glance()
    found = [file for file in files if file.kind == TABLE_KIND]
    read = [file for file in found if file.path.stat().st_size <= MOST_TABLE_BYTES]
    tables = Tables(read)
    whole, verdicts = whole_sources(file for file in files if file.kind != TABLE_KIND)
    places, wrong = place_sources(whole, chosen, tables)
    studies = studies_of(places)
    series_count = sum(1 for study in studies for _series in _series_of(study, chosen, glance))
    surprises = [*_failing([*verdicts, *wrong]), *_about_tables(tables), *_unnamed(places)]
    surprises += [Surprise(LONG_TABLE, f.receipt_ids) for f in found if f not in read]
    surprises += _maps(places, chosen)
    return Foreseen(
        joins=bool(chosen.study),
        patients=len({_patient(number, study[0]) for number, study in enumerate(studies)}),
        studies=len(studies),
        series=series_count,
        is_exact=glance.is_exact,
        is_named=any(one.attributes.patient_id or one.attributes.patient_name for one in places),
        notes=tuple(_notes(tables)),
        surprises=tuple(surprises),
        refused=tuple(verdict.receipt_id for verdict in (*verdicts, *wrong)),
    )


def _series_of(study: Sequence[Placed], chosen: ConvertOptions, glance: Glance) -> Iterator[Series]:
    return series_of(study, chosen, glance, lambda placed: placed.source.file.kind == SLIDE_KIND)


def _patient(number: int, placed: Placed) -> tuple[object, ...]:
    """Return what tells patients apart; without a name each study has one of its own."""
    who = placed.attributes
    if not (who.patient_id or who.patient_name):
        return (number,)
    return who.patient_id, who.patient_name, who.patient_birth_date, who.patient_sex


def _notes(tables: Tables) -> Iterator[Text]:
    for table in tables.tables:
        if table.match_count:
            count = table.match_count
            sentence = ngettext(
                "A table gives attributes to %(count)d image or volume.",
                "A table gives attributes to %(count)d images or volumes.",
                count,
            )
            yield sentence % {"count": count}


def _failing(verdicts: Sequence[Verdict]) -> Iterator[Surprise]:
    for sentence in dict.fromkeys(verdict.sentence for verdict in verdicts):
        numbers = [one.receipt_id for one in verdicts if one.sentence == sentence]
        yield Surprise(gettext(sentence), tuple(numbers))


def _about_tables(tables: Tables) -> Iterator[Surprise]:
    for table in tables.tables:
        for sentence in _told(table):
            yield Surprise(gettext(sentence), table.file.receipt_ids)


def _told(table: Table) -> Iterable[str]:
    return [table.refusal] if table.refusal else [*table.told_problems(), *table.told_unused()]


def _maps(places: Sequence[Placed], chosen: ConvertOptions) -> Iterator[Surprise]:
    volumes = [one.source.file for one in places if one.source.file.kind in VOLUME_KINDS]
    if chosen.parametric_maps and volumes:
        yield Surprise(NO_VIEWER, tuple(file.receipt_ids[0] for file in volumes))


def _unnamed(places: Sequence[Placed]) -> Iterator[Surprise]:
    lacking = [one.source.file.receipt_ids[0] for one in places if one.lacks_folder]
    if lacking:
        yield Surprise(TOO_FEW_FOLDERS, tuple(lacking))

"""What a command tells of a job: one entry per input, with names, for the person who ran it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db.models import Count, QuerySet

from pacs_portal.jobs.delivery import output_dir
from pacs_portal.jobs.models import Destination, FileReceipt, Job, ReceiptOutput
from pacs_portal.jobs.options import options_of
from pacs_portal.jobs.storage import results_dir
from pacs_portal.projects.keys import ProjectKeys, project_keys
from pacs_portal.uploads.models import UploadFile
from pacs_portal.uploads.paths import source_path
from pacs_portal.uploads.services import readable, relative_path

ROWS_AT_ONCE = 500
BAD_OUTCOMES = frozenset({"failed", "held", "cancelled", "waiting"})


def file_report(
    source: Path, outcome: str, reason: str = "", outputs: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """Return what the report says of one input."""
    return {
        "source": readable(source),
        "outcome": outcome,
        "reason": reason,
        "outputs": list(outputs),
    }


def output_report(path: Path | None, sop_instance_uid: str, sha256: str) -> dict[str, str]:
    """Return what the report says of one output; in the archive it has no path."""
    shown = readable(path) if path else ""
    return {"path": shown, "sop_instance_uid": sop_instance_uid, "sha256": sha256}


def whole_report(files: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the report of a run: every input, and how many ended how."""
    counts = Counter(file["outcome"] for file in files)
    return {"files": list(files), "counts": dict(sorted(counts.items()))}


def joined_report(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report of two runs together."""
    counts = Counter(one["counts"]) + Counter(other["counts"])
    return {"files": [*one["files"], *other["files"]], "counts": dict(sorted(counts.items()))}


def report(job: Job) -> dict[str, Any]:
    """Return the report of `job`, ready for JSON; it holds names, so keep it private."""
    return whole_report(_entries(job, job.receipts.all()))


def short_report(job: Job) -> dict[str, Any]:
    """Return the same with the files alone that did not end well: most runs have none."""
    counts = Counter(dict(job.receipts.values_list("outcome").annotate(Count("pk")).order_by()))
    entries = _entries(job, job.receipts.filter(outcome__in=BAD_OUTCOMES))
    return {"files": entries, "counts": dict(sorted(counts.items()))}


def _entries(job: Job, receipts: QuerySet[FileReceipt]) -> list[dict[str, Any]]:
    keys = project_keys(job.project_id)
    root = _root(job)
    receipts = (
        receipts.select_related("upload_file__upload", "upload_file__container__upload")
        .prefetch_related("outputs")
        .order_by("upload_file__number")
    )
    rows = receipts.iterator(chunk_size=ROWS_AT_ONCE)  # a row is ten times as large as its entry
    return [_entry(receipt, keys, root) for receipt in rows]


def _entry(receipt: FileReceipt, keys: ProjectKeys, root: Path | None) -> dict[str, Any]:
    outputs = [_output(output, root) for output in receipt.outputs.all()]
    source = _source(receipt.upload_file, keys)
    return file_report(source, receipt.outcome, receipt.reason, outputs)


def _output(output: ReceiptOutput, root: Path | None) -> dict[str, str]:
    path = root / output.path if root is not None and output.path else None
    return output_report(path, output.sop_instance_uid, output.sha256)


def _source(file: UploadFile, keys: ProjectKeys) -> Path:
    """Return where the person finds the file: for one out of a zip, the zip's place goes on."""
    outermost = file
    while outermost.container is not None:
        outermost = outermost.container
    if outermost.sealed_source is None:
        return Path(relative_path(file, keys))
    inside = relative_path(file, keys).relative_to(relative_path(outermost, keys))
    return source_path(outermost, keys) / inside


def _root(job: Job) -> Path | None:
    if job.destination == Destination.FOLDER:
        return output_dir(job, options_of(job))
    return results_dir(job.pk) if job.destination == Destination.DOWNLOAD else None

"""What a command tells of a job: one entry per input, with names, for the person who ran it."""

from collections import Counter
from pathlib import Path
from typing import Any

from pacs_portal.jobs.delivery import output_dir
from pacs_portal.jobs.models import Destination, FileReceipt, Job, ReceiptOutput
from pacs_portal.jobs.options import options_of
from pacs_portal.jobs.storage import results_dir
from pacs_portal.projects.keys import ProjectKeys, project_keys
from pacs_portal.uploads.models import UploadFile
from pacs_portal.uploads.services import local_path, relative_path


def report(job: Job) -> dict[str, Any]:
    """Return the report of `job`, ready for JSON; it holds names, so keep it private."""
    keys = project_keys(job.project_id)
    root = _root(job)
    receipts = (
        job.receipts.select_related("upload_file__upload", "upload_file__container__upload")
        .prefetch_related("outputs")
        .order_by("upload_file__number")
    )
    files = [_entry(receipt, keys, root) for receipt in receipts]
    return {"files": files, "counts": dict(Counter(entry["outcome"] for entry in files))}


def _entry(receipt: FileReceipt, keys: ProjectKeys, root: Path | None) -> dict[str, Any]:
    return {
        "source": _source(receipt.upload_file, keys),
        "outcome": receipt.outcome,
        "reason": receipt.reason,
        "outputs": [_output(output, root) for output in receipt.outputs.all()],
    }


def _output(output: ReceiptOutput, root: Path | None) -> dict[str, str]:
    return {
        "path": str(root / output.path) if root is not None and output.path else "",
        "sop_instance_uid": output.sop_instance_uid,
        "sha256": output.sha256,
    }


def _source(file: UploadFile, keys: ProjectKeys) -> str:
    if file.sealed_source is not None:
        return str(local_path(file))
    outer = file.container
    if outer is not None and outer.sealed_source is not None:
        inner = relative_path(file, keys).relative_to(relative_path(outer, keys))
        return str(local_path(outer) / inner)
    return str(relative_path(file, keys))


def _root(job: Job) -> Path | None:
    if job.destination == Destination.FOLDER:
        return output_dir(job, options_of(job))
    return results_dir(job.pk) if job.destination == Destination.DOWNLOAD else None

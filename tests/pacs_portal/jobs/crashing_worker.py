"""A worker for the crash tests, in a process of its own on a real database.

    crashing_worker.py prepare FOLDER toys|real     upload, start a job; prints its id
    crashing_worker.py run JOB toys|real [POINT before|after N [SIGNAL]]
    crashing_worker.py decide JOB toys|real [POINT …]   accept or replace what is held, if any is
    crashing_worker.py merge JOB real [POINT …]       merge its patients; prints the job it takes
    crashing_worker.py undo JOB real [POINT …]        undo that merge; prints the job it takes
    crashing_worker.py inspect JOB toys|real        prints what there is, as JSON
    crashing_worker.py serve     a copy of this process for each call that stdin names

With a point, the process sends itself SIGKILL, or SIGNAL, before or after the N-th call of what
the point names ("package.module:function" or "package.module:Class.method").
"""

import functools
import gc
import importlib
import json
import os
import signal
import sys
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "pacs_portal.settings"

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from pacs_portal.accounts.models import User  # noqa: E402
from pacs_portal.archive.models import Instance  # noqa: E402
from pacs_portal.jobs import steps  # noqa: E402
from pacs_portal.jobs.held.causes import allow_decision  # noqa: E402
from pacs_portal.jobs.held.decisions import Choice, decide, open_holds  # noqa: E402
from pacs_portal.jobs.housekeeping import keep_house  # noqa: E402
from pacs_portal.jobs.models import (  # noqa: E402
    Decision,
    Destination,
    HeldFile,
    Job,
    ReceiptAttempt,
    ReceiptOutput,
)
from pacs_portal.jobs.services import create_job, is_waiting_for_archive  # noqa: E402
from pacs_portal.jobs.worker import run_job_here  # noqa: E402
from pacs_portal.projects.services import NewProject, create_project  # noqa: E402
from pacs_portal.uploads.services import (  # noqa: E402
    ManifestEntry,
    complete_upload,
    create_upload,
    receive_file,
)
from pseudonymizer.merges.merging import merge, undo_merge  # noqa: E402
from pseudonymizer.merges.moving import jobs_of  # noqa: E402
from pseudonymizer.models import MatchReason, PatientMerge  # noqa: E402
from tests.pacs_portal.jobs.toys import ToyStep  # noqa: E402

CHOICES = {"toys": ("toy", Destination.DOWNLOAD), "real": ("auto", Destination.ARCHIVE)}


def prepare(folder: Path, kind: str) -> str:
    """Upload the files of `folder` and start a job over them."""
    user = User.objects.create_user("ada@example.org", "passphrase", is_staff=True)
    new = NewProject("heart", "Heart study")
    project = create_project(new, actor=user, owner=user, is_steward_too=True)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = [
        ManifestEntry(PurePosixPath(path.relative_to(folder)), path.stat().st_size)
        for path in paths
    ]
    upload = create_upload(project=project, by=user, manifest=manifest)
    for number, path in enumerate(paths, start=1):
        receive_file(upload, number, [path.read_bytes()])
    complete_upload(upload)
    tool, destination = CHOICES[kind]
    return str(create_job(upload=upload, tool=tool, destination=destination, by=user).pk)


def merge_patients(job: Job) -> str:
    """Merge the second patient of the job's project into the first; print the job that it takes."""
    kept, gone = job.project.patients.order_by("created_at")
    by = User.objects.get()
    made = merge(kept=kept, gone=gone, by=by, reason=MatchReason.SPELLING)
    return str(jobs_of(made).get().pk)


def undo_last_merge() -> str:
    """Undo the merge; print the job that it takes."""
    made = PatientMerge.objects.get()
    undo_merge(made=made, by=User.objects.get(), reason=MatchReason.RELATIVES)
    return str(jobs_of(made).get(options__is_undo=True).pk)


def decide_all(job: Job, kind: str) -> None:
    """Decide about what is held, as its steward."""
    decision = Decision.ACCEPT if kind == "toys" else Decision.REPLACE
    choice = Choice(decision, User.objects.get(), "I looked at it")
    for held in open_holds(job.project):
        decide(held=held, choice=choice)


def crash_at(point: str, when: str, call_number: int, signal_number: int) -> None:
    """Wrap the function of `point` wherever it was imported to."""
    module_name, _, path = point.partition(":")
    owner: Any = importlib.import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    original = getattr(owner, name)
    calls = 0

    @functools.wraps(original)
    def crashing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        is_due = calls == call_number
        if is_due and when == "before":
            os.kill(os.getpid(), signal_number)
        answer = original(*args, **kwargs)
        if is_due and when == "after":
            os.kill(os.getpid(), signal_number)
        return answer

    setattr(owner, name, crashing)
    for module in list(sys.modules.values()):
        if getattr(module, name, None) is original:
            setattr(module, name, crashing)


def inspect(job: Job) -> dict[str, Any]:
    """Return what there is of `job`, everywhere."""
    receipts = job.receipts.select_related("upload_file").order_by("upload_file__number")
    results = settings.RESULTS_DIR / str(job.pk)
    return {
        "state": job.state,
        "waits_for_service": is_waiting_for_archive(job),
        "parts": sorted(job.parts.values_list("state", flat=True)),
        "outcomes": {r.upload_file.number: [r.outcome, r.code] for r in receipts},
        "inputs": sorted(
            job.upload.files.exclude(state="unpacked").values_list("number", flat=True)
        ),
        "attempts": ReceiptAttempt.objects.filter(receipt__job=job).count(),
        "outputs": sorted(
            ReceiptOutput.objects.filter(receipt__job=job).values_list(
                "sop_instance_uid", flat=True
            )
        ),
        "written": sorted(path.stem for path in results.rglob("*") if path.is_file()),
        "digests": sorted(
            Instance.objects.exclude(stored_at=None).values_list("sha256", flat=True)
        ),
        "decisions": list(HeldFile.objects.values_list("decision", flat=True)),
        "counted": sorted(job.project.studies.values_list("instance_count", flat=True)),
        "stored": sorted(
            Instance.objects.exclude(stored_at=None).values_list("sop_instance_uid", flat=True)
        ),
        "patients": job.project.patients.count(),
        "aliases": job.project.patients.exclude(merged_into=None).count(),
        "merges": [made.is_undone for made in PatientMerge.objects.all()],
        "jobs": Job.objects.count(),
        "indexed": sorted(job.project.studies.values_list("patient_id", flat=True)),
        "held": HeldFile.objects.filter(receipt__job=job).count(),
        "held_files": sorted(path.name for path in settings.HELD_DIR.glob("*/*")),
        "held_folders": _count(settings.HELD_DIR),
        "work_folders": _count(settings.WORK_DIR),
        "originals": sorted(
            path.name for path in (settings.UPLOADS_DIR / str(job.upload_id)).glob("[0-9]*")
        ),
    }


def _count(folder: Path) -> int:
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def serve() -> None:
    """Run each call of stdin in a copy of this process and print its exit status.

    A copy is at work at once: starting Python and Django anew takes it two seconds each time.
    """
    gc.freeze()
    for line in sys.stdin:
        call = json.loads(line)
        copy = os.fork()
        if not copy:
            _move_to(call)
            main(*call["arguments"])
            sys.stdout.flush()
            os._exit(0)  # tidying up takes longer than most calls
        _, status = os.waitpid(copy, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _move_to(call: dict[str, Any]) -> None:
    """Become a process of the call's installation: its streams, environment and database."""
    for number, name in ((0, os.devnull), (1, call["out"]), (2, call["err"])):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(call["environment"])
    read_anew = importlib.reload(sys.modules[os.environ["DJANGO_SETTINGS_MODULE"]])
    for name in filter(str.isupper, vars(read_anew)):
        setattr(settings, name, getattr(read_anew, name))
    connections._settings = connections.configure_settings(settings.DATABASES)
    vars(connections).pop("settings", None)
    del connections["default"]


def main(command: str, subject: str, kind: str, *crash: str) -> None:
    if kind == "toys":
        steps._steps.clear()
        steps.register_step(ToyStep.name, ToyStep)
        allow_decision(Decision.ACCEPT, "name-found")
    if command == "prepare":
        sys.stdout.write(prepare(Path(subject), kind))
        return
    job = Job.objects.get(pk=subject)
    if crash:
        point, when, number, *name = crash
        crash_at(point, when, int(number), signal.Signals[name[0] if name else "SIGKILL"])
    if command in ("merge", "undo"):
        sys.stdout.write(merge_patients(job) if command == "merge" else undo_last_merge())
        return
    if command == "decide":
        decide_all(job, kind)
    elif command == "run":
        run_job_here(job)
        keep_house()  # as every worker does when it starts, and again from time to time
    sys.stdout.write(json.dumps(inspect(Job.objects.get(pk=subject))))


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        main(*sys.argv[1:])

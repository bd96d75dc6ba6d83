"""What the commands of all tools share: sources, exit status, private files, one clear line."""

import getpass
import os
import stat
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, OutputWrapper
from django.db import DatabaseError, connection

from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.report import BAD_OUTCOMES, file_report
from pacs_portal.jobs.steps import DiskFullError
from pacs_portal.jobs.verdicts import UNREADABLE, disk_full_told
from pacs_portal.projects.errors import NO_DATABASE
from pacs_portal.projects.models import Project
from pacs_portal.uploads.errors import UploadError
from pacs_portal.uploads.manifest import ManifestEntry

SOME_FAILED, WRONG_USAGE = 1, 2


@dataclass(repr=False)
class Sources:
    """The files a command was given, and those of them that cannot be read at all."""

    entries: dict[PurePosixPath, ManifestEntry] = field(default_factory=dict)
    unreadable: list[Path] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)

    def add(self, name: PurePosixPath, path: Path) -> None:
        """Take a file in, once, under a name of its own."""
        if str(path) in self.paths:
            return
        self.paths.add(str(path))
        status = _status_of(path)
        if status and stat.S_ISREG(status.st_mode) and os.access(path, os.R_OK):
            name = _free_name(name, self.entries)
            modified_at = datetime.fromtimestamp(status.st_mtime, tz=UTC)
            self.entries[name] = ManifestEntry(name, status.st_size, modified_at, source=path)
        else:
            self.unreadable.append(path)

    def take(self) -> list[ManifestEntry]:
        """Return what is to be announced, and let go of it: of many files it fills the memory."""
        entries = list(self.entries.values())
        self.entries, self.paths = {}, set()
        return entries

    @property
    def failures(self) -> list[dict[str, Any]]:
        """What the report says of files that cannot be read."""
        return [file_report(path, "failed", UNREADABLE) for path in self.unreadable]


def wrong_usage(sentence: str) -> CommandError:
    """Return the error that ends a command with status 2 and one line."""
    return CommandError(sentence, returncode=WRONG_USAGE)


@contextmanager
def one_clear_line() -> Iterator[None]:
    """Turn what stops a command altogether into one line on stderr, and status 2 or 1."""
    try:
        with disk_full_told():
            yield
    except DiskFullError as error:
        raise CommandError(error.sentence, returncode=SOME_FAILED) from None
    except (ImproperlyConfigured, JobError) as error:
        raise wrong_usage(str(error)) from None
    except UploadError as error:
        raise wrong_usage(error.sentence) from None
    except DatabaseError:
        raise wrong_usage(NO_DATABASE) from None


def actor_label() -> str:
    """Return who runs the command, as history and audit name her."""
    return f"cli:{getpass.getuser()}"


def project_of(key: str) -> Project:
    """Return the active project; without the portal's database nothing is made."""
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        raise wrong_usage(NO_DATABASE)
    project = Project.objects.filter(key=key, is_active=True).first()
    if project is None:
        raise wrong_usage("There is no active project with this key. Make it with createproject.")
    return project


def find_files(sources: Sequence[Path], output: Path | None) -> Sources:
    """Return every file of the sources, folders with all that is below; nothing of `output`.

    Paths are relative to the folder in which the source lies, so that its own name stays.
    """
    found = Sources()
    output = output.resolve() if output else None
    for source in sources:
        if not source.exists():
            raise wrong_usage(f"{source} does not exist.")
        root = source.resolve()
        for name, path in _files_below(root, output):
            found.add(name, path)
    if not found.paths:
        raise wrong_usage("There is no file in the given sources.")
    return found


def make_output(output: Path) -> Path:
    """Return the output folder, made where it was missing, for this account's eyes only."""
    try:
        output.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise wrong_usage(f"The output folder cannot be made: {error.strerror}.") from None
    return output.resolve()


def write_private(path: Path, text: Iterable[str]) -> None:
    """Write a file, piece by piece, that only this account may read, whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")  # mode 0600
    part = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.writelines(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def check_writable(path: Path | None, option: str) -> None:
    """Refuse a file of the user's choice that could not be written at the end."""
    if path is not None and (path.is_dir() or not os.access(path.parent, os.W_OK)):
        raise wrong_usage(f"{option}: this file cannot be written.")


def print_ends(report: Mapping[str, Any], out: OutputWrapper, err: OutputWrapper) -> bool:
    """Name what did not end well on the person's own terminal; return whether there was any."""
    for file in report["files"]:
        if file["outcome"] in BAD_OUTCOMES:
            err.write(f"{file['source']}: {file['outcome']}: {file['reason']}\n")
    counts = [f"{count} {outcome}" for outcome, count in report["counts"].items() if count]
    out.write(f"{', '.join(counts) or 'nothing'}\n")
    return any(report["counts"].get(outcome) for outcome in BAD_OUTCOMES)


def _files_below(root: Path, output: Path | None) -> Iterator[tuple[PurePosixPath, Path]]:
    """Yield each file with its path from the folder in which `root` lies."""
    if not root.is_dir():
        yield PurePosixPath(root.name), root
        return
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if here / name != output)
        relative = PurePosixPath(here.relative_to(root.parent))
        yield from ((relative / name, here / name) for name in sorted(files))


def _free_name(name: PurePosixPath, taken: Collection[PurePosixPath]) -> PurePosixPath:
    """Tell apart equal names of sources from different folders."""
    free, number = name, 2
    while free in taken:
        first, *rest = name.parts
        free = PurePosixPath(f"{first} ({number})", *rest)
        number += 1
    return free


def _status_of(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None

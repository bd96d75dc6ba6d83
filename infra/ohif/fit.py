"""Fits the published build of the OHIF viewer to /ohif/ of the portal."""

import gzip
import hashlib
import shutil
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from infra.errors import FitError
from infra.ohif.replacements import REPLACEMENTS, Replacement

HERE = Path(__file__).parent
OWN_FILES = ("app-config.js", "start.js")
# Service worker and hosted-cloud page: both load scripts from other hosts.
DROPPED_NAMES = frozenset({"sw.js", "google.js"})
COMPRESSED_SUFFIXES = frozenset({".js", ".css", ".html", ".json", ".svg", ".wasm"})
# The models' runtime is fetched by few; compressing its 100 MB would double the set-up time.
UNCOMPRESSED_FOLDER = "ort"
SMALLEST_COMPRESSED_BYTES = 1024


def fit_digest() -> str:
    """Name this fit: another source of it gives another folder."""
    digest = hashlib.sha256()
    parts = ("plain_views.js", "channels.js", "ask_again.js")
    for name in (*OWN_FILES, "fit.py", "replacements.py", *parts):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()[:12]


def fit(tarball: Path, target: Path) -> None:
    """Unpack `tarball` and fit it; `target` appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".fit-", dir=target.parent))
    try:
        unpack(tarball, work)
        fit_folder(work)
        compress_folder(work)
        _appear(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _appear(work: Path, target: Path) -> None:
    try:
        work.rename(target)
    except OSError:
        if not target.is_dir():  # else another process was first with the very same
            raise


def unpack(tarball: Path, folder: Path) -> None:
    """Write the files of the package's dist/ and its license into `folder`."""
    with tarfile.open(tarball) as archive:
        for member in archive:
            place = _place(PurePosixPath(member.name))
            source = archive.extractfile(member) if place and member.isfile() else None
            if place is None or source is None:
                continue
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                shutil.copyfileobj(source, file)


def _place(name: PurePosixPath) -> PurePosixPath | None:
    """Return where a file of the package belongs, None for what is left out."""
    if name == PurePosixPath("package/LICENSE"):
        return PurePosixPath("LICENSE")
    is_wanted = (
        name.parts[:2] == ("package", "dist")
        and ".." not in name.parts
        and name.suffix != ".map"
        and name.name not in DROPPED_NAMES
    )
    return name.relative_to("package/dist") if is_wanted else None


def fit_folder(folder: Path) -> None:
    """Make all replacements in `folder` and lay our own files into it."""
    for replacement in REPLACEMENTS:
        replace_counted(folder, replacement)
    for name in OWN_FILES:
        shutil.copyfile(HERE / name, folder / name)
    (folder / "init-service-worker.js").write_text("")


def replace_counted(folder: Path, replacement: Replacement) -> None:
    """Make one replacement; another count than the pinned one stops."""
    found = 0
    for path in sorted(folder.glob(replacement.files)):
        text, count = replacement.pattern.subn(replacement.replacement, path.read_text("utf-8"))
        if count:
            path.write_text(text, "utf-8")
            found += count
    if found != replacement.count:
        raise FitError(
            f"The viewer does not fit: {replacement.what} ({replacement.files}) should occur "
            f"{replacement.count} times, found {found}. Use the pinned version of the viewer, "
            "or adapt infra/ohif/replacements.py to the new one."
        )


def compress_folder(folder: Path) -> None:
    """Lay a .gz beside every large text file, for the portal to serve as it is."""
    paths = [path for path in folder.rglob("*") if _is_compressed(path.relative_to(folder), path)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(_compress, paths))


def _is_compressed(name: Path, path: Path) -> bool:
    return (
        path.suffix in COMPRESSED_SUFFIXES
        and name.parts[0] != UNCOMPRESSED_FOLDER
        and path.stat().st_size >= SMALLEST_COMPRESSED_BYTES
    )


def _compress(path: Path) -> None:
    content = gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)
    path.with_name(path.name + ".gz").write_bytes(content)

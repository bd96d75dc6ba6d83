"""Who takes part: our command, `cp -r`, and what Debian and PyPI have for the same purpose."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.leftovers import put_away
from tests.bench.measuring import RunError

ROOT = Path(__file__).parents[2]
FOLDER_SCRIPT = Path(__file__).with_name("dcmanon_folder.py")
FLOOR_SCRIPT = Path(__file__).with_name("copy_checksum.py")
DEBIAN_PACKAGES = ("dcmtk", "libgdcm-tools", "openssl")
PYPI_PEERS = ("dicom-anonymizer==2.1.0", "dcmanon==0.3.1", "deid==0.4.13", "dicognito==0.19.0")
# What dcmodify can be told in one call: the identifiers that the others replace or remove, too.
REPLACED = {"(0010,0010)": "PSEUDONYM", "(0010,0020)": "PSEUDONYM", "(0010,0030)": ""}
ERASED = ("(0008,0050)", "(0008,0080)", "(0008,0081)", "(0008,0090)", "(0008,1070)", "(0010,1000)")

_READ_BYTES = 1 << 20

Command = Callable[[Path, Path], list[str]]


@dataclass(frozen=True)
class Contestant:
    """One way to get the files of a folder into another."""

    name: str
    command: Command  # (sources, an empty output folder) -> what to run
    environment: Mapping[str, str] = field(default_factory=dict)
    # The one folder that every round needs fresh, as it was before the first: (kept, used).
    fresh: tuple[Path, Path] | None = None
    missing: str = ""  # why it cannot take part


def contestants(room: Path) -> list[Contestant]:
    """Return everybody, those too that are missing here."""
    return [
        ours(room / "portal"),
        Contestant("cp -r", lambda sources, out: ["cp", "-r", str(sources), str(out)]),
        floor(),
        dcmodify(),
        gdcmanon(room),
        *pypi_peers(room / "peers"),
    ]


def ours(folder: Path) -> Contestant:
    """Make a portal with one project; each round gets a copy of it, as it was made."""
    kept, used = folder / "made", folder / "used"
    environment = {
        "PACS2GO_DATA": str(used),
        "PACS2GO_KEYS_FILE": str(folder / "keys"),
        "PACS2GO_SECRET_KEY": "only-for-the-benchmark-" + 32 * "x",
    }
    shutil.rmtree(folder, ignore_errors=True)
    used.mkdir(parents=True)
    for arguments in (["migrate", "-v0"], ["createproject", "bench", "--name", "Bench"]):
        subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env={**os.environ, **environment},
            check=True,
            stdout=subprocess.DEVNULL,
        )
    used.rename(kept)
    return Contestant("manage.py pseudonymize", _pseudonymize, environment, fresh=(kept, used))


def floor() -> Contestant:
    """Return what any program pays that reads, writes and digests each file."""
    return Contestant(
        "copy and SHA-256 alone, one per core",
        lambda sources, out: [sys.executable, str(FLOOR_SCRIPT), str(sources), str(out)],
    )


def dcmodify() -> Contestant:
    """Return DCMTK's dcmodify, in place on a copy; the copy counts."""
    changes = [f'-ma "{tag}={value}"' for tag, value in REPLACED.items()]
    changes += [f'-ea "{tag}"' for tag in ERASED]
    modify = f"xargs -0 dcmodify -q -nb -imt {' '.join(changes)}"

    def command(sources: Path, out: Path) -> list[str]:
        script = f'cp -r "$0" "$1" && find "$1" -type f -print0 | {modify}'
        return ["sh", "-c", script, str(sources), str(out)]

    return Contestant("dcmodify", command, missing=not_on_path("dcmodify", "dcmtk"))


def gdcmanon(room: Path) -> Contestant:
    """Return GDCM's gdcmanon, which encrypts what it removes for a certificate."""
    certificate = room / "certificate.pem"
    missing = not_on_path("gdcmanon", "libgdcm-tools") or _make_certificate(certificate)

    def command(sources: Path, out: Path) -> list[str]:
        out.mkdir()
        return ["gdcmanon", "-e", "-c", str(certificate), "-r", "-i", str(sources), "-o", str(out)]

    return Contestant("gdcmanon", command, missing=missing)


def pypi_peers(venv: Path) -> list[Contestant]:
    """Return the peers of PyPI, installed into a venv of their own."""
    missing = make_peers(venv)

    def dicom_anonymizer(sources: Path, out: Path) -> list[str]:
        # It takes the files of one folder and none below it: one call for each series.
        script = 'for d in "$1"/*/*; do t=$2${d#"$1"}; mkdir -p "$t"; "$0" "$d" "$t" || exit; done'
        return ["sh", "-c", script, str(venv / "bin" / "dicom-anonymizer"), str(sources), str(out)]

    def dcmanon(processes: str) -> Command:
        python = str(venv / "bin" / "python")
        return lambda sources, out: [python, str(FOLDER_SCRIPT), str(sources), str(out), processes]

    return [
        Contestant("dcmanon 0.3.1, one process", dcmanon("1"), missing=missing),
        Contestant("dcmanon 0.3.1, one per core", dcmanon("0"), missing=missing),
        Contestant("dicom-anonymizer 2.1", dicom_anonymizer, missing=missing),
    ]


def _pseudonymize(sources: Path, out: Path) -> list[str]:
    manage = str(ROOT / "manage.py")
    arguments = ["pseudonymize", str(sources), "--project", "bench", "--output", str(out)]
    return [sys.executable, manage, *arguments]


def not_on_path(program: str, package: str) -> str:
    return "" if shutil.which(program) else f"{program} is not here; it is in Debian's {package}"


def _make_certificate(path: Path) -> str:
    """Return why there is no certificate, or an empty text."""
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=bench"]
    keys = ["-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    return "" if path.exists() else _failure([*request, *keys])


def make_peers(venv: Path, packages: Sequence[str] = PYPI_PEERS) -> str:
    """Install peers of PyPI into a venv; return why that cannot be, or an empty text."""
    python = venv / "bin" / "python"
    if not python.exists() and (said := _failure([sys.executable, "-m", "venv", str(venv)])):
        return said
    return _failure([str(python), "-m", "pip", "install", "--quiet", *packages])


def _failure(command: list[str]) -> str:
    """Run a command; return the last line of what it said if it failed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    if not done.returncode:
        return ""
    lines = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
    return lines[-1][:200]


def prepare(contestant: Contestant, sources: Path, out: Path) -> None:
    """Put away what the last round left, and let the disk settle."""
    put_away(out)
    if contestant.fresh:
        kept, used = contestant.fresh
        put_away(used)
        shutil.copytree(kept, used)
    os.sync()
    _warm(sources)


def _warm(sources: Path) -> None:
    """Read everything once, so that nobody waits for the disk who comes first."""
    for path in sources.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                while stream.read(_READ_BYTES):
                    pass


def check_complete(out: Path, count: int) -> None:
    """Refuse a run that did not write every file."""
    written = sum(1 for path in out.rglob("*") if path.is_file())
    if written != count:
        raise RunError(f"wrote {written} of {count} files")

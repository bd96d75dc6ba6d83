"""Counts what tools leave of planted identifiers: python -m tests.bench.identifiers."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.bench.contestants import ROOT, gdcmanon, make_peers, ours
from tests.bench.hard_files import make_hard_files
from tests.bench.page import put_section
from tests.bench.planting import Planter
from tests.services.orthanc import RunningOrthanc

PEER_SCRIPT = Path(__file__).with_name("peers_per_file.py")
SECTION = """## Identifiers left in hard files

{files} files of 1 to 10 KB with {planted:,} planted identifiers: in every text and UID attribute of
Table E.1-1 at top level, in sequences, in sequences of VR UN; in private attributes, overlays,
curves, reports, structure sets; in attributes that no dictionary knows, where numbers belong, in
free text, around the dataset and inside JPEG frames; four transfer syntaxes
(`tests/bench/hard_files.py`). Each tool as it is without further settings, file by file.

| | files written | identifiers left |
|---|---|---|
{rows}

A file that is not written was refused by the tool, or held back: ours holds those in which the
patient's own name stands where makers write the settings of a scanner. What no program can know is
not planted: the name of somebody whom the file names nowhere else, in the form of a code.
{missing}"""


@dataclass(frozen=True)
class Count:
    """What one tool did with the files; `error` says why it could not take part."""

    name: str
    written: int = 0
    left: int = 0
    error: str = ""


def main(arguments: Sequence[str]) -> int:
    """Make the files, let every tool treat them, print and write the section."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.identifiers")
    parser.add_argument("--room", type=Path, default=ROOT / "var" / "bench", help="working folder")
    parser.add_argument("--write", type=Path, help="the page whose section to write")
    options = parser.parse_args(arguments)
    room = options.room / "identifiers"
    shutil.rmtree(room, ignore_errors=True)
    planter = make_hard_files(room / "sources")
    counts = [
        _count(name, treat, planter, room / "out")
        for name, treat in tools(room, options.room).items()
    ]
    section = section_of(counts, len(list((room / "sources").iterdir())), len(planter.planted))
    sys.stdout.write(section)
    if options.write:
        put_section(options.write, section)
    return 1 if counts[0].left or counts[0].error else 0


def tools(room: Path, shared: Path) -> dict[str, Callable[[Path], str]]:
    """Return by name what treats the files into a folder and says why it cannot."""
    sources = room / "sources"
    return {
        "manage.py pseudonymize": lambda out: _ours(room, sources, out),
        "Orthanc, anonymize": lambda out: _orthanc(room, sources, out),
        "gdcmanon": lambda out: _gdcmanon(shared, sources, out),
        **{
            f"{tool} {version}": lambda out, tool=tool: _peer(shared, tool, sources, out)
            for tool, version in (
                ("dcmanon", "0.3.1"),
                ("dicom-anonymizer", "2.1.0"),
                ("deid", "0.4.13"),
                ("dicognito", "0.19.0"),
            )
        },
    }


def section_of(counts: Sequence[Count], files: int, planted: int) -> str:
    """Return the section of the page."""
    rows = [
        f"| {count.name} | {count.written} of {files} | {count.left:,} |"
        for count in counts
        if not count.error
    ]
    missing = [f"- {count.name}: {count.error}" for count in counts if count.error]
    return SECTION.format(
        files=files,
        planted=planted,
        rows="\n".join(rows),
        missing="\nNot measured:\n\n" + "\n".join(missing) + "\n" if missing else "",
    )


def _count(name: str, treat: Callable[[Path], str], planter: Planter, out: Path) -> Count:
    shutil.rmtree(out, ignore_errors=True)
    error = treat(out)
    if error:
        return Count(name, error=error)
    written = sum(1 for path in out.rglob("*") if path.is_file())
    return Count(name, written, len(planter.left_in(out)))


def _ours(room: Path, sources: Path, out: Path) -> str:
    contestant = ours(room / "portal")
    if contestant.fresh:
        shutil.copytree(*contestant.fresh)
    command = contestant.command(sources, out)
    environment = {**os.environ, **contestant.environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return "" if done.returncode in (0, 1) else done.stderr[-200:]


def _orthanc(room: Path, sources: Path, out: Path) -> str:
    orthanc = RunningOrthanc(room / "orthanc")
    orthanc.start()
    out.mkdir()
    try:
        login = (orthanc.plan.username, orthanc.plan.password)
        with httpx.Client(base_url=orthanc.url, auth=login, trust_env=False) as client:
            for source in sorted(sources.iterdir()):
                posted = client.post("/instances", content=source.read_bytes())
                if not posted.is_success:
                    continue
                made = client.post(f"/instances/{posted.json()['ID']}/anonymize", json={})
                if made.is_success:
                    (out / source.name).write_bytes(made.content)
    finally:
        orthanc.stop()
    return ""


def _gdcmanon(shared: Path, sources: Path, out: Path) -> str:
    contestant = gdcmanon(shared)
    if contestant.missing:
        return contestant.missing
    out.mkdir()
    certificate = str(shared / "certificate.pem")
    for source in sorted(sources.iterdir()):
        target = out / source.name
        command = ["gdcmanon", "-e", "-c", certificate, "-i", str(source), "-o", str(target)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            target.unlink(missing_ok=True)
    return ""


def _peer(shared: Path, tool: str, sources: Path, out: Path) -> str:
    venv = shared / "peers"
    if missing := make_peers(venv):
        return missing
    command = [str(venv / "bin" / "python"), str(PEER_SCRIPT), tool, str(sources), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1][:200] if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

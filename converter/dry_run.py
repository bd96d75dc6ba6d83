"""What a command would make of its sources, told on the terminal before it does anything."""

import tempfile
from pathlib import Path

from converter.local_inputs import FileEnd, inputs
from converter.options import ConvertOptions
from converter.outlook import foresee_images
from pacs_portal.jobs.commandline import Sources


def foretold(sources: Sources, options: ConvertOptions) -> list[str]:
    """Return lines for the person's own terminal; nothing is converted or kept.

    Zips are unpacked into the system's temporary folder, which is emptied again.
    """
    left_out: list[FileEnd] = []
    with tempfile.TemporaryDirectory(prefix="pacs2go-") as folder:
        files = list(inputs(sources, Path(folder), left_out))
        foreseen = foresee_images(files, options)
    least = "" if foreseen.is_exact else "at least "
    lines = [
        f"{foreseen.patients} patients, {foreseen.studies} studies, {least}{foreseen.series} series"
    ]
    lines += [str(note) for note in foreseen.notes]
    lines += [f"{one.sentence} ({len(one.numbers)} files)" for one in foreseen.surprises]
    failed = sum("failed" in end.outcomes for end in left_out)
    return lines + ([f"{failed} files cannot be converted"] if failed else [])

"""What a command would make of its sources, told on the terminal before it does anything."""

from converter.options import ConvertOptions
from converter.outlook import foresee_images
from converter.step import ConvertStep
from pacs_portal.jobs.commandline import Sources
from pacs_portal.jobs.steps import StepFile
from pacs_portal.uploads.sniffing import sniff_file


def foretold(sources: Sources, options: ConvertOptions) -> list[str]:
    """Return lines for the person's own terminal; nothing is unpacked, converted or kept."""
    step, files, left_out, zips = ConvertStep(), [], 0, 0
    for number, (name, entry) in enumerate(sources.entries.items(), start=1):
        if entry.source is None:
            continue
        kind = sniff_file(entry.source, name)
        zips += kind == "zip"
        if kind in {"zip", "system"} or step.refusal(kind):
            left_out += kind not in {"zip", "system"}
        else:
            files.append(StepFile(entry.source, (number,), kind, name))
    foreseen = foresee_images(files, options)
    least = "" if foreseen.is_exact else "at least "
    lines = [
        f"{foreseen.patients} patients, {foreseen.studies} studies, {least}{foreseen.series} series"
    ]
    lines += [str(note) for note in foreseen.notes]
    lines += [f"{one.sentence} ({len(one.numbers)} files)" for one in foreseen.surprises]
    lines += [f"{left_out} files cannot be converted"] if left_out else []
    return lines + ([f"{zips} zips were not looked into"] if zips else [])

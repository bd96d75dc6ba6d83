"""Write each slice of the volumes in a folder as DICOM with SimpleITK: SCRIPT SOURCES OUTPUT.

As SimpleITK's own example of a DICOM series from an array does it.
"""

import sys
import uuid
from pathlib import Path

import SimpleITK


def write_series(source: Path, out: Path) -> None:
    """Write one file, of one volume or of several in time."""
    image = SimpleITK.ReadImage(str(source))
    volumes = image.GetSize()[3] if image.GetDimension() == 4 else 1
    writer = SimpleITK.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    study, series, number = new_uid(), new_uid(), 0
    for volume in range(volumes):
        one = image[:, :, :, volume] if volumes > 1 else image
        orientation = "\\".join(map(str, [*one.GetDirection()[0::3], *one.GetDirection()[1::3]]))
        for place in range(one.GetSize()[2]):
            number += 1
            plane = one[:, :, place]
            position = one.TransformIndexToPhysicalPoint((0, 0, place))
            tags = {
                "0008|0060": "MR",
                "0008|0018": new_uid(),
                "0020|000d": study,
                "0020|000e": series,
                "0020|0037": orientation,
                "0020|0032": "\\".join(map(str, position)),
                "0020|0013": str(number),
                "0020|0100": str(volume + 1),
            }
            for tag, value in tags.items():
                plane.SetMetaData(tag, value)
            writer.SetFileName(str(out / f"{source.name}-{number}.dcm"))
            writer.Execute(plane)


def new_uid() -> str:
    """Return a UID of its own."""
    return f"2.25.{uuid.uuid4().int}"


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    folder.mkdir()
    for path in sorted(Path(sys.argv[1]).iterdir()):
        write_series(path, folder)

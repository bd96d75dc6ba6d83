"""What must change in the published viewer so that it runs below /ohif/ without inline scripts."""

import re
from dataclasses import dataclass
from pathlib import Path

BASE = "/ohif/"


@dataclass(frozen=True)
class Replacement:
    """One exact change and how often the pinned version needs it."""

    what: str
    files: str
    pattern: re.Pattern[str]
    replacement: str
    count: int


REPLACEMENTS = (
    Replacement(
        "views of arrays without eval, for segmentations",
        "*.js",
        re.compile(r"function compileConstructor\(dtype, dimension\) \{\n"),
        (Path(__file__).parent / "plain_views.js").read_text("utf-8"),
        3,
    ),
    Replacement(
        "channels of slides",
        "*.bundle.*.js",
        re.compile(r"viewer\.render\(\{\n\s+container\n\s+\}\);"),
        (Path(__file__).parent / "channels.js").read_text("utf-8"),
        1,
    ),
    Replacement(
        "count of focal planes, which it looks for in another attribute",
        "dicom-microscopy-viewer/dicomMicroscopyViewer.min.js",
        re.compile(
            r"Number\(metadata\.NumberOfFocalPlanes \|\| 1\);\n"
            r"\s+if \(numberOfFocalPlanes > 1\) \{\n\s+throw new Error\([^\n]+\n\s+\}"
        ),
        "Number(metadata.TotalPixelMatrixFocalPlanes || 1);",
        1,
    ),
    Replacement(
        "focal plane that is shown: the middle one",
        "dicom-microscopy-viewer/dicomMicroscopyViewer.min.js",
        re.compile(r"frameMapping\[key\] = (?=[^\n]+\n\s+number \+= 1;)"),
        "if (p === numberOfFocalPlanes >> 1) frameMapping[key] = ",
        1,
    ),
    Replacement(
        "tiles that are asked for again while the archive restarts",
        "dicom-microscopy-viewer/dicomMicroscopyViewer.min.js",
        re.compile(r"client\.retrieveInstanceFrames\(retrieveOptions\)\.then"),
        (Path(__file__).parent / "ask_again.js").read_text("utf-8"),
        1,
    ),
    Replacement(
        "base address of scripts",
        "*.js",
        re.compile(r'__webpack_require__\.p = "/";'),
        f'__webpack_require__.p = "{BASE}";',
        8,
    ),
    Replacement(
        "address of the microscopy viewer",
        "app.bundle.*.js",
        re.compile(r"browserImportFunction\('/dicom-microscopy-viewer/"),
        f"browserImportFunction('{BASE}dicom-microscopy-viewer/",
        1,
    ),
    Replacement(
        "addresses of fonts",
        "*.css",
        re.compile(r"url\(/(?=[^/])"),
        f"url({BASE}",
        5,
    ),
    Replacement(
        "addresses in the page",
        "index.html",
        re.compile(r'(href|src|content)="/(?=[^/])'),
        rf'\1="{BASE}',
        33,
    ),
    Replacement(
        "first inline script of the page",
        "index.html",
        re.compile(r'<script>console\.time\("scriptToView"\),window\.PUBLIC_URL="/"</script>'),
        f'<script src="{BASE}start.js"></script>',
        1,
    ),
    Replacement(
        "second inline script of the page",
        "index.html",
        re.compile(
            r"<script>function browserImportFunction\(n\)\{return import\(n\)\}"
            r'window\.PUBLIC_URL="/"</script>'
        ),
        "",
        1,
    ),
    Replacement(
        "addresses of icons",
        "manifest.json",
        re.compile(r'"/(?=assets/)'),
        f'"{BASE}',
        9,
    ),
)

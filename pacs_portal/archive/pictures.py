"""The parameters of a rendered picture (PS3.18 8.3.5), bounded before Orthanc sees them.

Orthanc draws as large a canvas as it is told to, and one of more pixels than it can count ends it.
"""

import re
from urllib.parse import urlencode

from django.http import QueryDict

from pacs_portal.archive.queries import BadQueryError

THUMBNAIL_SIZE = "256,256"
LARGEST_SIDE = 4096
NUMBER = r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?"
SHAPES = {
    "quality": re.compile(r"[1-9][0-9]?|100"),
    "viewport": re.compile(r"(?P<columns>[1-9][0-9]{0,3}),(?P<rows>[1-9][0-9]{0,3})"),
    "window": re.compile(rf"{NUMBER},{NUMBER},(?:linear|linear-exact|sigmoid)"),
}


def picture_query(parameters: QueryDict, *, is_thumbnail: bool) -> str:
    """Return the query string of a picture; other parameters than PS3.18's own are left out.

    Raises
    ------
    BadQueryError
        If a parameter is malformed or asks for too large a picture.
    """
    given = {name: str(parameters[name]) for name in SHAPES if name in parameters}
    for name, value in given.items():
        match = SHAPES[name].fullmatch(value)
        if match is None or any(int(side) > LARGEST_SIDE for side in match.groupdict().values()):
            raise BadQueryError(
                "A rendering parameter is malformed: quality is 1 to 100, viewport is columns,rows "
                f"of at most {LARGEST_SIDE} each, window is center,width,function."
            )
    if is_thumbnail:
        given.setdefault("viewport", THUMBNAIL_SIZE)
    return urlencode(given, safe=",")  # Orthanc does not decode the comma

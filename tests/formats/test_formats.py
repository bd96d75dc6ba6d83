"""The page of formats is what the converter does."""

import numpy as np
import pytest

from tests.formats.page import PAGE, FormatError, page, refusal, row
from tests.formats.pictures import jpegs
from tests.formats.samples import Refused, Sample


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_page_of_formats_is_up_to_date() -> None:
    stale = "docs/formats.md is stale: run python -m tests.formats"
    assert PAGE.read_text(encoding="utf-8") == page(), stale


def test_other_pixels_than_the_reader_finds_never_reach_the_page() -> None:
    sample = jpegs()[4]
    wrong = Sample("JPEG", "wrong", sample.data, "nobody", lambda data: np.zeros((44, 61, 3)))
    with pytest.raises(FormatError, match="pixels differ"):
        row(wrong)


def test_what_is_converted_is_never_told_to_be_refused() -> None:
    with pytest.raises(FormatError, match="converted"):
        refusal(Refused("JPEG", jpegs()[0].data))

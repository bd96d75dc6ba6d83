"""What the tests of pixels share."""

import numpy as np
import pytest

from tests.bench.planted_text import background
from tests.pseudonymizer.engine.burned_in.images import COLUMNS, ROWS


@pytest.fixture
def picture() -> np.ndarray:
    """An ultrasound image, (rows, columns)."""
    return background("ultrasound", (ROWS, COLUMNS), np.random.default_rng(4))

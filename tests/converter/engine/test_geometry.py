import numpy as np
import pytest

from converter.engine.errors import ConversionError
from converter.engine.geometry import planes_from_affine

SHAPE = (5, 6, 7)
RAS = np.array([[1.5, 0, 0, -10], [0, 2, 0, -20], [0, 0, 3, 5], [0, 0, 0, 1.0]])


def test_a_ras_volume_starts_at_its_right_front_corner():
    planes = planes_from_affine(RAS, SHAPE)
    # Columns run to the left and rows to the back, so the first pixel is the last voxel of both:
    # x = -10 + 4 * 1.5 = -4 and y = -20 + 5 * 2 = -10 in RAS, 4 and 10 in LPS.
    assert planes.flips == (True, True, False)
    assert planes.origin == (4, 10, 5)
    assert planes.orientation == (1, 0, 0, 0, 1, 0)
    assert planes.pixel_spacing == (2, 1.5)
    assert planes.position(6) == (4, 10, 23)


def test_a_volume_in_lps_is_read_as_it_lies():
    planes = planes_from_affine(RAS * [[-1], [-1], [1], [1]], SHAPE)
    assert planes.flips == (False, False, False)
    assert planes.origin == (-10, -20, 5)


def test_slices_against_the_normal_are_read_backwards():
    downwards = RAS @ np.diag([-1.0, -1.0, -1.0, 1.0])
    planes = planes_from_affine(downwards, SHAPE)
    assert planes.flips == (False, False, True)
    assert planes.position(0)[2] == 5 - 6 * 3
    assert planes.step == (0, 0, 3)


def test_a_sagittal_volume_has_the_head_up_and_the_face_left():
    columns_to_the_back_rows_up = RAS[:, [1, 2, 0, 3]] * [-1, 1, 1, 1]
    planes = planes_from_affine(columns_to_the_back_rows_up, SHAPE)
    assert planes.orientation == (0, 1, 0, 0, 0, -1)


def test_rounding_in_float32_is_no_shear():
    turned = RAS.copy()
    turned[:3, :3] = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]) * (1.5, 2, 3)
    planes = planes_from_affine(turned.astype(np.float32), SHAPE)
    assert planes.slice_spacing == 3


def test_a_slice_axis_that_leans_a_little_is_kept_in_the_positions():
    leaning = RAS.copy()
    leaning[0, 2] = 0.002
    planes = planes_from_affine(leaning, SHAPE)
    assert planes.position(6) == pytest.approx((4 - 6 * 0.002, 10, 23))


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ((0, 3), np.inf, "not finite"),
        ((2, 2), 0.0, "without length"),
        ((1, 0), 0.01, "shear"),
        ((1, 0), 0.0006, "shear"),
        ((0, 2), -0.5, "shear"),
        ((2, 2), 1e26, "10 km"),
        ((1, 3), -2e7, "10 km"),
    ],
)
def test_an_affine_that_places_nothing_is_refused(place, value, said):
    broken = RAS.copy()
    broken[place] = value
    with pytest.raises(ConversionError, match=said) as refused:
        planes_from_affine(broken, SHAPE)
    assert refused.value.code == "geometry"

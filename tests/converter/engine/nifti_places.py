"""Where the pixels of a volume lie, read back from its DICOM slices alone."""

import nibabel
import numpy as np


def stored_and_places(datasets) -> tuple[np.ndarray, np.ndarray]:
    """Return every stored value and its place in the patient (RAS, mm), by PS3.3 C.7.6.2.1.1."""
    values, places = [], []
    for dataset in datasets:
        along_row, down_column = np.array(dataset.ImageOrientationPatient, float).reshape(2, 3)
        row_spacing, column_spacing = (float(value) for value in dataset.PixelSpacing)
        rows, columns = np.indices((dataset.Rows, dataset.Columns))
        lps = (
            np.array(dataset.ImagePositionPatient, float)
            + columns[..., None] * along_row * column_spacing
            + rows[..., None] * down_column * row_spacing
        )
        values.append(dataset.pixel_array.ravel())
        places.append((lps * (-1, -1, 1)).reshape(-1, 3))
    return np.concatenate(values), np.concatenate(places)


def back_in_voxels(datasets, affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Put every pixel back where its place says; each voxel must be met exactly once."""
    values, places = stored_and_places(datasets)
    indices = nibabel.affines.apply_affine(np.linalg.inv(affine), places)
    nearest = np.rint(indices).astype(int)
    step_mm = np.linalg.norm(affine[:3, :3], axis=0)
    assert np.abs((indices - nearest) * step_mm).max() < 1e-3
    volume = np.zeros(shape, values.dtype)
    seen = np.zeros(shape, int)
    np.add.at(seen, tuple(nearest.T), 1)
    assert (seen == 1).all()
    volume[tuple(nearest.T)] = values
    return volume


def real_values(dataset) -> np.ndarray:
    slope, intercept = dataset.get("RescaleSlope", 1), dataset.get("RescaleIntercept", 0)
    return dataset.pixel_array * float(slope) + float(intercept)

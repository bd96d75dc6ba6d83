"""Reads what OHIF's viewport really shows and holds it against the source pixels."""

import base64
import io

import numpy as np
from PIL import Image
from playwright.sync_api import Page

CANVAS = "canvas.cornerstone-canvas"
SHOWN = """([selector, number]) => {
    const canvas = document.querySelectorAll(selector)[number];
    return canvas && canvas.width > 50 ? canvas.toDataURL('image/png') : '';
}"""


def viewport_image(page: Page, number: int = 0) -> np.ndarray:
    """Return a canvas as it is drawn now, shape (rows, columns, 3), uint8."""
    url = page.evaluate(SHOWN, [CANVAS, number])
    png = base64.b64decode(url.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def wait_for_picture(page: Page, number: int = 0) -> None:
    """Wait until a canvas shows more than one gray value."""
    page.wait_for_function(
        """([selector, number]) => {
            const canvas = document.querySelectorAll(selector)[number];
            if (!canvas || canvas.width < 50) return false;
            const copy = document.createElement('canvas');
            copy.width = copy.height = 64;
            const pen = copy.getContext('2d');
            pen.drawImage(canvas, 0, 0, 64, 64);
            const values = new Set(pen.getImageData(0, 0, 64, 64).data);
            return values.size > 8;
        }""",
        arg=[CANVAS, number],
        timeout=60_000,
    )


def windowed(values: np.ndarray, center: float, width: float) -> np.ndarray:
    """Return the gray levels 0 to 255 of a linear window (PS3.3 C.11.2.1.2.1)."""
    low = center - 0.5 - (width - 1) / 2
    return np.clip((values - low) / (width - 1) * 255, 0, 255)


def shown_at_source_pixels(canvas: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return the canvas sampled at the middle of each source pixel, the image fitted to it."""
    height, width = canvas.shape[:2]
    scale = min(height / rows, width / columns)
    top, left = (height - rows * scale) / 2, (width - columns * scale) / 2
    at_rows = np.clip((top + (np.arange(rows) + 0.5) * scale).astype(int), 0, height - 1)
    at_columns = np.clip((left + (np.arange(columns) + 0.5) * scale).astype(int), 0, width - 1)
    return canvas[np.ix_(at_rows, at_columns)].astype(float).mean(axis=2)


def slide_at_source_pixels(page: Page, rows: int, columns: int) -> np.ndarray:
    """Return what stands on the screen at the middle of each pixel of a slide fitted to its pane.

    Returns
    -------
    ndarray, shape (rows, columns, 3)
        All black until the viewer has made its pane.
    """
    pane = page.locator(".ol-viewport").first
    if not pane.is_visible():
        return np.zeros((rows, columns, 3))
    shown = np.asarray(Image.open(io.BytesIO(pane.screenshot())).convert("RGB"))
    height, width = shown.shape[:2]
    scale = min(height / rows, width / columns)
    top, left = (height - rows * scale) / 2, (width - columns * scale) / 2
    at_rows = (top + (np.arange(rows) + 0.5) * scale).astype(int).clip(0, height - 1)
    at_columns = (left + (np.arange(columns) + 0.5) * scale).astype(int).clip(0, width - 1)
    return shown[np.ix_(at_rows, at_columns)].astype(int)


def agreement(shown: np.ndarray, expected: np.ndarray) -> float:
    """Return the correlation of what is shown with what should be, 1 at best.

    The viewer interpolates between pixels and writes its labels over the corners, so the
    middle of the picture is compared and single pixels may differ a little.
    """
    margin = tuple(slice(size // 5, size - size // 5) for size in expected.shape)
    return float(np.corrcoef(shown[margin].ravel(), expected[margin].ravel())[0, 1])

"""Made-up pictures, what is done to them, and how they are saved, for `e_image_pipeline*.py`."""

import time
from pathlib import Path

import numpy as np

BOX = np.ones((3, 3), int)
SHARPEN = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
HALO = 2  # rows on either side that a row depends on: the blur and the sharpening look one further each


def made_up(number: int, height: int, width: int) -> np.ndarray:
    """Circles that move from picture to picture: height x width x 3 bytes."""
    y, x = np.mgrid[:height, :width]
    circles = ((x - width // 2) ** 2 + (y - height // 2) ** 2) // 64 + number * 8
    return np.stack([circles, x * 255 // width, y * 255 // height], axis=2).astype(np.uint8)


def processed(picture: np.ndarray) -> np.ndarray:
    """Inverted, blurred and sharpened."""
    return _weighted(_weighted(255 - picture, BOX, 9), SHARPEN, 1)


def rows_of(height: int, k: int, workers: int) -> slice:
    """The rows of worker k: each has as many as the others, or one more."""
    return slice(height * k // workers, height * (k + 1) // workers)


def part(picture: np.ndarray, k: int, workers: int) -> np.ndarray:
    """The rows of worker k, processed; it looks at those and their halo only."""
    rows = rows_of(len(picture), k, workers)
    first = max(rows.start - HALO, 0)
    return processed(picture[first : rows.stop + HALO])[rows.start - first : rows.stop - first]


def alone(count: int, height: int, width: int) -> tuple[list[np.ndarray], float]:
    """What one process makes of so many pictures, and the milliseconds that each takes."""
    begin = time.perf_counter()
    results = [processed(made_up(number, height, width)) for number in range(count)]
    return results, (time.perf_counter() - begin) * 1e3 / count


def save(results: list[np.ndarray], directory: Path) -> None:
    """As PPM, which every viewer shows: 0000.ppm and so on."""
    directory.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(results):
        height, width, _ = picture.shape
        header = b"P6 %d %d 255\n" % (width, height)
        (directory / f"{number:04}.ppm").write_bytes(header + picture.tobytes())
    print(f"saved in {directory}")


def _weighted(picture: np.ndarray, kernel: np.ndarray, divisor: int) -> np.ndarray:
    """Every value weighed with its neighbours; those beyond an edge are as at the edge."""
    height, width, _ = picture.shape
    around = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge").astype(np.int16)
    total = np.zeros(picture.shape, np.int16)
    for (y, x), weight in np.ndenumerate(kernel):
        if weight:
            total += np.int16(weight) * around[y : y + height, x : x + width]
    return np.clip(total // divisor, 0, 255).astype(np.uint8)

"""What the virtual camera sees: pictures in a folder, and what the production scanner ought to say of each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from kiosk.camera.eye import Eye
from kiosk.camera.picamera2_source import READ_SIZE
from kiosk.camera.sightings import weigh
from kiosk.camera.symbol import Format
from kiosk.core.scanning import ScanHint
from tests.frames.measure import photographs
from tests.frames.shots import Shot, graded, negative

LOOKS = 6  # frames of one picture that the eye gets: each way of reading once
GRAINS = 2  # copies of each picture, with another grain: a sensor never gives the same picture twice
JPEG_QUALITY = 92


def show(folder: Path, pictures: Iterable[np.ndarray], grains: int = GRAINS) -> None:
    """Nothing but these before the camera, by turns; each as large as READ_SIZE, [row, column] or [row, column, red-green-blue].

    The virtual camera reads them when it is opened.
    """
    for old in folder.iterdir():
        old.unlink()
    for number, picture in enumerate(pictures):
        for grain in range(grains):
            noise = np.random.default_rng(grain).normal(0, 2, picture.shape[:2])
            noise = noise if picture.ndim == 2 else noise[:, :, None]
            grainy = np.clip(picture + noise, 0, 255).astype(np.uint8)
            Image.fromarray(grainy).convert("RGB").save(folder / f"{number * grains + grain:03}.jpg", quality=JPEG_QUALITY)


def expected(grey: np.ndarray) -> ScanHint | None:
    """Why the eye, looking at the very picture, hands nothing over; None when it reads nothing in it."""
    eye = Eye()
    hints = [weigh(eye.see(grey))[0] for _ in range(LOOKS)]
    return next((hint for hint in hints if hint is not None), None)


def phones(count: int) -> list[Shot]:
    """Payment pages with a QR, held well and less well, that the eye reads at the first look."""
    shots = (graded(seed % 3, seed) for seed in itertools.count())
    return list(itertools.islice((shot for shot in shots if _reads_qr(shot)), count))


def foreigners() -> dict[ScanHint, Shot]:
    """One picture of each kind of code that is no payment code."""
    found: dict[ScanHint, Shot] = {}
    for seed in range(60):
        shot = negative(seed)
        hint = expected(shot.grey)
        if hint is not None:
            found.setdefault(hint, shot)
    return found


def real(most: int) -> list[Shot]:
    """Real photographs: of each collection the first that the eye reads, or the first without a code. Empty without a folder."""
    found: dict[str, Shot] = {}
    for shot in photographs():
        collection = shot.kind.split("/")[0]
        if collection not in found and len(found) < most:
            framed = Shot(_framed(shot.grey), shot.truth, shot.kind)
            if (expected(framed.grey) is None) == (shot.truth is None):
                found[collection] = framed
    return list(found.values())


def _reads_qr(shot: Shot) -> bool:
    return any(symbol.format is Format.QR and symbol.text == shot.truth for symbol in Eye().see(shot.grey))


def _framed(grey: np.ndarray) -> np.ndarray:
    """The whole picture before an even wall, as large as the camera's."""
    image = Image.fromarray(grey)
    image.thumbnail(READ_SIZE, Image.Resampling.BOX)
    wall = Image.new("L", READ_SIZE, 96)
    wall.paste(image, ((wall.width - image.width) // 2, (wall.height - image.height) // 2))
    return np.asarray(wall)

"""Measuring readers on frames: rates, times, wrong texts, and how soon an approaching phone is believed. Prints nothing."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np

from kiosk.camera.eye import Eye, study
from kiosk.camera.folder import PictureError, open_frame
from kiosk.camera.sightings import Believed, Sightings
from tests.frames.readers import PEERS, Reader, by_study, same
from tests.frames.shots import Approach, Shot

FRAME_S = 1 / 30
PI_IS_SLOWER = 4  # a Pi's core against a desk's
APPROACH_FRAMES = 26  # 15 nearer, then held: time for belief after a late first reading
PHOTOS = Path(os.environ.get("KIOSK_PHOTOS", Path(__file__).parents[2].parent / "shared/photos"))

# Their truth names one of two codes, lacks letters, or is misspelt: what the photograph says beside that is not wrong.
_TRUTH_IS_LESS = frozenset({"jsqr/170.png", "jsqr/182.png", "zxing-qrcode-2/13.png"})


@dataclass(slots=True)
class Score:
    """One reader over some frames."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)  # kinds of the frames in which a text was read that is not there
    ms: list[float] = field(default_factory=list)
    ms_right: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.right / len(self.ms) if self.ms else 0.0

    @property
    def median_ms(self) -> float:
        return median(self.ms) if self.ms else 0.0

    @property
    def median_ms_right(self) -> float:
        return median(self.ms_right) if self.ms_right else 0.0


def compared(shots: Iterable[Shot], readers: dict[str, Reader]) -> dict[str, Score]:
    """Each frame by each reader in turn; in time of the processor, of which a busy machine gives less but takes no more."""
    scores = {name: Score() for name in readers}
    for shot in shots:
        for name, read in readers.items():
            score = scores[name]
            began = time.thread_time()
            texts = read(shot.grey)
            spent = (time.thread_time() - began) * 1000
            score.ms.append(spent)
            if shot.truth is not None and same(shot.truth) in texts:
                score.right += 1
                score.ms_right.append(spent)
            if texts - {same(shot.truth or "")} and shot.kind not in _TRUTH_IS_LESS:
                score.wrong.append(shot.kind)
    return scores


def photographs(folder: Path = PHOTOS) -> Iterator[Shot]:
    """Those of truth.csv, as the kiosk opens them; none when the folder is not there."""
    if not (folder / "truth.csv").is_file():
        return
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            try:
                grey = open_frame(folder / row["file"]).grey
            except PictureError:
                continue
            yield Shot(grey, None if row["format"] == "NONE" else row["text"], row["file"])


def believed_live(grey: np.ndarray, frames: int = 6) -> str | None:
    """The digits that are handed over when this frame stays before the camera."""
    eye, sightings = Eye(), Sightings()
    for number in range(frames):
        verdict = sightings.judge(eye.see(grey), number * FRAME_S)
        if isinstance(verdict, Believed):
            return verdict.code.reveal()
    return None


def believed_still(grey: np.ndarray) -> str | None:
    """The digits that `kiosk decode` would believe in."""
    sightings = Sightings()
    for at, symbols in enumerate(study(grey)):
        verdict = sightings.judge(symbols, at / 10)
        if isinstance(verdict, Believed):
            return verdict.code.reveal()
    return None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of one approach. Times in seconds from its first frame; None: not within it."""

    readable_s: float | None
    believed_s: float | None
    right: bool
    shows_qr: bool

    @property
    def waited_s(self) -> float | None:
        """From the first readable frame to belief; less than nothing when the eye was earlier than every reader alone."""
        return None if self.readable_s is None or self.believed_s is None else self.believed_s - self.readable_s


def arrival(approach: Approach) -> Arrival:
    """An approach before a camera of 30 frames a second and a slow processor: what comes while it reads is skipped."""
    eye, sightings = Eye(), Sightings()
    free_s, believed_s, digits = 0.0, None, None
    readable_s: float | None = None
    for number in range(APPROACH_FRAMES):
        at = number * FRAME_S
        grey = None
        if readable_s is None:
            grey = approach.frame(number)
            readers = (*PEERS.values(), by_study)
            readable_s = at if any(approach.truth in read(grey) for read in readers) else None
        newest = (number + 1) * FRAME_S > free_s  # the last frame before the processor is free
        if digits is None and newest:
            grey = approach.frame(number) if grey is None else grey
            began = time.thread_time()
            symbols = eye.see(grey)
            free_s = max(at, free_s) + (time.thread_time() - began) * PI_IS_SLOWER
            verdict = sightings.judge(symbols, free_s)
            if isinstance(verdict, Believed):
                digits, believed_s = verdict.code.reveal(), free_s
        if readable_s is not None and digits is not None:
            break
    return Arrival(readable_s, believed_s, digits in {None, approach.truth}, approach.shows_qr)

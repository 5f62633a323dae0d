"""The table of decode rates and times by grade; see the package's first lines."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image

from tests.frames.measure import PHOTOS, Score, arrival, believed_live, believed_still, compared, photographs
from tests.frames.readers import EVERYONE
from tests.frames.shots import Approach, Shot, empty, graded, negative
from tests.frames.trouble import GRADES

SOON_S = 0.3


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.frames", description=__doc__)
    options.add_argument("--frames", type=int, default=200, help="graded frames; a fifth as many of each other kind")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--photos", type=Path, default=PHOTOS)
    options.add_argument("--json", action="store_true", help="one object a line")
    options.add_argument("--look", type=Path, help="write samples there instead")
    asked = options.parse_args()
    if asked.look is not None:
        _samples(asked.look, asked.seed)
        return
    for row in _rows(asked.frames, asked.seed, asked.photos):
        if asked.json:
            print(json.dumps(row, ensure_ascii=False), flush=True)
        else:
            print("  ".join(f"{value:.2f}" if isinstance(value, float) else str(value) for value in row.values()), flush=True)


def _rows(frames: int, seed: int, photos: Path) -> Iterator[dict[str, Any]]:
    seeds = range(seed, seed + max(1, frames // len(GRADES)))
    for grade in GRADES:
        yield from _table(f"grade {grade}", (graded(grade, number) for number in seeds))
    few = range(seed, seed + max(1, frames // 5))
    yield from _table("photographs", photographs(photos))
    yield from _table("empty", (empty(number) for number in few))
    yield _taken("foreign", (negative(number) for number in few))
    yield _taken("graded", (graded(number % 7, 1000 + number) for number in few))
    yield from _approaches(range(seed, seed + max(1, frames // 10)))


def _table(name: str, shots: Iterable[Shot]) -> Iterator[dict[str, Any]]:
    for reader, score in compared(shots, EVERYONE).items():
        yield {"frames": name, "reader": reader, **_figures(score)}


def _figures(score: Score) -> dict[str, Any]:
    return {
        "count": len(score.ms),
        "rate": score.rate,
        "ms": score.median_ms,
        "ms_when_read": score.median_ms_right,
        "wrong": len(score.wrong),
        "wrong_in": score.wrong[:5],
    }


def _taken(name: str, shots: Iterable[Shot]) -> dict[str, Any]:
    """Payment codes handed over, live and from stills: right ones, and those that are not what the phone shows."""
    count, right, wrong = 0, 0, []
    for shot in shots:
        count += 1
        for digits in {believed_live(shot.grey), believed_still(shot.grey)} - {None}:
            right += digits == shot.truth
            wrong += [shot.kind] if digits != shot.truth else []
    return {
        "frames": name,
        "reader": "kiosk, believed",
        "count": count,
        "right": right,
        "wrong": len(wrong),
        "wrong_in": wrong[:5],
    }


def _approaches(seeds: Iterable[int]) -> Iterator[dict[str, Any]]:
    made = [arrival(Approach(number % 5, number)) for number in seeds]
    for shows_qr, name in ((True, "approaches with a QR"), (False, "approaches with a barcode alone")):
        read = [one for one in made if one.readable_s is not None and one.shows_qr is shows_qr]
        waits = sorted(one.waited_s for one in read if one.waited_s is not None)
        soon = sum(wait <= SOON_S for wait in waits)
        yield {
            "frames": name,
            "reader": "kiosk, believed",
            "count": len(read),
            "soon": soon / len(read) if read else 0.0,
            "median_s": waits[len(waits) // 2] if waits else None,
            "slowest_s": waits[-1] if waits else None,
            "wrong": sum(not one.right for one in made),
        }


def _samples(folder: Path, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shots = {f"grade{grade}-{number}": graded(grade, seed + number).grey for grade in GRADES for number in range(3)}
    shots |= {f"foreign-{number}": negative(seed + number).grey for number in range(8)}
    shots |= {f"empty-{number}": empty(seed + number).grey for number in range(4)}
    near = Approach(2, seed)
    shots |= {f"approach-{number:02}": near.frame(number) for number in islice(range(16), 0, None, 3)}
    for name, grey in shots.items():
        Image.fromarray(grey).save(folder / f"{name}.png")
    sys.stderr.write(f"{len(shots)} pictures in {folder}\n")


if __name__ == "__main__":
    main()

"""A built-in picture, and whether the scanner's eye reads it: exit code 0 and the kind of code, or 1.

A process of its own (`python -m kiosk.camera.sample`), because the kiosk's own never loads what reads pictures.
"""

from __future__ import annotations

import sys

import numpy as np

from kiosk.camera.eye import Eye

TEXT = "KIOSK TEST"
_MODULE = 8  # pixels
_LOOKS = 16  # the eye looks at one frame after another in several ways
_ROWS = (
    "#######....#..#######",
    "#.....#.#####.#.....#",
    "#.###.#..##...#.###.#",
    "#.###.#..###..#.###.#",
    "#.###.#.###.#.#.###.#",
    "#.....#..##.#.#.....#",
    "#######.#.#.#.#######",
    ".........####........",
    "#.#.#.#..#.#....#..#.",
    "####...###....##.####",
    "#####.#####.#...#.###",
    "######...#....#..##..",
    "#.#...#.##..#.#......",
    "........##.#.#.#.##.#",
    "#######..#.#.##.#.#.#",
    "#.....#....###....#..",
    "#.###.#.#.##.###...##",
    "#.###.#..##...#.####.",
    "#.###.#.#...#...#...#",
    "#.....#...#...#..#.##",
    "#######.#...#.#.....#",
)
"""The QR of TEXT."""


def main() -> int:
    """See the module's own words."""
    dark = np.array([[cell == "#" for cell in row] for row in _ROWS])
    code = np.where(np.kron(dark, np.ones((_MODULE, _MODULE), dtype=bool)), 30, 225).astype(np.uint8)
    picture = np.full((720, 1280), 225, dtype=np.uint8)
    picture[200 : 200 + code.shape[0], 500 : 500 + code.shape[1]] = code
    eye = Eye()
    for _ in range(_LOOKS):
        for symbol in eye.see(picture):
            if symbol.text == TEXT:
                sys.stdout.write(f"{symbol.format}\n")
                return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())

"""`python copper.py FOLDER ROWS... COLUMNS...`: the copper of a keypad on the kernel's simulated pins (gpio-sim).

FOLDER is the chip's in sysfs, with a sim_gpioN for each pin. Looks at the rows and pulls the columns, again and again.
Standard library alone, for it runs in machines that hold little else.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
from pathlib import Path

LOOK_S = 0.002  # copper is quicker; this leaves the processor to others


def copper(folder: Path, numbers: list[str]) -> None:
    """Join rows to columns as the words on stdin say, until they end."""
    rows = [os.open(folder / f"sim_gpio{number}" / "value", os.O_RDONLY) for number in numbers[:4]]
    pulls = [os.open(folder / f"sim_gpio{number}" / "pull", os.O_WRONLY) for number in numbers]
    for pull in pulls:
        os.pwrite(pull, b"pull-up", 0)
    closed: set[tuple[int, int]] = set()
    shown = [True] * 4
    print("ready", flush=True)
    while True:
        if select.select([0], [], [], LOOK_S)[0]:
            line = os.read(0, 100)
            if not line:
                return
            word, row, column = line.split()
            (closed.add if word == b"down" else closed.discard)((int(row), int(column)))
            print("done", flush=True)
        low = {row for row in range(4) if os.pread(rows[row], 1, 0) == b"0"}
        for column in range(4):
            high = not any((row, column) in closed for row in low)
            if high != shown[column]:
                shown[column] = high
                os.pwrite(pulls[4 + column], b"pull-up" if high else b"pull-down", 0)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        copper(Path(sys.argv[1]), sys.argv[2:])

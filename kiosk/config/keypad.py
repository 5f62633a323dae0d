"""The table [keypad] of kiosk.toml: which keys there are, how they are wired, and how patient the kiosk is with them.

Must not open anything, nor know a driver. Whether a pin belongs to something else is the driver's to say, once it is opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kiosk.config.reader import Files, Table

KEYPADS = ("keyboard", "matrix", "evdev", "touch", "scripted")
SIDE = 4


@dataclass(frozen=True, slots=True)
class KeypadConfig:
    """The keys. `script` is for the driver scripted, `device` for evdev, `rows` to `settle_ms` and `freed_pins` for matrix.

    `remote`: keys over the control socket count. Pins by BCM numbers. `keys`: a text a row, with the cap of each key.
    """

    driver: str
    remote: bool
    script: Path | None = None
    device: str | None = None
    rows: tuple[int, ...] = (5, 6, 13, 19)
    columns: tuple[int, ...] = (12, 16, 20, 21)
    keys: tuple[str, ...] = ("123A", "456B", "789C", "*0#D")
    debounce_ms: int = 25
    settle_ms: int = 1
    stuck_s: int = 5
    freed_pins: tuple[int, ...] = ()


_DEFAULT = KeypadConfig("keyboard", remote=False)
_PINS_REMEDY = "Write the BCM numbers of its four pins, as {}; the README shows the wiring."
_KEYS_REMEDY = 'Write four texts of four caps, as ["123A", "456B", "789C", "*0#D"], with each of 0-9, A-D, * and # once.'


def read_keypad(table: Table, files: Files) -> KeypadConfig:
    """Read the table; what is wrong is noted in `table`."""
    script = None
    if table.has("script"):
        script = files.beside(table.text("script", "Write the file of keys that the scripted keypad presses."))
    device = None
    if table.has("device"):
        device = table.text("device", 'Write the pad\'s path, as "/dev/input/by-id/usb-...-event-kbd", or its name.') or None
    rows, columns = _pins(table, "rows", _DEFAULT.rows), _pins(table, "columns", _DEFAULT.columns)
    for pin in set(rows) & set(columns):
        remedy = "Give each row and each column a pin of its own."
        table.wrong("columns", list(columns), f"names pin {pin}, which is a row's", remedy)
    return KeypadConfig(
        driver=table.choice("driver", KEYPADS),
        remote=table.flag("remote", "Write true to let the bench page press keys, else false.", default=False),
        script=script,
        device=device,
        rows=rows,
        columns=columns,
        keys=_keys(table),
        debounce_ms=table.number(
            "debounce_ms",
            "Write for how many ms a key must stay up or down to be believed; a number pad with a 00 key wants 0.",
            bounds=(0, 200),
            default=_DEFAULT.debounce_ms,
        ),
        settle_ms=table.number(
            "settle_ms",
            "Write how many ms a row is left before its columns are read; more for a long cable.",
            bounds=(0, 20),
            default=_DEFAULT.settle_ms,
        ),
        stuck_s=table.number(
            "stuck_s",
            "Write after how many seconds a key that is down counts as stuck.",
            bounds=(2, 60),
            default=_DEFAULT.stuck_s,
        ),
        freed_pins=_freed_pins(table),
    )


def _pins(table: Table, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
    remedy = _PINS_REMEDY.format(list(default))
    pins = table.numbers(key, remedy, bounds=(0, 27), default=default)
    if len(set(pins)) < len(pins):
        table.wrong(key, list(pins), "names a pin twice", remedy)
        return default
    return pins


def _keys(table: Table) -> tuple[str, ...]:
    if not table.has("keys"):
        return _DEFAULT.keys
    rows = table.items("keys", _KEYS_REMEDY)
    caps = [row for row in rows if isinstance(row, str) and re.fullmatch(r"[0-9A-D*#]{4}", row, re.ASCII)]
    if len(caps) == len(rows) == SIDE and len(set("".join(caps))) == SIDE * SIDE:
        return tuple(caps)
    if rows:
        table.wrong("keys", rows, "is no layout of 16 keys", _KEYS_REMEDY)
    return _DEFAULT.keys


def _freed_pins(table: Table) -> tuple[int, ...]:
    if not table.has("freed_pins"):
        return ()
    remedy = "Write those whose usual owner (I2C, SPI, the serial line) is switched off, as [14, 15]."
    pins = table.items("freed_pins", remedy, may_be_empty=True)
    numbers = tuple(pin for pin in pins if type(pin) is int and 0 <= pin <= 27)  # noqa: PLR2004  the header's last
    if len(numbers) != len(pins):
        table.wrong("freed_pins", pins, "is not a list of BCM numbers, 0 to 27", remedy)
    return numbers

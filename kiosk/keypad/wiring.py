"""How a matrix keypad is wired, and what its keys mean. Pure; opens nothing."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.core.errors import DriverError
from kiosk.core.events import Key

CAPS: dict[str, Key] = {
    **{digit: Key(digit) for digit in "0123456789"},
    "#": Key.OK,
    "*": Key.CLEAR,
    "A": Key.SCAN,
    "B": Key.QR,
    "C": Key.CANCEL,
    "D": Key.MENU,
}
"""What is printed on the keys of a 4x4 matrix, and what each is here."""

# BCM numbers and what usually owns them (Raspberry Pi documentation, "GPIO and the 40-pin header").
RESERVED: dict[int, str] = {
    **dict.fromkeys((0, 1), "the ID memory of a HAT, camera and screen"),
    **dict.fromkeys((2, 3), "I2C, with the touch of many screens"),
    **dict.fromkeys((7, 8, 9, 10, 11), "SPI, with small screens"),
    **dict.fromkeys((14, 15), "the serial line (UART)"),
}
PIN_MOST = 27  # the header has BCM 0 to 27


@dataclass(frozen=True, slots=True)
class Wiring:
    """How a keypad is wired. Pins by their BCM numbers, `keys` a text for each row with a cap for each column.

    `settle_ms`: how long a driven row is left before its columns are read; more for a long cable.
    """

    rows: tuple[int, ...] = (5, 6, 13, 19)
    columns: tuple[int, ...] = (12, 16, 20, 21)
    keys: tuple[str, ...] = ("123A", "456B", "789C", "*0#D")
    settle_ms: int = 1
    freed_pins: tuple[int, ...] = ()


def check_wiring(wiring: Wiring) -> None:
    """DriverError when the pins cannot be meant: twice used, not on the header, or something else's."""
    pins = (*wiring.rows, *wiring.columns)
    for pin in pins:
        table = "rows" if pin in wiring.rows else "columns"
        if not 0 <= pin <= PIN_MOST:
            raise DriverError(f"[keypad] {table}: there is no GPIO {pin}: write the BCM numbers of the pins, 0 to {PIN_MOST}")
        if pins.count(pin) > 1:
            raise DriverError(f"[keypad] {table}: GPIO {pin} stands there twice: each row and column has a pin of its own")
        if pin in RESERVED and pin not in wiring.freed_pins:
            raise DriverError(
                f"[keypad] {table}: GPIO {pin} belongs to {RESERVED[pin]}: choose another pin, or, where that is switched off, "
                f"write freed_pins = [{pin}]"
            )
    shape = [len(row) for row in wiring.keys]
    if shape != [len(wiring.columns)] * len(wiring.rows) or any(cap not in CAPS for row in wiring.keys for cap in row):
        raise DriverError(
            f"[keypad] keys = {list(wiring.keys)} does not fit {len(wiring.rows)} rows and {len(wiring.columns)} columns: write "
            f"a text for each row, with one of {' '.join(CAPS)} for each column"
        )

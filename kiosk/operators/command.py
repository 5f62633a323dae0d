"""`kiosk operator`: who works here, and who has a PIN. One is given by standard input: a command line is seen by others."""

from __future__ import annotations

from kiosk.config import Config
from kiosk.control.unix_socket import ControlUnavailable, ask
from kiosk.core.errors import KioskError
from kiosk.parts import operator_pins
from kiosk.pins import typed


def listed(config: Config) -> list[dict[str, object]]:
    """One line an operator: `name`, `role`, `pin` (whether there is one)."""
    known = operator_pins(config).known()
    return [{"name": one.name, "role": one.role.value, "pin": one.name in known} for one in config.operators]


def set_pin(config: Config, name: str, line: str) -> None:
    """Keep the PIN in this line: by the running kiosk, whose files they are, else here. KioskError says why not."""
    pin = typed(line)
    try:
        answer = ask(config.control.socket, {"do": "set_pin", "operator": name, "pin": pin})
    except ControlUnavailable:
        try:
            operator_pins(config).keep(name, pin)
        except OSError as error:
            raise KioskError(
                f"{error.filename}: the PIN cannot be written ({error.strerror}). Run this as the kiosk's user."
            ) from None
        return
    if "problem" in answer:
        raise KioskError(str(answer["problem"]))

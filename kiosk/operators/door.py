"""What the owner's page asks about operators' PINs: who has one, another one, none any more. None ever leaves here.

The page may name somebody whom kiosk.toml has only after the next start; so the name's form is looked at here, and how many
there are, as whoever took the page's process over could ask for any.
"""

from __future__ import annotations

import logging

from kiosk.control.unix_socket import Answer, Request
from kiosk.core.errors import KioskError
from kiosk.core.operators import MOST_OPERATORS, NAME_MOST, is_name
from kiosk.operators.keeper import OperatorPins
from kiosk.pins import PinRefused

VERBS = frozenset({"pins", "new_pin", "no_pin"})
_LONGEST_PIN = 24  # as the page's fields; what may be one is looked at where it is kept
_log = logging.getLogger(__name__)


class PinDoor:
    """`answer` is called from the socket's threads."""

    def __init__(self, pins: OperatorPins) -> None:
        self._pins = pins

    def answer(self, request: Request) -> Answer:
        """One of VERBS. A refusal in words has the key "problem"; why a PIN is none stands under "refused"."""
        if request.get("do") == "pins":
            names = request.get("names")
            if (
                not isinstance(names, list)
                or len(names) > MOST_OPERATORS
                or not all(isinstance(name, str) and is_name(name) for name in names)
            ):
                return {"problem": f"pins wants names, {MOST_OPERATORS} at most"}
            return {"ok": True, "names": [name for name in names if self._pins.has(name)]}
        name, pin = request.get("operator"), request.get("pin")
        if not isinstance(name, str) or not is_name(name):
            return {"problem": f"the operator's name has 1 to {NAME_MOST} characters"}
        if request.get("do") == "no_pin":
            try:
                self._pins.drop(name)
            except OSError as error:
                return {"problem": f"the PIN of {name} cannot be removed ({error.strerror})"}
            _log.info("a PIN was removed", extra={"operator": name})
            return {"ok": True}
        if not isinstance(pin, str) or len(pin) > _LONGEST_PIN:
            return {"problem": "new_pin wants operator and pin, two texts"}
        return self._keep(name, pin)

    def _keep(self, name: str, pin: str) -> Answer:
        try:
            self._pins.keep_new(name, pin)
        except PinRefused as refused:
            return {"ok": True, "refused": refused.reason}
        except (KioskError, OSError) as problem:
            _log.warning("a PIN could not be kept", extra={"operator": name, "problem": type(problem).__name__})
            return {"ok": True, "refused": "disk"}
        _log.info("a PIN was set", extra={"operator": name})
        return {"ok": True}

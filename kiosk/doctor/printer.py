"""What `kiosk doctor` finds of the receipt printer: whether it is there, has paper, and says how it is. Nothing is printed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing

from kiosk.config import Config
from kiosk.config.printer import PrinterConfig
from kiosk.control.unix_socket import Answer as Told
from kiosk.core.errors import DriverError
from kiosk.doctor.checks import Check, Verdict
from kiosk.printer.device import Device
from kiosk.printers import make_device

LOOK_MOST_S = 20.0
_REMEDY = "Sales go on without receipts; this sentence says what to do."


def printer(config: Config, running: Told | None, most_s: float = LOOK_MOST_S) -> Iterator[Check]:
    """No check without a printer. What a running kiosk holds is not taken from it: then it is asked."""
    wanted = config.printer
    if wanted is None:
        return
    if running is not None:
        yield _told(wanted, running)
        return
    yield looked_at(wanted, lambda: make_device(wanted, config.display), most_s)


def looked_at(wanted: PrinterConfig, opens: Callable[[], Device], most_s: float) -> Check:
    """Open it and ask how it is, for at most `most_s`."""
    found: list[Check] = []

    def look() -> None:
        try:
            with closing(opens()) as device:
                device.look()
        except DriverError as unwell:
            found.append(Check("printer", Verdict.WARN, str(unwell), _REMEDY))
        else:
            found.append(_well(wanted))

    thread = threading.Thread(target=look, name="printer's look", daemon=True)
    thread.start()
    thread.join(most_s)
    return found[0] if found else Check("printer", Verdict.WARN, f"no word within {most_s:.0f} s", "Switch it off and on.")


def _told(wanted: PrinterConfig, running: Told) -> Check:
    problem = running.get("printer")
    if isinstance(problem, str):
        return Check("printer", Verdict.WARN, f"the running kiosk says: {problem}", _REMEDY)
    return Check("printer", Verdict.OK, f"{_name(wanted)}, held by the running kiosk, and well")


def _well(wanted: PrinterConfig) -> Check:
    if wanted.driver == "escpos" and not wanted.answers:
        return Check(
            "printer", Verdict.OK, f"{_name(wanted)}: it is there; how it is it never says, as [printer] answers = false"
        )
    return Check("printer", Verdict.OK, f"{_name(wanted)}: it is there, and has paper")


def _name(wanted: PrinterConfig) -> str:
    return f"{wanted.driver} over {wanted.connection}" if wanted.driver == "escpos" else f"{wanted.driver} in {wanted.folder}"

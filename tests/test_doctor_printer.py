"""What `kiosk doctor` says of the printer: nothing without one, and of one that ails what to do. It prints nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.config.display import DisplayConfig
from kiosk.config.printer import PrinterConfig
from kiosk.doctor.checks import Check, Verdict
from kiosk.doctor.printer import looked_at, printer
from tests.escpos_printer import NetworkPrinter

RUNNING: dict[str, object] = {"ok": True, "screen": "Idle", "printer": None}


def checks(wanted: PrinterConfig | None, running: dict[str, object] | None = None) -> list[Check]:
    config: Any = SimpleNamespace(printer=wanted, display=DisplayConfig("offscreen", (800, 480), False, "en", "zh_CN"))
    return list(printer(config, running))


@pytest.fixture
def at_port() -> Iterator[NetworkPrinter]:
    made = NetworkPrinter()
    yield made
    if not made._stopping.is_set():
        made.unplug()


def test_without_a_printer_there_is_no_check() -> None:
    assert checks(None) == []


def test_a_printer_is_looked_at_and_nothing_is_printed(at_port: NetworkPrinter) -> None:
    wanted = PrinterConfig("escpos", "network", host="127.0.0.1", port=at_port.port)
    (well,) = checks(wanted)
    assert (well.verdict, well.found) == (Verdict.OK, "escpos over network: it is there, and has paper")
    at_port.paper = False
    (empty,) = checks(wanted)
    assert empty.verdict is Verdict.WARN
    assert "out of paper: put in a new roll" in empty.found
    at_port.unplug()
    (away,) = checks(wanted)
    assert "is not there (" in away.found
    assert not away.failed, "a kiosk sells without receipts"
    assert at_port.slips == []


def test_a_running_kiosk_is_asked_in_its_place(tmp_path: Path) -> None:
    wanted = PrinterConfig("paper", folder=tmp_path / "slips")
    (well,) = checks(wanted, RUNNING)
    assert "held by the running kiosk, and well" in well.found
    (unwell,) = checks(wanted, {**RUNNING, "printer": "the USB printer is open: close its cover"})
    assert (unwell.verdict, unwell.found) == (Verdict.WARN, "the running kiosk says: the USB printer is open: close its cover")
    assert not (tmp_path / "slips").exists()


def test_a_printer_that_hangs_is_not_waited_for() -> None:
    forever = threading.Event()

    class Hanging:
        def look(self) -> None:
            forever.wait()

        def put(self, pieces: object) -> None: ...

        def close(self) -> None: ...

    check = looked_at(PrinterConfig("escpos"), Hanging, 0.05)
    assert (check.verdict, check.remedy) == (Verdict.WARN, "Switch it off and on.")
    forever.set()

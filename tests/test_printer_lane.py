"""The printer's lane: what hangs is waited for by nobody, what is old never comes out, and nothing is begun twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from kiosk.core.events import Event, Health, NotPrinted, Part
from kiosk.core.slips import PrinterTrouble
from kiosk.printer import lane as lanes
from kiosk.printer.device import Unwell
from kiosk.printer.lane import WAITING_MOST, PrinterLane
from kiosk.printer.layout import Line, Piece, Span
from tests.slip_samples import RECEIPT

PATIENCE_S = 10.0


class Device:
    """A printer that does as the test says; `put` keeps the first word of what it is given."""

    def __init__(self) -> None:
        self.unwell: Unwell | None = None
        self.breaks: Exception | None = None  # while printing
        self.hangs = threading.Event()
        self.hangs.set()
        self.stalls = threading.Event()
        self.stalls.set()
        self.came_out: list[str] = []
        self.begun = 0
        self.looks = 0  # begun
        self.looked = 0  # to its end

    def look(self) -> None:
        self.looks += 1
        self.stalls.wait(PATIENCE_S)
        self.looked += 1
        if self.unwell is not None:
            raise self.unwell

    def put(self, pieces: Sequence[Piece]) -> None:
        self.begun += 1
        self.hangs.wait(PATIENCE_S)
        if self.breaks is not None:
            raise self.breaks
        (line,) = pieces
        assert isinstance(line, Line)
        self.came_out.append(line.spans[0].text)

    def close(self) -> None: ...


class Running:
    """A lane at work."""

    def __init__(self, device: Device, most_s: float = 5.0) -> None:
        self.told: list[Event] = []
        self.beats = 0
        self.lane = PrinterLane(
            self.told.append, lambda: device, lambda slip: (Line((Span(slip.out_trade_no, "en"),)),), errand_most_s=most_s
        )
        self.thread = threading.Thread(target=self.lane.run, args=(self._beat,), daemon=True)
        self.thread.start()

    def _beat(self) -> None:
        self.beats += 1

    def print(self, *names: str) -> None:
        for name in names:
            self.lane.print(replace(RECEIPT, out_trade_no=name))

    def until(self, fact: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not fact():
            assert time.monotonic() < end, f"not seen: {what}"
            time.sleep(0.005)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "FIRST_LOOK_S", 0.0)
    monkeypatch.setattr(lanes, "LOOK_S", 0.05)
    monkeypatch.setattr(lanes, "LOOK_AGAIN_S", 0.02)
    monkeypatch.setattr(lanes, "BEAT_S", 0.01)
    monkeypatch.setattr(lanes, "SCREEN_FIRST_S", 0.0)


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def running(device: Device) -> Iterator[Running]:
    made = Running(device)
    yield made
    device.hangs.set()
    made.lane.stop()
    made.thread.join(PATIENCE_S)
    assert not made.thread.is_alive()


OUT = Unwell(PrinterTrouble.PAPER, "out of paper: put in a new roll")


def test_slips_come_out_in_their_order(device: Device, running: Running):
    running.print("a", "b", "c")
    running.until(lambda: device.came_out == ["a", "b", "c"], "three slips")
    assert running.told == []


def test_what_ails_it_is_told_once_and_once_that_it_is_over(device: Device, running: Running):
    device.unwell = OUT
    running.until(lambda: running.told, "a word")
    seen = device.looks
    running.until(lambda: device.looks > seen + 3, "more looks")
    device.unwell = None
    running.until(lambda: len(running.told) > 1, "another word")
    assert running.told == [Health(Part.PRINTER, str(OUT), printer=PrinterTrouble.PAPER), Health(Part.PRINTER, None)]


def test_a_slip_waits_a_moment_for_new_paper(device: Device, running: Running):
    device.unwell = OUT
    running.print("a")
    running.until(lambda: running.told, "a word")
    assert device.begun == 0
    device.unwell = None
    running.until(lambda: device.came_out == ["a"], "the slip")


def test_an_old_slip_does_not_come_out_for_the_next_customer(
    device: Device, running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(lanes, "GOOD_FOR_S", 0.1)
    device.unwell = OUT
    running.print("old")
    running.until(lambda: "slip not printed" in caplog.messages, "it is given up")
    device.unwell = None
    running.until(lambda: len(running.told) == 3, "paper again")
    assert running.told[1] == NotPrinted("old"), "so that the next one is the original"
    running.print("new")
    running.until(lambda: device.came_out, "a slip")
    assert device.came_out == ["new"]


def test_nor_does_one_that_grew_old_while_the_printer_was_asked_how_it_is(
    device: Device, running: Running, monkeypatch: pytest.MonkeyPatch
):
    seen = device.looked
    running.until(lambda: device.looked > seen, "a look is over, and none is due for a while")
    device.stalls.clear()
    running.print("old")
    running.until(lambda: not running.lane._waiting, "it is taken up")
    monkeypatch.setattr(lanes, "GOOD_FOR_S", 0.0)
    device.stalls.set()
    running.until(lambda: NotPrinted("old") in running.told, "it is given up")
    assert device.begun == 0


def test_no_more_than_a_few_wait_and_the_oldest_goes(device: Device, running: Running):
    device.unwell = OUT
    running.until(lambda: running.told, "a word")
    names = [str(number) for number in range(WAITING_MOST + 3)]
    running.print(*names)
    device.unwell = None
    running.until(lambda: len(device.came_out) + sum(isinstance(one, NotPrinted) for one in running.told) == len(names), "all")
    assert device.came_out == names[-len(device.came_out) :]
    unprinted = {event.out_trade_no for event in running.told if isinstance(event, NotPrinted)}
    assert unprinted == set(names) - set(device.came_out)


@pytest.mark.parametrize("breaks", [OUT, OSError("the cable"), ZeroDivisionError("a library's mistake")])
def test_a_slip_that_was_begun_is_never_begun_again(device: Device, running: Running, breaks: Exception):
    """Part of it may lie on paper: a second one would be a second original."""
    device.breaks = breaks
    running.print("a")
    running.until(lambda: running.told, "a word")
    device.breaks = None
    running.until(lambda: len(running.told) > 1, "well again")
    running.print("b")
    running.until(lambda: device.came_out, "a slip")
    assert (device.came_out, device.begun) == (["b"], 2)


def test_a_mistake_in_a_library_stops_nothing(device: Device, running: Running):
    device.breaks = ZeroDivisionError()
    running.print("a")
    running.until(lambda: running.told, "a word")
    (told,) = running.told[:1]
    assert isinstance(told, Health)
    assert told.printer is PrinterTrouble.FAULT
    assert running.thread.is_alive()


def test_a_printer_that_hangs_is_told_of_and_nobody_waits_for_it(device: Device):
    device.hangs.clear()
    running = Running(device, most_s=0.1)
    running.print("a")
    running.until(lambda: running.told, "a word")
    (told,) = running.told
    assert isinstance(told, Health)
    assert told.printer is PrinterTrouble.SILENT
    beats = running.beats
    running.print("b")  # at once, whatever hangs
    running.until(lambda: running.beats > beats + 3, "more beats")
    assert device.begun == 1, "nothing is begun beside it"
    device.hangs.set()
    running.until(lambda: device.came_out == ["a", "b"], "it comes to")
    running.lane.stop()
    running.thread.join(PATIENCE_S)
    assert not running.thread.is_alive()


def test_it_stops_while_the_printer_hangs(device: Device):
    device.hangs.clear()
    running = Running(device)
    running.print("a")
    running.until(lambda: device.begun, "it begins")
    running.lane.stop()
    running.thread.join(PATIENCE_S)
    assert not running.thread.is_alive()
    device.hangs.set()

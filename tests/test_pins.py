"""The owner's PIN: what can be one, and how long wrong ones keep the door shut, whatever happens to plug and clock."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kiosk import pins
from kiosk.pins import LONGEST_WAIT_S, Pin, PinRefused, Tried, wait_after

RIGHT, WRONG = "482915", "482916"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost of a PIN is a number in its file; here it is small."""
    monkeypatch.setattr(pins, "_SCRYPT", {"n": 2, "r": 1, "p": 1})


class Clock:
    """Seconds since this boot."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


def made(folder: Path, clock: Clock, boot: str = "first") -> Pin:
    return Pin(folder, now=clock, boot=boot)


@pytest.fixture
def pin(tmp_path: Path, clock: Clock) -> Pin:
    pin = made(tmp_path, clock)
    pin.set(RIGHT)
    return pin


@pytest.mark.parametrize(
    "bad", ["", "12345", "1234567890123", "48291a", "٤٨٢٩١٥", "48 915", "111111", "123456", "987654", "890123"]
)
def test_what_is_guessed_first_is_no_pin(tmp_path: Path, clock: Clock, bad: str):
    with pytest.raises(PinRefused):
        made(tmp_path, clock).set(bad)
    assert not made(tmp_path, clock).is_set


def test_the_pin_is_right_and_stands_in_no_file(pin: Pin, tmp_path: Path):
    assert pin.try_(RIGHT) == Tried(right=True, wait_s=0)
    assert pin.try_(WRONG) == Tried(right=False, wait_s=0)
    for path in tmp_path.iterdir():
        assert RIGHT not in path.read_text()
        assert path.stat().st_mode & 0o077 == 0


def test_waits_double_and_end():
    assert [wait_after(n) for n in range(1, 8)] == [0, 0, 0, 2, 4, 8, 16]
    assert wait_after(50) == wait_after(10_000) == LONGEST_WAIT_S


def test_who_has_to_wait_is_not_listened_to_even_with_the_right_pin(pin: Pin, clock: Clock):
    for _ in range(3):
        assert pin.try_(WRONG).wait_s == 0
    assert pin.try_(WRONG).wait_s == 2
    assert pin.try_(RIGHT) == Tried(right=False, wait_s=2)
    clock.at += 2
    assert pin.try_(RIGHT).right
    assert pin.try_(WRONG).wait_s == 0  # and the count begins anew


def test_a_day_of_guessing_gives_a_guesser_few_tries(pin: Pin, clock: Clock):
    end, tries = clock.at + 86_400, 0
    while clock.at < end:
        clock.at += pin.wait_s()
        tries += pin.try_(WRONG).right is False
    assert tries < 120  # of a million


def test_a_reboot_shortens_no_wait(pin: Pin, tmp_path: Path, clock: Clock):
    """The plug is pulled and in again: the time since boot begins anew, and so does the wait, as a whole and no more."""
    for _ in range(8):
        clock.at += pin.wait_s()
        pin.try_(WRONG)
    wait = pin.wait_s()
    assert wait == 32
    clock.at = 3.0
    again = made(tmp_path, clock, boot="second")
    assert again.wait_s() == wait
    assert not again.try_(RIGHT).right
    clock.at += wait / 2
    assert made(tmp_path, clock, boot="second").wait_s() == wait / 2  # the process alone was restarted
    clock.at += wait / 2
    assert again.try_(RIGHT).right


def test_the_wall_clock_says_nothing(pin: Pin, monkeypatch: pytest.MonkeyPatch):
    for _ in range(4):
        pin.try_(WRONG)
    monkeypatch.setattr("time.time", lambda: 4e9)
    monkeypatch.setattr("time.monotonic", lambda: 4e9)
    assert pin.wait_s() == 2


def test_a_try_is_on_the_disk_before_it_is_looked_at(pin: Pin, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    """The plug is pulled while the PIN is being compared: the try has counted, file and folder were synced."""
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    class Plug(BaseException):
        pass

    def pulled(*_: Any) -> bool:
        raise Plug

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(pin, "_matches", pulled)
    for _ in range(4):
        with pytest.raises(Plug):
            pin.try_(RIGHT)
    assert synced == [".tries.json.new", tmp_path.name] * 4
    assert made(tmp_path, clock).wait_s() == 2


def test_a_disk_that_takes_no_writes_looks_at_no_pin(pin: Pin, monkeypatch: pytest.MonkeyPatch):
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pins, "_write_json", full)
    with pytest.raises(OSError, match="No space"):
        pin.try_(RIGHT)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        "nonsense",
        '{"boot": "first", "doors": {"strangers": {"failures": 1, "until": NaN, "wait": 1}}, "devices": []}',
    ],
)
def test_a_file_that_was_meddled_with_counts_as_the_longest_wait_and_no_more(
    tmp_path: Path, pin: Pin, clock: Clock, content: str
):
    (tmp_path / "tries.json").write_text(content)
    assert pin.wait_s() == LONGEST_WAIT_S
    clock.at += LONGEST_WAIT_S
    assert pin.try_(RIGHT).right


def test_a_stranger_who_guesses_on_does_not_shut_the_owners_browser_out(pin: Pin, clock: Clock):
    device = pin.remember_device()
    for _ in range(20):
        clock.at += pin.wait_s()
        pin.try_(WRONG)
    assert pin.wait_s() == LONGEST_WAIT_S
    assert pin.wait_s(device) == 0
    assert pin.try_(RIGHT, device).right
    assert pin.wait_s() == LONGEST_WAIT_S  # for strangers nothing has changed


def test_a_stolen_device_cookie_gives_no_more_tries_than_a_stranger_has(pin: Pin):
    device = pin.remember_device()
    waits = [pin.try_(WRONG, device).wait_s for _ in range(4)]
    assert waits == [0, 0, 0, 2]
    assert pin.wait_s() == 0
    pin.forget_devices()
    assert not pin.knows(device)
    assert pin.wait_s(device) == 0  # counted with the strangers from now on


def test_of_many_devices_the_oldest_is_forgotten(pin: Pin, tmp_path: Path):
    devices = [pin.remember_device() for _ in range(pins.DEVICES + 1)]
    assert [pin.knows(device) for device in devices] == [False] + [True] * pins.DEVICES
    assert not any(device in (tmp_path / "tries.json").read_text() for device in devices)


def test_another_pin_ends_every_wait(pin: Pin):
    for _ in range(4):
        pin.try_(WRONG)
    pin.set("730164")
    assert pin.try_("730164").right
    assert not pin.try_(RIGHT).right


def test_the_real_cost_is_as_the_file_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    pin = Pin(tmp_path)
    pin.set(RIGHT)
    kept = json.loads((tmp_path / "pin.json").read_text())
    assert (kept["n"], kept["r"], kept["p"]) == (1 << 15, 8, 1)
    assert pin.try_(RIGHT).right

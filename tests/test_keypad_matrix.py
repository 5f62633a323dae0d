"""The matrix on gpiozero's mock pins: pins that are somebody else's, no short circuits, no edges, and words for each failure."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import gpiozero
import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from kiosk.core.errors import DriverError
from kiosk.core.events import Key
from kiosk.keypad import Wiring, open_keypad
from kiosk.keypad.matrix import MatrixKeypad
from kiosk.keypad.wiring import RESERVED
from tests.keypad_kits import MatrixKit, mocked, started


@pytest.fixture(autouse=True)
def no_factory_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test says which pins there are."""
    before, Device.pin_factory = Device.pin_factory, None
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    yield
    Device.pin_factory = before


def refused(wiring: Wiring) -> str:
    with mocked(MatrixKit(wiring).copper), pytest.raises(DriverError) as error:
        MatrixKeypad(lambda _event: None, wiring).start()
    return str(error.value)


def test_no_short_circuit_whatever_is_pressed_at_once() -> None:
    """Two keys of one column join two rows: neither may be driven high meanwhile."""
    with started(MatrixKit()) as kit:
        assert isinstance(kit, MatrixKit)
        for keys in ((Key.D1, Key.D4), (Key.D1, Key.D4, Key.D7), (Key.D1, Key.D2, Key.D4, Key.D5), tuple(Key)[:10]):
            for key in keys:
                kit.down(key)
            kit.wait(100)
            for key in keys:
                kit.up(key)
            kit.wait(100)
        assert kit.copper.shorts == 0


def test_ghosts_of_real_copper_press_nothing() -> None:
    with started(MatrixKit()) as kit:
        for key in (Key.D1, Key.D2, Key.D4):
            kit.down(key)
            kit.wait(60)
        assert kit.pressed == [Key.D1, Key.D2]
        kit.up(Key.D1)
        kit.wait(60)
        assert kit.pressed == [Key.D1, Key.D2, Key.D4]


def test_a_key_that_is_down_at_the_start_is_no_press() -> None:
    kit = MatrixKit()
    kit.down(Key.D8)
    with started(kit):
        kit.wait(200)
        assert kit.pressed == []
        kit.up(Key.D8)
        kit.wait(60)
        kit.tap(Key.D8)
    assert kit.pressed == [Key.D8]


def test_another_layout_and_other_pins() -> None:
    kit = MatrixKit(Wiring((4, 17, 27, 22), (23, 24, 25, 26), ("ABCD", "*0#9", "5678", "1234")))
    with started(kit):
        for key in (Key.SCAN, Key.MENU, Key.OK, Key.D1):
            kit.tap(key)
    assert kit.pressed == [Key.SCAN, Key.MENU, Key.OK, Key.D1]


def test_while_no_key_is_down_only_the_columns_are_read() -> None:
    """A hundred glances a second have to cost next to nothing."""
    with started(MatrixKit()) as kit:
        assert isinstance(kit, MatrixKit)
        drivings: list[int] = []
        for pin in kit.copper.factory.pins.values():
            pin.output_with_state = drivings.append
        kit.wait(200)
    assert drivings == []


def test_nothing_listens_for_edges() -> None:
    with started(MatrixKit()) as kit:
        assert isinstance(kit, MatrixKit)
        assert all(pin.when_changed is None for pin in kit.copper.factory.pins.values())


def test_after_stop_nothing_is_driven_and_the_pins_are_free() -> None:
    with started(MatrixKit()) as kit:
        assert isinstance(kit, MatrixKit)
        kit.keypad.stop()
        assert {pin.function for pin in kit.copper.factory.pins.values()} == {"input"}
        gpiozero.LED(5, pin_factory=kit.copper.factory).close()


@pytest.mark.parametrize("pin", RESERVED)
def test_a_pin_of_something_else_is_refused_by_name_with_the_remedy(pin: int) -> None:
    says = refused(Wiring(rows=(5, 6, 13, pin)))
    assert f"GPIO {pin} belongs to {RESERVED[pin]}" in says
    assert f"freed_pins = [{pin}]" in says


def test_a_reserved_pin_that_was_freed_is_taken() -> None:
    kit = MatrixKit(Wiring(rows=(5, 6, 13, 14), freed_pins=(14,)))
    with started(kit):
        kit.tap(Key.OK)
    assert kit.pressed == [Key.OK]


def test_impossible_wirings_are_told() -> None:
    assert "there is no GPIO 28" in refused(Wiring(rows=(5, 6, 13, 28)))
    assert "columns: GPIO 5 stands there twice" in refused(Wiring(rows=(4, 6, 13, 19), columns=(5, 16, 20, 5)))
    assert "does not fit 4 rows and 4 columns" in refused(Wiring(keys=("123A", "456B", "789C", "*0#")))


def test_a_pin_held_by_another_part_of_the_program_is_named_and_the_others_are_given_back() -> None:
    kit = MatrixKit()
    with mocked(kit.copper):
        with gpiozero.LED(13, pin_factory=kit.copper.factory), pytest.raises(DriverError, match=r"GPIO 13 cannot .*gpioinfo"):
            kit.keypad.start()
        kit.keypad.start()
        kit.keypad.stop()


def test_without_gpiozero_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(DriverError, match="apt install python3-gpiozero python3-lgpio"):
        open_keypad("matrix", lambda _event: None).start()


class StandIn(ModuleType):
    """A module gpiozero.pins.lgpio for a machine that has the library and no pins, or no room for its pipe."""

    class error(Exception):  # noqa: N801  as lgpio calls it
        pass

    def __init__(self, trouble: Exception) -> None:
        super().__init__("gpiozero.pins.lgpio")
        self.lgpio = SimpleNamespace(error=self.error)
        self.trouble = trouble

    def LGPIOFactory(self) -> Any:  # noqa: N802  as gpiozero calls it
        raise self.trouble


@pytest.mark.parametrize(
    "trouble",
    [StandIn.error("can not open gpiochip"), PermissionError(13, "Permission denied"), gpiozero.exc.PinUnknownPi("no revision")],
)
def test_pins_that_cannot_be_opened_are_told_and_no_other_factory_is_taken(
    trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = StandIn(trouble)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(gpiozero.pins, "lgpio", module, raising=False)
    with pytest.raises(DriverError, match=r"cannot open the GPIO pins \(.*group gpio"):
        MatrixKeypad(lambda _event: None, Wiring()).start()
    assert Device.pin_factory is None


def test_a_folder_where_lgpio_cannot_make_its_pipe_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It does so when it is imported, and what it says by itself is `No such file: .lgd-nfy-3`."""
    (tmp_path / "lgpio.py").write_text("open('.lgd-nfy-3', 'rb')", "ascii")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lgpio", raising=False)
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    monkeypatch.delattr(gpiozero.pins, "lgpio", raising=False)
    with pytest.raises(DriverError, match=r"cannot make its pipe in .*WorkingDirectory="):
        MatrixKeypad(lambda _event: None, Wiring()).start()


def test_the_factory_named_in_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the whole kiosk runs with `matrix` on a desk."""
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    keypad = MatrixKeypad(lambda _event: None, Wiring())
    keypad.start()
    assert isinstance(Device.pin_factory, MockFactory)
    keypad.stop()
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nosuch")
    Device.pin_factory = None
    with pytest.raises(DriverError, match="GPIOZERO_PIN_FACTORY=nosuch cannot be used"):
        MatrixKeypad(lambda _event: None, Wiring()).start()

"""The USB number pad: which one is meant, that it is ours alone, and that pulling it out is a pause, not an end."""

from __future__ import annotations

import errno
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from evdev import ecodes

from kiosk.core.errors import DriverError
from kiosk.core.events import Health, Key
from kiosk.keypad import open_keypad
from kiosk.keypad.number_pad import FIND_AGAIN_S, KEYS, NumberPad
from tests.keypad_kits import ALL_CODES, KITS, LOGICAL, STUCK_MS, KernelPadKit, PadKit, PipePad, Ports, started, uinput_works


def problems(kit: Any) -> list[str | None]:
    return [event.problem for event in kit.events if isinstance(event, Health)]


def test_the_whole_table_of_the_design_and_the_keys_of_a_pad_whose_num_lock_is_off() -> None:
    with started(PadKit()) as kit:
        assert isinstance(kit, PadKit)
        for name in KEYS:
            kit.pad.key(ecodes.ecodes[name], 1, kit.ms)
            kit.wait(50)
            kit.pad.key(ecodes.ecodes[name], 0, kit.ms)
            kit.wait(50)
    assert kit.pressed == list(KEYS.values())
    assert set(kit.pressed) == set(LOGICAL)


def test_num_lock_the_point_letters_and_repeats_are_ignored() -> None:
    with started(PadKit()) as kit:
        assert isinstance(kit, PadKit)
        for code in (ecodes.KEY_NUMLOCK, ecodes.KEY_KPDOT, ecodes.KEY_A):
            for value in (1, 2, 2, 0):
                kit.pad.key(code, value, kit.ms)
                kit.wait(50)
        kit.pad.key(ecodes.KEY_KP5, 1, kit.ms)
        for _ in range(30):
            kit.pad.key(ecodes.KEY_KP5, 2, kit.ms)
            kit.wait(33)
    assert kit.pressed == [Key.D5]


def test_it_is_grabbed_while_the_kiosk_runs_and_free_after() -> None:
    kit = PadKit()
    with started(kit):
        assert kit.pad.grabbed_by is not None
        thread = threading.Thread(target=kit.keypad.run, args=(lambda: None,))
        thread.start()
    thread.join(10)
    assert kit.pad.grabbed_by is None


def test_a_worn_contact_is_one_press_and_one_that_was_read_late_is_not_lost() -> None:
    """By the times the kernel writes: the kiosk may have been busy for a second."""
    with started(PadKit()) as kit:
        assert isinstance(kit, PadKit)
        for value, ms in ((1, 0), (0, 3), (1, 6), (0, 70), (1, 90), (0, 150)):  # bounces going down, and coming up
            kit.pad.key(ecodes.KEY_KP1, value, 5000 + ms)
        for value, ms in ((1, 400), (0, 440), (1, 500), (0, 540)):
            kit.pad.key(ecodes.KEY_KP2, value, 5000 + ms)
        kit.wait(20)
    assert kit.pressed == [Key.D1, Key.D2, Key.D2]


def test_a_pad_with_a_00_key_wants_no_debouncing() -> None:
    for debounce_ms, pressed in ((0, [Key.D0, Key.D0]), (25, [Key.D0])):
        with started(PadKit(debounce_ms=debounce_ms)) as kit:
            assert isinstance(kit, PadKit)
            for value, ms in ((1, 0), (0, 8), (1, 16), (0, 24)):
                kit.pad.key(ecodes.KEY_KP0, value, 5000 + ms)
            kit.wait(20)
        assert kit.pressed == pressed


def test_pulled_out_it_is_told_and_put_back_it_works_again_without_a_press_of_its_own() -> None:
    with started(PadKit()) as kit:
        assert isinstance(kit, PadKit)
        kit.down(Key.D3)
        kit.wait(60)
        kit.pad.unplug()
        kit.look()
        kit.keypad.find()
        back = PipePad(path="/dev/input/event9", held={ecodes.KEY_KP3})
        kit.pad = back
        kit.ports.pads.append(back)
        kit.keypad.find()
        kit.wait(60)
        kit.up(Key.D3)
        kit.wait(60)
        kit.tap(Key.D4)
        assert back.grabbed_by is not None
    gone, missing, well = problems(kit)
    assert gone is not None
    assert "SIGMACHIP USB Keypad was pulled out" in gone
    assert missing is not None
    assert missing.endswith("plug it in")
    assert well is None
    assert kit.pressed == [Key.D3, Key.D4]


def test_a_key_that_was_down_when_the_pad_was_put_in_is_no_press_yet_may_be_stuck() -> None:
    kit = PadKit()
    kit.pad.held = {ecodes.KEY_KP3}
    with started(kit):
        kit.wait(STUCK_MS + 100)
    (problem,) = problems(kit)
    assert problem is not None
    assert "KEY_KP3" in problem
    assert kit.pressed == []


def test_its_thread_finds_it_again_by_itself(until: Callable[..., Any]) -> None:
    assert FIND_AGAIN_S <= 0.5
    kit = PadKit()
    kit.ports.pads.clear()
    with started_without_look(kit):
        thread = threading.Thread(target=kit.keypad.run, args=(lambda: None,), daemon=True)
        thread.start()
        for path in ("/dev/input/event4", "/dev/input/event5"):
            until(lambda: problems(kit)[-1:] not in ([], [None]))
            kit.pad = PipePad(path=path)
            kit.ports.pads.append(kit.pad)
            until(lambda: problems(kit)[-1] is None)
            before = len(kit.pressed)
            kit.down(Key.D6)
            until(lambda before=before: len(kit.pressed) > before)
            kit.pad.unplug()
        kit.keypad.stop()
        thread.join(10)
    assert kit.pressed == [Key.D6, Key.D6]


def started_without_look(kit: PadKit) -> Any:
    """Nothing is plugged in yet, so there is nothing to look at."""
    kit.look = lambda: None  # type: ignore[method-assign]
    return started(kit)


def test_another_keyboard_is_never_listened_to_not_even_while_the_pad_is_away() -> None:
    with started(PadKit()) as kit:
        assert isinstance(kit, PadKit)
        kit.pad.unplug()
        kit.look()
        stranger = PipePad("/dev/input/event7", "Passer-by's keyboard", vendor=0x046D)
        kit.ports.pads.append(stranger)
        kit.keypad.find()
        stranger.key(ecodes.KEY_KP1, 1, kit.ms)
        assert stranger.grabbed_by is None
        assert problems(kit)[-1] is not None
    assert kit.pressed == []


@pytest.mark.parametrize("device", ["SIGMACHIP USB Keypad", None])
def test_a_half_without_the_digits_is_not_the_pad(device: str | None) -> None:
    """Many pads are two devices of one name: the keys, and a volume knob nobody sees."""
    kit = PadKit(device)
    knob = PipePad("/dev/input/event2", codes=[ecodes.KEY_VOLUMEUP, ecodes.KEY_KP1])
    kit.ports.pads.insert(0, knob)
    with started(kit):
        kit.tap(Key.D1)
        assert knob.grabbed_by is None
    assert kit.pressed == [Key.D1]


def test_several_pads_are_told_by_name_and_path_and_one_is_chosen_by_either() -> None:
    other = PipePad("/dev/input/event5", "Other pad")
    unsure = PadKit()
    unsure.ports.pads.append(other)
    with started_without_look(unsure):
        (problem,) = problems(unsure)
    assert problem is not None
    assert "SIGMACHIP USB Keypad (/dev/input/event3) and Other pad (/dev/input/event5)" in problem
    assert "[keypad] device" in problem
    by_name = PadKit("Other pad")
    by_name.pad = other
    by_name.ports.pads.append(other)
    with started(by_name):
        by_name.tap(Key.D2)
    assert by_name.pressed == [Key.D2]


def test_a_path_is_opened_and_nothing_else(tmp_path: Any) -> None:
    path = tmp_path / "usb-SIGMACHIP-event-kbd"
    path.touch()
    kit = PadKit(str(path))
    kit.pad.path = str(path)
    kit.ports.pads.append(PipePad("/dev/input/event5"))
    with started(kit):
        kit.tap(Key.D2)
    assert (kit.pressed, set(kit.ports.opened)) == ([Key.D2], {str(path)})
    missing = PadKit("/dev/input/by-id/gone")
    with started_without_look(missing):
        (problem,) = problems(missing)
    assert problem == "/dev/input/by-id/gone is no number pad that is plugged in: plug it in, or correct [keypad] device"


def test_one_that_cannot_be_had_is_told_with_the_remedy() -> None:
    busy, forbidden = PadKit(), PadKit()
    busy.pad.grabbed_by = "another program"
    forbidden.pad.forbidden = True
    with started_without_look(busy), started_without_look(forbidden):
        assert problems(busy) == [
            "the number pad SIGMACHIP USB Keypad cannot be taken (Device or resource busy): see whether another program holds it"
        ]
        assert "group input" in str(problems(forbidden))
        busy.keypad.find()
        assert len(problems(busy)) == 1, "told once"


def test_keys_the_kernel_dropped_are_no_presses_and_none_hangs() -> None:
    with started(PadKit()) as kit:
        assert isinstance(kit, PadKit)
        kit.down(Key.D1)
        kit.wait(60)
        kit.pad.write(ecodes.EV_SYN, ecodes.SYN_DROPPED, 0, kit.ms)
        kit.pad.held = {ecodes.KEY_KP2}
        kit.pad.write(ecodes.EV_KEY, ecodes.KEY_KP9, 1, kit.ms)  # the rest of a report whose beginning is lost
        kit.pad.write(ecodes.EV_SYN, ecodes.SYN_REPORT, 0, kit.ms)
        kit.wait(60)
        kit.up(Key.D2)
        kit.wait(60)
        kit.tap(Key.D1)
        kit.tap(Key.D2)
    assert kit.pressed == [Key.D1, Key.D1, Key.D2]


def test_a_device_that_breaks_while_it_is_taken_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> list[int]:
        raise OSError(errno.ENODEV, "No such device")

    kit = PadKit()
    with monkeypatch.context() as patched:
        patched.setattr("tests.keypad_kits.PipeDevice.active_keys", broken)
        context = started_without_look(kit)
        context.__enter__()
    assert kit.pad.grabbed_by is None
    kit.keypad.find()
    assert kit.pad.grabbed_by is not None
    context.__exit__(None, None, None)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "evdev", None)
    with pytest.raises(DriverError, match="apt install python3-evdev"):
        open_keypad("evdev", lambda _event: None).start()


def test_a_look_takes_nothing() -> None:
    """As `kiosk doctor` does."""
    pad = PipePad(codes=ALL_CODES)
    plugged = NumberPad(lambda _event: None, evdev=Ports(pad).evdev).look()
    assert (plugged.name, plugged.path, pad.grabbed_by) == ("SIGMACHIP USB Keypad", "/dev/input/event3", None)
    with pytest.raises(DriverError, match="no number pad is plugged in"):
        NumberPad(lambda _event: None, evdev=Ports().evdev).look()


@pytest.mark.skipif(not uinput_works(), reason="this kernel has no uinput, or it is not ours to use")
def test_a_pad_of_the_kernel_is_pulled_out_and_found_again(until: Callable[..., Any]) -> None:
    kit = KITS["evdev over uinput"]()
    assert isinstance(kit, KernelPadKit)
    with started(kit):
        thread = threading.Thread(target=kit.keypad.run, args=(lambda: None,), daemon=True)
        thread.start()
        kit.down(Key.D1)
        until(lambda: kit.pressed == [Key.D1])
        kit.unplug()
        until(lambda: problems(kit))
        kit.plug()
        until(lambda: problems(kit)[-1] is None)
        kit.down(Key.D2)
        until(lambda: kit.pressed == [Key.D1, Key.D2])
        kit.keypad.stop()
        thread.join(10)

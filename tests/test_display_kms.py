"""Drawing without a desktop: which SDL can, what stands in its way, and the words for it. A real KMSDRM screen is the lab's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pygame
import pytest

from kiosk.core.errors import DriverError
from kiosk.display import kms
from kiosk.display.window import Window

ABLE = ("x11", "wayland", "KMSDRM", "offscreen")


def test_the_screen_is_drawn_to_directly_only_without_a_desktop_and_a_choice() -> None:
    assert kms.wanted({})
    assert kms.wanted({"DISPLAY": ""})
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        assert not kms.wanted({name: "x"})


def test_sdl_tells_its_drivers_itself() -> None:
    drivers = kms.video_drivers()
    assert {"x11", "dummy"} <= set(drivers)
    assert pygame.get_sdl_version()[0] == 2


@pytest.fixture
def machine(tmp_path: Path) -> tuple[Path, Path]:
    """/dev/dri and /sys/class/drm of a Pi with a screen on its first HDMI."""
    devices, connectors = tmp_path / "dri", tmp_path / "drm"
    devices.mkdir()
    (devices / "card0").touch()
    (devices / "card1").touch()
    for name, state in (("card1-HDMI-A-1", "connected"), ("card1-HDMI-A-2", "disconnected"), ("card1-Writeback-1", "unknown")):
        (connectors / name).mkdir(parents=True)
        (connectors / name / "status").write_text(state + "\n")
    return devices, connectors


def test_a_machine_with_a_screen_has_no_problem(machine: tuple[Path, Path]) -> None:
    assert kms.problem(ABLE, *machine) is None


def test_pypis_pygame_is_named_with_the_package_to_install(machine: tuple[Path, Path]) -> None:
    said = kms.problem(("x11", "dummy"), *machine)
    assert said is not None
    assert "apt install python3-pygame" in said


def test_no_graphics_device_points_to_the_firmwares_settings(machine: tuple[Path, Path]) -> None:
    for card in machine[0].iterdir():
        card.unlink()
    said = kms.problem(ABLE, *machine)
    assert said is not None
    assert "vc4-kms-v3d" in said


def test_no_connected_screen_is_told_with_the_plugs_there_are(machine: tuple[Path, Path]) -> None:
    (machine[1] / "card1-HDMI-A-1" / "status").write_text("disconnected\n")
    said = kms.problem(ABLE, *machine)
    assert said is not None
    assert said.startswith("no screen is connected (HDMI-A-1, HDMI-A-2, Writeback-1): plug it in")


def test_a_device_that_may_not_be_opened_names_the_groups(machine: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    said = kms.problem(ABLE, *machine)
    assert said is not None
    assert "video and render" in said
    assert "card0" in said


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No desktop."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.skipif(bool(list(kms.DEVICES.glob("card*"))), reason="a machine with a screen of its own")
@pytest.mark.usefixtures("bare")
def test_without_a_desktop_and_a_screen_the_error_says_what_to_do() -> None:
    with pytest.raises(DriverError, match=r'driver "pygame".*kmsdrm.*offscreen.*Without a desktop.*(python3-pygame|vc4-kms-v3d)'):
        Window((800, 480), fullscreen=False)
    assert "SDL_VIDEODRIVER" not in os.environ


@pytest.mark.skipif(bool(list(kms.DEVICES.glob("card*"))), reason="a machine with a screen of its own")
@pytest.mark.usefixtures("bare")
def test_the_kiosk_asks_sdl_for_kmsdrm_and_for_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def init() -> None:
        asked.append(os.environ["SDL_VIDEODRIVER"])
        raise pygame.error("kmsdrm not available")

    monkeypatch.setattr(pygame.display, "init", init)
    with pytest.raises(DriverError):
        Window((800, 480), fullscreen=False)
    assert asked == ["kmsdrm"]


def test_naming_the_problems_loads_no_pygame() -> None:
    program = "import sys; from kiosk.display import kms; kms.problem(()); assert 'pygame' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)

"""How bright the screen is, when it rests, what moves against burn-in; and the lamp, in a folder like the kernel's."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest

from kiosk.core.screens import Idle, Screen
from kiosk.display import backlight, drift
from kiosk.display.light import CALM_AFTER_S, DIM_SHARE, MOVING, Light, Rest, light
from tests.display_views import MAIN, NOW

MINUTE = 60_000
NEVER_DIM = [view.screen for view in MAIN.values() if isinstance(view.screen, MOVING)]
RESTING = [view.screen for view in MAIN.values() if not isinstance(view.screen, MOVING)]
LONG_S = 100_000.0


def shone(screen: Screen, quiet_s: float, *, dim_after_s: int = 120, brightness: int = 70, lamp: bool = True) -> Light:
    return light(screen, quiet_s, dim_after_s=dim_after_s, brightness=brightness, has_lamp=lamp)


# --- what is decided ---


def test_awake_the_lamp_is_as_bright_as_the_shop_wants_and_a_qr_has_all_of_it() -> None:
    assert shone(MAIN["idle"].screen, 0) == Light(Rest.AWAKE, 70, 100)
    assert shone(MAIN["qr"].screen, 0) == Light(Rest.AWAKE, 100, 100)
    assert shone(MAIN["qr"].screen, 0, lamp=False) == Light(Rest.AWAKE, 100, 100)


@pytest.mark.parametrize("screen", NEVER_DIM, ids=lambda screen: type(screen).__name__)
def test_somebody_who_waits_is_never_left_in_the_dark(screen: Screen) -> None:
    assert shone(screen, LONG_S).rest is Rest.AWAKE
    assert shone(screen, LONG_S).lamp >= 70


@pytest.mark.parametrize("screen", RESTING, ids=lambda screen: type(screen).__name__)
def test_a_screen_that_nobody_uses_is_dimmed_and_only_the_idle_one_goes_dark(screen: Screen) -> None:
    assert shone(screen, 119.9).rest is Rest.AWAKE
    assert shone(screen, 120) == Light(Rest.DIM, 70 * DIM_SHARE // 100, 100)
    assert shone(screen, 120, lamp=False) == Light(Rest.DIM, 100, DIM_SHARE)
    assert shone(screen, 120 + CALM_AFTER_S).rest is (Rest.CALM if isinstance(screen, Idle) else Rest.DIM)


def test_nought_seconds_is_never() -> None:
    assert shone(MAIN["idle"].screen, LONG_S, dim_after_s=0) == Light(Rest.AWAKE, 70, 100)


def test_dimmed_is_never_off() -> None:
    assert shone(MAIN["idle"].screen, LONG_S, brightness=1).lamp == 1


# --- what moves ---


def test_each_minute_all_is_a_pixel_aside_and_in_time_everywhere() -> None:
    seen = [drift.shift(NOW + minute * MINUTE, 3) for minute in range(12 * 12)]
    assert set(seen) == {(x, y) for x in range(-3, 4) for y in range(-3, 4)}
    for one, other in pairwise(seen):
        assert abs(one[0] - other[0]) == 1
        assert abs(one[1] - other[1]) <= 1


def test_within_a_minute_nothing_moves_and_without_room_never() -> None:
    begin = NOW // MINUTE * MINUTE
    for moved in (lambda at: drift.shift(at, 6), lambda at: drift.place(at, (300, 200))):
        assert moved(begin) == moved(begin + MINUTE - 1) != moved(begin + MINUTE)
    assert drift.shift(NOW, 0) == (0, 0)


def test_the_dark_screens_words_stand_everywhere_in_the_room_they_have() -> None:
    places = [drift.place(NOW + minute * MINUTE, (300, 200)) for minute in range(600)]
    assert all(0 <= x <= 300 and 0 <= y <= 200 for x, y in places)
    cells = {(x * 6 // 301, y * 4 // 201) for x, y in places}
    assert len(cells) == 24
    assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) > 60 for a, b in pairwise(places))


# --- the lamp ---


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """/sys/class/backlight of a Pi with the official screen."""
    lamp = tmp_path / "10-0045"
    lamp.mkdir()
    (lamp / "max_brightness").write_text("255\n")
    (lamp / "brightness").write_text("128\n")
    return tmp_path


def test_percentages_are_written_in_the_lamps_own_steps_and_never_0(sysfs: Path) -> None:
    lamp = backlight.find(sysfs)
    assert lamp is not None
    assert (lamp.name, lamp.problem) == ("10-0045", None)
    for percent, written in ((100, "255"), (70, "178"), (14, "35"), (0, "1")):
        lamp.put(percent)
        assert (sysfs / "10-0045" / "brightness").read_text() == written


def test_no_lamp_is_no_trouble(tmp_path: Path) -> None:
    assert backlight.find(tmp_path) is None
    assert backlight.find(tmp_path / "nowhere") is None


def test_a_lamp_of_nonsense_is_left_alone(sysfs: Path, caplog: pytest.LogCaptureFixture) -> None:
    (sysfs / "10-0045" / "max_brightness").write_text("bright\n")
    lamp = backlight.find(sysfs)
    assert lamp is not None
    lamp.put(50)
    lamp.put(60)
    assert (sysfs / "10-0045" / "brightness").read_text() == "128\n"
    assert len(caplog.records) == 1
    assert "max_brightness cannot be read" in caplog.records[0].problem  # type: ignore[attr-defined]


_AS_NOBODY = """
import logging, os, sys
from pathlib import Path
from kiosk.display import backlight
backlight.find(Path(sys.argv[1]))  # all that Python loads late is loaded: it may lie where nobody else may look
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
logging.basicConfig(format="%(message)s %(problem)s", stream=sys.stdout)
lamp = backlight.find(Path(sys.argv[1]))
print("found", lamp.problem)
lamp.put(50)
lamp.put(60)
"""


def test_a_lamp_that_may_not_be_set_is_said_once_with_the_remedy(sysfs: Path) -> None:
    """For a user without the right, by the kernel's own word; the kiosk goes on."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        shutil.copytree(sysfs, folder, dirs_exist_ok=True)
        Path(folder).chmod(0o755)
        brightness = Path(folder) / "10-0045" / "brightness"
        brightness.chmod(0o444)
        done = subprocess.run([sys.executable, "-c", _AS_NOBODY, folder], capture_output=True, text=True, check=True)
        assert brightness.read_text() == "128\n"
    first, *logged = done.stdout.splitlines()
    assert first.startswith(f"found {brightness} cannot be written")
    assert len(logged) == 1
    assert "the screen's brightness stays as it is" in logged[0]
    assert "group video" in logged[0]
    assert "the package brings the rule" in logged[0]


def test_a_lamp_that_fails_later_is_said_once_too(sysfs: Path, caplog: pytest.LogCaptureFixture) -> None:
    lamp = backlight.find(sysfs)
    assert lamp is not None
    lamp.put(50)
    brightness = sysfs / "10-0045" / "brightness"
    brightness.unlink()
    brightness.mkdir()  # whatever is written now fails, for root too
    with caplog.at_level(logging.WARNING):
        lamp.put(60)
        lamp.put(70)
    assert len(caplog.records) == 1
    assert lamp.problem is not None

"""What scanning costs the screen, and how long a webcam's absence and return go unnoticed."""

from __future__ import annotations

import json
import queue
import statistics
import sys
import time
from pathlib import Path

from PIL import Image

from kiosk.camera.link import ScannerLink
from kiosk.core.events import Event, Health
from tests.bench.conftest import Table
from tests.bench.desk import Process, XScreen, environment, stopping

ROUNDS = 12
PHASE_S = {"keying": 2.0, "memory": 2.0, "scanning": 6.0}
UNPLUGGED = 8
MOST_MS = 3000.0


def test_the_screen_is_as_quick_while_scanning_as_without(screen: XScreen, table: Table) -> None:
    """By turns, in one window: keys; a scan's screen with pictures from memory; the same with pictures from the scanner."""
    times: dict[str, list[float]] = {"keying": [], "memory": [], "scanning": []}
    command = [sys.executable, "-m", "tests.bench.stage"]
    with stopping(Process(command, env=environment(screen.display))) as stage:
        assert stage.hear() == "ready"
        for turn in range(ROUNDS):
            for phase in sorted(times, reverse=bool(turn % 2)):
                stage.say(f"{phase} {PHASE_S[phase]}")
                times[phase] += json.loads(stage.hear())
    late = {phase: percentile(taken, 99) for phase, taken in times.items()}
    told = {
        phase: f"p99 {late[phase]:.1f} ms, median {statistics.median(taken):.1f}, {len(taken)} frames"
        for phase, taken in times.items()
    }
    table.row("the same", told["scanning"], f"its pictures from memory: {told['memory']}", late["scanning"] / late["memory"])
    table.row(
        "a frame while scanning", told["scanning"], f"while keying: {told['keying']}", late["scanning"] / late["keying"], 1.1
    )


def test_a_webcam_is_missed_and_found_again_within_three_seconds(table: Table, tmp_path: Path) -> None:
    """While scanning, from the plug to the words, and from the plug to the camera's being well again."""
    heard: queue.Queue[Event] = queue.Queue()
    plugged = tmp_path / "plugged"
    plugged.touch()
    Image.new("L", (640, 480), 90).save(tmp_path / "scene.png")
    command = [sys.executable, "-m", "tests.webcam_scanner", str(tmp_path)]
    gone, back = [], []
    with stopping(ScannerLink(heard.put, lambda *_: None, lambda fd: [*command, str(fd)])) as link:
        link.start()
        _until(heard, well=True)
        link.scan("order")
        for _ in range(UNPLUGGED):
            time.sleep(1.5)
            plugged.unlink()
            gone.append(_until(heard, well=False))
            time.sleep(1.5)
            plugged.touch()
            back.append(_until(heard, well=True))
    for what, taken in (("webcam unplugged -> words", gone), ("webcam plugged in -> well", back)):
        table.row(what, f"{max(taken):.0f} ms at most of {UNPLUGGED}", f"{MOST_MS:.0f} ms", max(taken) / MOST_MS, 1)


def _until(heard: queue.Queue[Event], *, well: bool) -> float:
    """Milliseconds until the camera's health is that."""
    began = time.monotonic()
    while True:
        event = heard.get(timeout=30)
        if isinstance(event, Health) and (event.problem is None) == well:
            return (time.monotonic() - began) * 1000


def percentile(values: list[float], share: int) -> float:
    """The value that `share` of 100 do not exceed."""
    return sorted(values)[min(len(values) - 1, len(values) * share // 100)]

"""The keypad without keys: a script file or the program presses. For tests, and for kiosks driven over the control socket."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from kiosk.core.errors import DriverError
from kiosk.core.events import Key, Pressed
from kiosk.core.ports import Post

BEAT_S = 0.25


class ScriptedKeypad:
    """Presses what `press` is told, and the words of a script file (or named pipe) in their order: `1 2 5 0 OK`."""

    def __init__(self, post: Post, script: Path | None = None) -> None:
        self._post = post
        self._script = script
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin with the script, if there is one. Raises DriverError when it is not there."""
        if self._script is None:
            return
        if not self._script.exists():
            raise DriverError(f"[keypad] script = {str(self._script)!r} does not exist: write it, or leave the key out")
        threading.Thread(target=self._play, name="keypad script", daemon=True).start()

    def run(self, beat: Callable[[], None]) -> None:
        """Nothing to watch until `stop`: the script has a thread of its own, as a pipe may keep it waiting for words."""
        while not self._stopping.wait(BEAT_S):
            beat()

    def stop(self) -> None:
        """No more keys after the one under way."""
        self._stopping.set()

    def press(self, name: str) -> None:
        """Press the key of this name. Raises ValueError for a name that is none."""
        try:
            key = Key(name)
        except ValueError:
            raise ValueError(f"key {name!r}: the keys are {', '.join(Key)}") from None
        self._post(Pressed(key))

    def _play(self) -> None:
        assert self._script is not None
        with self._script.open(encoding="ascii") as lines:
            for line in lines:
                for word in line.partition(";")[0].split():
                    if self._stopping.is_set():
                        return
                    self.press(word)

"""QEMU's own protocol (docs/interop/qmp-spec): one command at a time over its socket, and the events that came meanwhile."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

ANSWER_S = 60.0
LOOK_S = 0.05


class Qmp:
    """The line to one QEMU."""

    def __init__(self, path: Path) -> None:
        """Waits until QEMU listens there."""
        self.events: list[dict[str, Any]] = []
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.settimeout(ANSWER_S)
        end = time.monotonic() + ANSWER_S
        while True:
            try:
                self._line.connect(str(path))
            except OSError:
                assert time.monotonic() < end, f"QEMU does not listen at {path}"
                time.sleep(LOOK_S)
            else:
                break
        self._lines = self._line.makefile("rb")
        self._lines.readline()  # its greeting
        self.do("qmp_capabilities")

    def do(self, command: str, **arguments: object) -> Any:
        """What the command returns. AssertionError when QEMU says no."""
        self._line.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            told = json.loads(self._lines.readline())
            if "event" in told:
                self.events.append(told)
                continue
            assert "return" in told, f"{command}: {told}"
            return told["return"]

    def seen(self, event: str) -> list[dict[str, Any]]:
        """The events of this name up to now."""
        self.do("query-status")  # whatever came before its answer has been read
        return [told for told in self.events if told["event"] == event]

    def close(self) -> None:
        self._lines.close()
        self._line.close()

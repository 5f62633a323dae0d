"""The lab's hand inside a virtual machine: does what is asked over a virtio-serial port, a JSON object a line each way.

Runs as root in the machine, as a unit that the kiosk's waits for: it is ready once it was told `go`. Standard library alone.
Each question has an `id`, and so has its answer:  run WORDS (stdin, timeout_s) | ask LINE of the control socket |
key WORD CAP REST_S: a finger goes down or up and rests, by the clock in there | nokeys | go.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from vm_wire import Wire

PORT = Path("/dev/virtio-ports/lab")
CONTROL = "/var/lib/kiosk/kiosk.db.sock"
ANSWER_S = 30.0
_wires: list[Wire] = []


def main() -> None:
    """Serve for as long as the machine is on."""
    while not PORT.exists():  # its driver is still being loaded
        time.sleep(0.1)
    port = os.open(PORT, os.O_RDWR)
    lock = threading.Lock()
    while True:
        with os.fdopen(os.dup(port), "rb") as lines:
            while line := lines.readline():
                threading.Thread(target=_serve, args=(port, lock, json.loads(line)), daemon=True).start()
        time.sleep(0.1)  # nobody is at the other end


def _serve(port: int, lock: threading.Lock, question: dict[str, Any]) -> None:
    try:
        answer = _do(question)
    except (OSError, ValueError, AssertionError, subprocess.SubprocessError) as problem:
        answer = {"problem": f"{type(problem).__name__}: {problem}"}
    line = json.dumps({"id": question["id"], **answer}).encode() + b"\n"
    with lock:
        while line:
            line = line[os.write(port, line) :]


def _do(question: dict[str, Any]) -> dict[str, Any]:
    match question["do"]:
        case "run":
            done = subprocess.run(
                question["words"],
                input=question.get("stdin", ""),
                capture_output=True,
                text=True,
                timeout=question["timeout_s"],
                check=False,
                errors="replace",
            )
            return {"code": done.returncode, "out": done.stdout, "err": done.stderr}
        case "ask":
            return {"line": _ask(question["line"])}
        case "key":
            if not _wires:
                _wires.append(Wire())
            _wires[0].say(question["word"], question["cap"])
            time.sleep(question["rest_s"])
            return {}
        case "nokeys":
            while _wires:
                _wires.pop().close()
            return {}
        case "go":
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
                ready.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
            return {}
    return {"problem": f"{question['do']!r} is not known here"}


def _ask(line: str) -> str:
    """One question to the kiosk. OSError when there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
        control.settimeout(ANSWER_S)
        control.connect(CONTROL)
        control.sendall(line.encode())
        with control.makefile("r", encoding="utf-8") as answers:
            return answers.readline()


if __name__ == "__main__":
    sys.exit(main())

"""A receipt printer of the test's own: takes ESC/POS as a real one would, over TCP or a pseudo terminal, and keeps what came out.

It reads the few commands that the kiosk sends; any other byte is a mistake and kept in `odd`. Command reference: Epson, ESC/POS.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import tty
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

_PARAMETERS = {  # bytes after the two that name the command
    b"\x10\x04": 1,
    b"\x1dr": 1,
    b"\x1dV": 1,
    b"\x1b@": 0,
    b"\x1bd": 1,
    b"\x1ba": 1,
    b"\x1bE": 1,
    b"\x1d!": 1,
    b"\x1dB": 1,
    b"\x1c&": 0,
    b"\x1b-": 1,
    b"\x1bM": 1,
}


@dataclass
class Slip:
    """What lay between two cuts: pictures and lines of text (in GB18030), in their order."""

    parts: list[Image.Image | str] = field(default_factory=list)

    @property
    def picture(self) -> Image.Image:
        """Its dots, one picture under the other."""
        pictures = [part for part in self.parts if isinstance(part, Image.Image)]
        whole = Image.new("1", (pictures[0].width, sum(picture.height for picture in pictures)), 1)
        top = 0
        for picture in pictures:
            whole.paste(picture, (0, top))
            top += picture.height
        return whole

    @property
    def lines(self) -> list[str]:
        """Its text."""
        return [part for part in self.parts if isinstance(part, str)]


class Mechanism:
    """The printer itself: bytes in, answers out."""

    def __init__(self) -> None:
        self.slips: list[Slip] = []
        self.odd = b""
        self.asked = 0
        self.paper = self.answers = self.answers_in_turn = True
        self.open = self.fault = False
        self.runs_out_after: int | None = None  # pictures
        self._now = Slip()
        self._buffer = b""

    def take(self, data: bytes, say: Callable[[bytes], object]) -> None:
        self._buffer += data
        while self._buffer and self._one(say):
            pass

    def _one(self, say: Callable[[bytes], object]) -> bool:
        """One command off the front; False when it is not all there yet: a read may end anywhere."""
        head = self._buffer[:2]
        length = 2 + _PARAMETERS.get(head, 0) + (self._buffer[:3] in (b"\x1dVA", b"\x1dVB"))  # which feed first, as far as told
        if len(self._buffer) < length:
            return False
        if head == b"\x10\x04":
            self.asked += 1
            if self.answers:
                say(self._status(self._buffer[2]))
            self._buffer = self._buffer[length:]
        elif head == b"\x1dr":
            if self.answers and self.answers_in_turn and self.paper:
                say(b"\x00")
            self._buffer = self._buffer[length:]
        elif head == b"\x1dv":
            return self._picture()
        elif head == b"\x1dV":
            self.slips.append(self._now)
            self._now = Slip()
            self._buffer = self._buffer[length:]
        elif head in _PARAMETERS:
            self._buffer = self._buffer[length:]
        elif self._buffer[0] >= 0x20:
            line, found, rest = self._buffer.partition(b"\n")
            if not found:
                return False
            self._now.parts.append(line.decode("gb18030"))
            self._buffer = rest
        else:
            self.odd += self._buffer[:1]
            self._buffer = self._buffer[1:]
        return True

    def _picture(self) -> bool:
        """GS v 0 m xL xH yL yH data: rows of bytes, a bit that is set is black."""
        if len(self._buffer) < 8:
            return False
        across, down = (int.from_bytes(self._buffer[place : place + 2], "little") for place in (4, 6))
        end = 8 + across * down
        if len(self._buffer) < end:
            return False
        bits = np.unpackbits(np.frombuffer(self._buffer[8:end], np.uint8).reshape(down, across), axis=1)
        self._now.parts.append(Image.fromarray((1 - bits) * np.uint8(255)).convert("1"))
        self._buffer = self._buffer[end:]
        if self.runs_out_after is not None:
            self.runs_out_after -= 1
            self.paper = self.runs_out_after > 0
        return True

    def _status(self, which: int) -> bytes:
        fixed = 0b0001_0010
        off_line = self.open or self.fault or not self.paper
        bits = {
            1: 0x08 if off_line else 0,
            2: (0x04 if self.open else 0) | (0x20 if not self.paper else 0) | (0x40 if self.fault else 0),
            4: 0 if self.paper else 0x6C,
        }
        return bytes([fixed | bits[which]])


class NetworkPrinter(Mechanism):
    """At `port` on this machine. `deaf`: it takes the connection and reads nothing; `rude`: it hangs up at the first byte."""

    def __init__(self) -> None:
        super().__init__()
        self.deaf = self.rude = False
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            if not select.select([self._listener], [], [], 0.02)[0]:
                continue
            connection, _ = self._listener.accept()
            self.connections += 1
            with connection:
                while not self._stopping.is_set():
                    if self.deaf or not select.select([connection], [], [], 0.02)[0]:
                        self._stopping.wait(0.02)
                        continue
                    data = connection.recv(65536)
                    if not data or self.rude:
                        break
                    self.take(data, connection.sendall)


class SerialPrinter(Mechanism):
    """At `device`, a pseudo terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._ours, theirs = os.openpty()
        tty.setraw(theirs)
        self.device = os.ttyname(theirs)
        self._theirs = theirs  # held open, so that a kiosk that closes its end hangs nothing up
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        self._stopping.set()
        self._thread.join()
        os.close(self._theirs)
        os.close(self._ours)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            if select.select([self._ours], [], [], 0.02)[0]:
                try:
                    self.take(os.read(self._ours, 65536), lambda answer: os.write(self._ours, answer))
                except OSError:
                    return

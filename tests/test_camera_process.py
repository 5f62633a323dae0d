"""The scanner process's loop, over a real socket and a camera that shows what the test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator, Iterator

import numpy as np
import pytest
from PIL import Image

from kiosk.camera.frame import Frame, mirrored
from kiosk.camera.process import serve
from kiosk.camera.wire import Beat, Code, Hint, Message, Pause, Picture, Ready, Scan, Stop, Trouble, Unpacker, pack
from kiosk.core.errors import DriverError
from kiosk.core.events import ScanHint
from kiosk.core.screens import Reading
from tests.camera_pictures import CODE, OTHER_CODE, page, qr


class Stage:
    """A camera: shows `text` as a QR, or nothing; counts how often it was started, is streaming, and was closed."""

    def __init__(self) -> None:
        self.text = ""
        self.still: np.ndarray | None = None  # shown in place of a text
        self.streaming = self.closed = False
        self.starts = 0
        self.broken = False

    def frames(self) -> Generator[Frame, None, None]:
        self.starts += 1
        self.streaming = True
        try:
            while not self.broken:
                picture = np.asarray(qr(self.text, 200)) if self.text else np.full((200, 200), 90, np.uint8)
                yield Frame(picture if self.still is None else self.still, mirrored(np.zeros((2, 2, 3), np.uint8)))
            raise DriverError("the ribbon cable is loose: push it in")
        finally:
            self.streaming = False

    def close(self) -> None:
        self.closed = True


class Kiosk:
    """The other end of the line."""

    def __init__(self, open_camera: Callable[[], Stage]) -> None:
        self.line, theirs = socket.socketpair()
        self.line.settimeout(20)
        self.result: list[bool] = []
        self._unpacker = Unpacker()
        self._heard: list[Message] = []
        self.heard: list[type[Message]] = []  # so far
        self.thread = threading.Thread(target=self._serve, args=(theirs, open_camera))
        self.thread.start()

    def _serve(self, theirs: socket.socket, open_camera: Callable[[], Stage]) -> None:
        with theirs:
            self.result.append(serve(theirs, open_camera))

    def say(self, *messages: Message) -> None:
        self.line.sendall(b"".join(map(pack, messages)))

    def hear(self, kind: type[Message]) -> Message:
        """The next message of this kind; others before it are let go."""
        while True:
            while not self._heard:
                data = self.line.recv(65536)
                assert data, "the scanner hung up"
                self._heard = self._unpacker.feed(data)
            message = self._heard.pop(0)
            self.heard.append(type(message))
            if isinstance(message, kind):
                return message

    def rest(self) -> list[Message]:
        """All that is said until the scanner hangs up."""
        messages = self._heard
        while data := self.line.recv(65536):
            messages += self._unpacker.feed(data)
        return messages


@pytest.fixture
def camera() -> Stage:
    return Stage()


@pytest.fixture
def kiosk(camera: Stage) -> Iterator[Kiosk]:
    one = Kiosk(lambda: camera)
    yield one
    one.line.close()
    one.thread.join(20)
    assert not one.thread.is_alive()


def test_it_streams_only_while_it_is_told_to_look(kiosk: Kiosk, camera: Stage, until):
    kiosk.hear(Ready)
    assert camera.starts == 0
    kiosk.say(Scan("a"))
    kiosk.hear(Picture)
    assert camera.streaming
    kiosk.say(Pause())
    until(lambda: not camera.streaming)
    kiosk.hear(Beat)


def test_after_the_code_no_picture_leaves_and_the_camera_rests(kiosk: Kiosk, camera: Stage, until):
    camera.text = CODE
    kiosk.say(Scan("a"))
    assert kiosk.hear(Code) == Code("a", CODE)
    until(lambda: not camera.streaming)
    kiosk.say(Stop())
    assert {type(message) for message in kiosk.rest()} <= {Beat}


def test_a_new_scan_takes_the_place_of_the_one_under_way(kiosk: Kiosk, camera: Stage):
    kiosk.say(Scan("a"))
    kiosk.hear(Picture)
    kiosk.say(Scan("b"))
    kiosk.hear(Picture)
    camera.text = OTHER_CODE
    assert kiosk.hear(Code) == Code("b", OTHER_CODE)
    assert camera.starts == 2


def test_what_is_refused_is_hinted_at_with_the_ticket(kiosk: Kiosk, camera: Stage):
    camera.text = "weixin://wxpay/x"
    kiosk.say(Scan("a"))
    assert kiosk.hear(Hint) == Hint("a", ScanHint.WECHAT_RECEIVE)


def test_what_is_seen_is_outlined_on_the_view(kiosk: Kiosk, camera: Stage):
    camera.text = "weixin://wxpay/x"
    kiosk.say(Scan("a"))
    picture = kiosk.hear(Picture)
    assert isinstance(picture, Picture)
    assert [outline.reading for outline in picture.outlines] == [Reading.REFUSED]
    assert set(picture.outlines[0].corners) <= {(0, 0), (1, 0), (1, 1), (0, 1)}  # a view of two pixels by two


def test_no_picture_shows_the_code_that_is_believed(kiosk: Kiosk, camera: Stage):
    """Not even the frame that it was read from: by then the money is on its way."""
    camera.text = CODE
    kiosk.say(Scan("a"))
    assert kiosk.hear(Code) == Code("a", CODE)
    assert Picture not in kiosk.heard


def test_what_would_help_is_told_of_a_code_that_came_and_cannot_be_read(kiosk: Kiosk, camera: Stage):
    shop = Image.new("L", (640, 480), 90)
    camera.still = np.asarray(shop)
    kiosk.say(Scan("a"))
    assert kiosk.hear(Picture) == mirrored(np.zeros((2, 2, 3), np.uint8))
    shop.paste(page(CODE).resize((50, 90), Image.Resampling.BOX), (300, 200))
    camera.still = np.asarray(shop)
    assert kiosk.hear(Hint) == Hint("a", ScanHint.CLOSER)
    picture = kiosk.hear(Picture)
    assert isinstance(picture, Picture)
    assert [outline.reading for outline in picture.outlines] == [Reading.UNREAD]


def test_it_beats_while_it_looks_and_while_it_does_not(kiosk: Kiosk):
    kiosk.hear(Beat)
    kiosk.hear(Beat)
    kiosk.say(Scan("a"))
    kiosk.hear(Picture)
    kiosk.hear(Beat)


def test_it_ends_well_when_told_to_or_hung_up_on(kiosk: Kiosk, camera: Stage):
    kiosk.say(Scan("a"), Stop())
    kiosk.rest()
    kiosk.thread.join(20)
    assert (kiosk.result, camera.closed) == ([True], True)


def test_nonsense_from_the_other_end_ends_it(kiosk: Kiosk, camera: Stage):
    kiosk.line.sendall(b"\x00\x02\x00\x00\x00\x00[]")
    kiosk.rest()
    kiosk.thread.join(20)
    assert (kiosk.result, camera.closed) == ([True], True)


def test_a_camera_that_fails_is_told_in_its_own_words(kiosk: Kiosk, camera: Stage):
    kiosk.say(Scan("a"))
    kiosk.hear(Picture)
    camera.broken = True
    assert kiosk.hear(Trouble) == Trouble("the ribbon cable is loose: push it in")
    kiosk.rest()
    kiosk.thread.join(20)
    assert (kiosk.result, camera.closed) == ([False], True)

"""The scanner process's loop, over a real socket and a camera that shows what the test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator, Iterator

import numpy as np
import pytest
from PIL import Image

from kiosk.camera import process, vigil
from kiosk.camera.frame import Frame, Spent, mirrored
from kiosk.camera.process import serve
from kiosk.camera.symbol import Format
from kiosk.camera.wire import (
    Beat,
    Blind,
    Code,
    Hint,
    Message,
    Number,
    Open,
    Pause,
    Picture,
    Ready,
    Scan,
    Seen,
    Stop,
    Text,
    Trouble,
    Unpacker,
    pack,
)
from kiosk.core.errors import DriverError
from kiosk.core.scanning import LookFor, Reading, ScanHint
from kiosk.core.secret import PaymentCode
from tests.camera_pictures import CODE, OTHER_CODE, page, qr


class Stage:
    """A camera: shows `text` as a QR, or a grey of `level` with a sensor's noise; counts how often it was started, and more."""

    live = True

    def __init__(self) -> None:
        self.text = ""
        self.still: np.ndarray | None = None  # shown in place of a text
        self.level, self.noise = 90, np.random.default_rng(1)
        self.streaming = self.closed = False
        self.starts = 0
        self.failure = DriverError
        self.broken = self.gone = self.frozen = False

    def open(self) -> Stage:
        if self.gone:
            raise DriverError("no camera: plug one in")
        self.closed = False
        return self

    def check(self) -> None:
        if self.gone:
            raise DriverError("no camera: plug one in")

    def frames(self) -> Generator[Frame, None, None]:
        self.starts += 1
        self.streaming = True
        try:
            while not self.broken:
                picture = np.array(qr(self.text, 200)) if self.text else np.full((200, 200), self.level, np.uint8)
                if self.still is not None:
                    picture = self.still.copy()
                if not self.frozen:
                    picture[0, 0] = self.noise.integers(0, 256)  # a sensor's noise, which troubles nobody there
                yield Frame(picture, mirrored(np.zeros((2, 2, 3), np.uint8)))
            raise self.failure("the ribbon cable is loose: push it in")
        finally:
            self.streaming = False

    def close(self) -> None:
        self.closed = True


class Kiosk:
    """The other end of the line."""

    def __init__(self, open_camera: Callable[[], Stage], *, prove: bool = False) -> None:
        self.line, theirs = socket.socketpair()
        self.line.settimeout(20)
        self.result: list[bool] = []
        self._unpacker = Unpacker()
        self._heard: list[Message] = []
        self.heard: list[type[Message]] = []  # so far
        self.thread = threading.Thread(target=self._serve, args=(theirs, open_camera))
        self.thread.start()
        self.say(Open(prove))

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

    def until(self, kind: type[Message]) -> list[Message]:
        """All that is said up to the next message of this kind."""
        said = [self.hear(object)]  # type: ignore[arg-type]
        while not isinstance(said[-1], kind):
            said.append(self.hear(object))  # type: ignore[arg-type]
        return said

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
    one = Kiosk(camera.open)
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
    kiosk.hear(Ready)
    camera.text = CODE
    kiosk.say(Scan("a"))
    assert kiosk.hear(Code) == Code("a", PaymentCode(CODE))
    until(lambda: not camera.streaming)
    kiosk.say(Stop())
    assert {type(message) for message in kiosk.rest()} <= {Beat}


def test_a_scan_for_a_receipt_ends_with_its_number_and_lets_a_payment_code_be(kiosk: Kiosk, camera: Stage, until):
    kiosk.hear(Ready)
    camera.text = CODE
    kiosk.say(Scan("r", look_for=LookFor.RECEIPT))
    for _ in range(5):
        kiosk.hear(Picture)
    assert not {Code, Number, Hint} & set(kiosk.heard)
    camera.text = "K07-260105-aa0001"
    assert kiosk.hear(Number) == Number("r", "K07-260105-aa0001")
    until(lambda: not camera.streaming)
    assert Code not in kiosk.heard


def test_a_scan_for_anything_tells_the_kind_and_never_what_it_says(kiosk: Kiosk, camera: Stage, until):
    kiosk.hear(Ready)
    camera.text = CODE
    kiosk.say(Scan("x", look_for=LookFor.ANYTHING))
    assert kiosk.hear(Seen) == Seen("x", Format.QR)
    for _ in range(3):
        kiosk.hear(Picture)
    assert not {Code, Number, Hint} & set(kiosk.heard)
    assert kiosk.heard.count(Seen) == 1
    kiosk.say(Pause())
    until(lambda: not camera.streaming)


def test_a_look_for_a_wifi_goes_on_tells_each_once_and_lets_a_payment_code_be(kiosk: Kiosk, camera: Stage):
    kiosk.hear(Ready)
    camera.text = CODE
    kiosk.say(Scan("w", look_for=LookFor.WIFI))
    for _ in range(5):
        kiosk.hear(Picture)
    for name in ("one", "two"):
        camera.text = f"WIFI:T:WPA;S:{name};P:12345678;;"
        assert kiosk.hear(Text) == Text("w", camera.text)
        for _ in range(3):
            kiosk.hear(Picture)
    kiosk.say(Pause())
    assert kiosk.heard.count(Text) == 2
    assert not {Code, Number, Hint} & set(kiosk.heard)


def test_a_scan_for_a_payment_makes_nothing_of_a_receipt(kiosk: Kiosk, camera: Stage):
    kiosk.hear(Ready)
    camera.text = "K07-260105-aa0001"
    kiosk.say(Scan("a"))
    assert kiosk.hear(Hint) == Hint("a", ScanHint.OTHER)
    camera.text = CODE
    kiosk.hear(Code)
    assert Number not in kiosk.heard


def test_a_new_scan_takes_the_place_of_the_one_under_way(kiosk: Kiosk, camera: Stage):
    kiosk.hear(Ready)
    kiosk.say(Scan("a"))
    kiosk.hear(Picture)
    kiosk.say(Scan("b"))
    kiosk.hear(Picture)
    camera.text = OTHER_CODE
    assert kiosk.hear(Code) == Code("b", PaymentCode(OTHER_CODE))
    assert camera.starts == 2


def test_what_is_refused_is_hinted_at_with_the_ticket(kiosk: Kiosk, camera: Stage):
    kiosk.hear(Ready)
    camera.text = "weixin://wxpay/x"
    kiosk.say(Scan("a"))
    assert kiosk.hear(Hint) == Hint("a", ScanHint.WECHAT_RECEIVE)


def test_what_is_seen_is_outlined_on_the_view(kiosk: Kiosk, camera: Stage):
    kiosk.hear(Ready)
    camera.text = "weixin://wxpay/x"
    kiosk.say(Scan("a"))
    picture = kiosk.hear(Picture)
    assert isinstance(picture, Picture)
    assert [outline.reading for outline in picture.outlines] == [Reading.REFUSED]
    assert set(picture.outlines[0].corners) <= {(0, 0), (1, 0), (1, 1), (0, 1)}  # a view of two pixels by two


def test_no_picture_shows_the_code_that_is_believed(kiosk: Kiosk, camera: Stage):
    """Not even the frame that it was read from: by then the money is on its way."""
    kiosk.hear(Ready)
    camera.text = CODE
    kiosk.say(Scan("a"))
    assert kiosk.hear(Code) == Code("a", PaymentCode(CODE))
    assert Picture not in kiosk.heard


def test_what_would_help_is_told_of_a_code_that_came_and_cannot_be_read(kiosk: Kiosk, camera: Stage):
    kiosk.hear(Ready)
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
    kiosk.hear(Ready)
    kiosk.hear(Beat)
    kiosk.hear(Beat)
    kiosk.say(Scan("a"))
    kiosk.hear(Picture)
    kiosk.hear(Beat)


def test_it_ends_well_when_told_to_or_hung_up_on(kiosk: Kiosk, camera: Stage):
    kiosk.hear(Ready)
    kiosk.say(Scan("a"), Stop())
    kiosk.rest()
    kiosk.thread.join(20)
    assert (kiosk.result, camera.closed) == ([True], True)


def test_nonsense_from_the_other_end_ends_it(kiosk: Kiosk, camera: Stage):
    kiosk.hear(Ready)
    kiosk.line.sendall(b"\x00\x02\x00\x00\x00\x00[]")
    kiosk.rest()
    kiosk.thread.join(20)
    assert (kiosk.result, camera.closed) == ([True], True)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for passes ten times as fast."""
    for module, name in ((process, "RETRY_S"), (vigil, "FROZEN_S"), (vigil, "DARK_S")):
        monkeypatch.setattr(module, name, getattr(module, name) / 10)


@pytest.mark.usefixtures("hasty")
def test_a_camera_that_fails_is_told_in_its_own_words_once_and_tried_until_it_is_back(kiosk: Kiosk, camera: Stage, until):
    kiosk.hear(Ready)
    kiosk.say(Scan("a"))
    kiosk.hear(Picture)
    camera.broken = True
    assert kiosk.hear(Trouble) == Trouble("the ribbon cable is loose: push it in")
    tried = camera.starts
    until(lambda: camera.starts > tried + 3)
    camera.broken = False
    said = kiosk.until(Ready)
    assert {type(message) for message in said} <= {Beat, Ready}
    assert camera.closed is False
    kiosk.say(Scan("b"))
    kiosk.hear(Picture)


@pytest.mark.usefixtures("hasty")
def test_a_camera_unplugged_while_nobody_looks_is_missed_all_the_same(kiosk: Kiosk, camera: Stage):
    kiosk.hear(Ready)
    camera.gone = True
    assert kiosk.hear(Trouble) == Trouble("no camera: plug one in")
    assert camera.closed
    camera.gone = False
    kiosk.hear(Ready)


@pytest.mark.usefixtures("hasty")
def test_when_no_camera_works_however_often_it_is_tried_the_process_makes_room_for_another(
    kiosk: Kiosk, camera: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(process, "TRIES", 3)
    camera.gone = True
    assert [type(message) for message in kiosk.rest() if not isinstance(message, Beat)][-1:] == [Trouble]
    kiosk.thread.join(20)
    assert kiosk.result == [False]


@pytest.mark.usefixtures("hasty")
def test_a_camera_whose_library_is_stuck_ends_the_process_at_once_in_its_own_words(kiosk: Kiosk, camera: Stage):
    kiosk.hear(Ready)
    camera.failure = Spent
    camera.broken = True
    kiosk.say(Scan("a"))
    assert kiosk.hear(Trouble) == Trouble("the ribbon cable is loose: push it in")
    assert {type(message) for message in kiosk.rest()} <= {Beat}
    kiosk.thread.join(20)
    assert (kiosk.result, camera.starts) == ([False], 1)


@pytest.mark.usefixtures("hasty")
def test_a_scanner_that_follows_on_trouble_is_ready_when_pictures_come_and_not_before(camera: Stage):
    camera.broken = True
    one = Kiosk(camera.open, prove=True)
    assert one.hear(Trouble) == Trouble("the ribbon cable is loose: push it in")
    camera.broken = False
    one.hear(Ready)
    one.line.close()
    one.thread.join(20)


@pytest.mark.usefixtures("hasty")
def test_a_frozen_picture_is_noticed_and_the_camera_is_well_when_its_pictures_move(kiosk: Kiosk, camera: Stage, until):
    kiosk.hear(Ready)
    kiosk.say(Scan("a"))
    kiosk.hear(Picture)
    camera.frozen = True
    assert kiosk.hear(Trouble) == Trouble(vigil.FROZEN_WORDS, ScanHint.FROZEN)
    tried = camera.starts
    until(lambda: camera.starts > tried + 1)  # opened afresh it still shows the same: not well
    camera.frozen = False
    assert {type(message) for message in kiosk.until(Ready)} <= {Beat, Ready}


@pytest.mark.usefixtures("hasty")
def test_a_covered_lens_is_said_while_scanning_and_forgotten_with_the_scan(kiosk: Kiosk, camera: Stage):
    kiosk.hear(Ready)
    camera.level = 10
    kiosk.say(Scan("a"))
    assert kiosk.hear(Blind) == Blind(vigil.DARK_WORDS)
    camera.level = 90
    assert kiosk.hear(Blind) == Blind(None)
    camera.level = 10
    kiosk.hear(Blind)
    kiosk.say(Pause())
    assert kiosk.hear(Blind) == Blind(None)
    kiosk.hear(Beat)
    kiosk.say(Stop())
    assert {type(message) for message in kiosk.rest()} <= {Beat}  # nobody looks: dark or not, nothing is said

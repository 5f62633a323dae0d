"""The link to the scanner process: real processes, killed, hung, lying; and what every Scanner promises."""

from __future__ import annotations

import math
import os
import queue
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from kiosk.camera import link, open_scanner
from kiosk.camera.link import Command, ScannerLink, scanner_command
from kiosk.camera.scripted import ScriptedScanner
from kiosk.camera.texts import MOST
from kiosk.core.events import CodeRefused, CodeSeen, Event, Health, Part, ReceiptSeen, TextSeen
from kiosk.core.ports import Scanner
from kiosk.core.scanning import LookFor, Outline, Reading, ScanHint
from kiosk.core.secret import PaymentCode
from tests.camera_pictures import CODE, OTHER_CODE, page, qr, scene

DEADLINE_S = 60


class Inbox:
    """Where events go, and what was seen of the camera's pictures and of the thread's heartbeat."""

    def __init__(self) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.all: list[Event] = []
        self.views: list[tuple[int, int, int]] = []
        self.outlines: list[tuple[Outline, ...]] = []
        self.beats = 0

    def post(self, event: Event) -> None:
        self.all.append(event)
        self.events.put(event)

    def view(self, width: int, height: int, rgb: bytes, outlines: tuple[Outline, ...]) -> None:
        self.views.append((width, height, len(rgb)))
        self.outlines.append(outlines)

    def beat(self) -> None:
        self.beats += 1

    def wait(self, kind: type[Event], seconds: float = DEADLINE_S) -> Any:
        """The next event of this kind; others before it are let go."""
        while True:
            event = self.events.get(timeout=seconds)
            if isinstance(event, kind):
                return event


class Stage:
    """A scanner with a way to hold things before it."""

    def __init__(self, scanner: Scanner, inbox: Inbox, show: Callable[..., None]) -> None:
        self.scanner, self.inbox, self.show = scanner, inbox, show


@pytest.fixture(autouse=True)
def _a_busy_machine_is_no_ill_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scanner that takes longer to start, because of all else that goes on here, is not what these tests are about."""
    monkeypatch.setattr(link, "GRACE_S", DEADLINE_S)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(params=["process", "scripted"])
def stage(request: pytest.FixtureRequest, tmp_path: Path, inbox: Inbox) -> Iterator[Stage]:
    if request.param == "scripted":
        scripted = ScriptedScanner(inbox.post)
        yield Stage(scripted, inbox, scripted.show)
        scripted.stop()
        return
    scanner = open_scanner(inbox.post, inbox.view, driver="folder", folder=tmp_path)
    yield Stage(scanner, inbox, lambda text: put(tmp_path, text))
    scanner.stop()


def put(folder: Path, text: str) -> None:
    """A picture of this text takes the place of the one before, at once as a whole."""
    scene(qr(text), size=(640, 480)).save(folder / ".new.png")
    (folder / ".new.png").replace(folder / "frame.png")


def test_what_is_shown_while_scanning_is_reported_with_the_ticket(stage: Stage):
    stage.scanner.start()
    stage.scanner.scan("order-1")
    stage.show(CODE)
    assert stage.inbox.wait(CodeSeen) == CodeSeen("order-1", PaymentCode(CODE))


def test_a_code_ends_the_scan_and_is_refused_in_one_that_is_told_of_it(stage: Stage):
    stage.scanner.start()
    stage.scanner.scan("order-1")
    stage.show(CODE)
    stage.inbox.wait(CodeSeen)
    stage.scanner.scan("order-2", used=(PaymentCode(CODE).digest(),))
    stage.show(CODE)
    assert stage.inbox.wait(CodeRefused) == CodeRefused("order-2", ScanHint.USED)
    stage.show(OTHER_CODE)
    assert stage.inbox.wait(CodeSeen) == CodeSeen("order-2", PaymentCode(OTHER_CODE))
    assert sum(isinstance(event, CodeSeen) for event in stage.inbox.all) == 2


def test_a_foreign_code_is_refused_by_its_kind(stage: Stage):
    stage.scanner.start()
    stage.scanner.scan("order-1")
    stage.show("281234567890123456")
    assert stage.inbox.wait(CodeRefused) == CodeRefused("order-1", ScanHint.ALIPAY)


def test_a_receipt_is_reported_when_one_is_looked_for_and_no_payment_code_then(stage: Stage):
    stage.scanner.start()
    stage.scanner.scan("receipt 1", LookFor.RECEIPT)
    stage.show(CODE)
    stage.show("K07-260105-aa0001")
    assert stage.inbox.wait(ReceiptSeen) == ReceiptSeen("receipt 1", "K07-260105-aa0001")
    stage.scanner.scan("order-1")
    stage.show(CODE)
    assert stage.inbox.wait(CodeSeen) == CodeSeen("order-1", PaymentCode(CODE))
    assert len([event for event in stage.inbox.all if isinstance(event, CodeSeen | ReceiptSeen)]) == 2


def test_nothing_is_reported_when_not_scanning(stage: Stage):
    stage.scanner.start()
    stage.scanner.scan("order-1")
    stage.scanner.pause()
    stage.show(CODE)
    stage.scanner.scan("order-2")
    stage.show(CODE)
    assert stage.inbox.wait(CodeSeen) == CodeSeen("order-2", PaymentCode(CODE))
    assert [event for event in stage.inbox.all if not isinstance(event, Health)] == [CodeSeen("order-2", PaymentCode(CODE))]


def test_stopping_twice_and_without_a_start_does_no_harm(stage: Stage):
    stage.scanner.stop()
    stage.scanner.stop()


# From here on: the process and what can go wrong with it.


class Linked:
    """A ScannerLink whose scanner processes can be found."""

    def __init__(self, inbox: Inbox, command: Command, notes: Path) -> None:
        self._notes = notes / "pids"
        self._notes.touch()
        note = f'echo $$ >> "{self._notes}"; exec "$@"'
        self.link = ScannerLink(inbox.post, inbox.view, lambda fd: ["/bin/sh", "-c", note, "sh", *command(fd)], inbox.beat)

    @property
    def pids(self) -> list[int]:
        return [int(line) for line in self._notes.read_text().split()]


@pytest.fixture
def linked(inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Command], Linked]]:
    started: list[Linked] = []
    monkeypatch.setattr(link, "SPARE_AFTER_S", math.inf)  # else a busy machine would see one in any test

    def start(command: Command) -> Linked:
        one = Linked(inbox, command, tmp_path)
        started.append(one)
        one.link.start()
        return one

    yield start
    for one in started:
        one.link.stop()
        assert not one.link._thread.is_alive()
        assert not any(alive(pid) for pid in one.pids)


def alive(pid: int) -> bool:
    """A zombie counts as alive."""
    return Path(f"/proc/{pid}").exists()


def folder_scanner(tmp_path: Path) -> Command:
    (tmp_path / "frames").mkdir(exist_ok=True)
    return scanner_command("folder", tmp_path / "frames")


def liar(body: str) -> Command:
    """A scanner that says it is ready and then does what `body` says with the socket `line`."""
    words = f"""
import os, socket, struct, sys, time
from kiosk.camera.wire import *
from kiosk.core.secret import PaymentCode
line = socket.socket(fileno=int(sys.argv[1]))
line.recv(len(pack(Open(False))), socket.MSG_WAITALL)
line.sendall(pack(Ready()))
{body}
time.sleep(60)
"""
    return lambda fd: [sys.executable, "-c", words, str(fd)]


def test_a_scanner_killed_while_scanning_is_back_and_goes_on_scanning(tmp_path: Path, inbox: Inbox, linked, until):
    one = linked(folder_scanner(tmp_path))
    assert inbox.wait(Health) == Health(Part.CAMERA, None)
    one.link.scan("order-1")
    until(lambda: inbox.views)
    os.kill(one.pids[0], signal.SIGKILL)
    put(tmp_path / "frames", CODE)
    assert inbox.wait(CodeSeen) == CodeSeen("order-1", PaymentCode(CODE))
    assert len(one.pids) == 2
    assert inbox.all[1:] == [CodeSeen("order-1", PaymentCode(CODE))]  # so short an absence is no illness


def test_a_spare_takes_the_place_of_a_scanner_that_dies_and_another_spare_comes(
    tmp_path: Path, inbox: Inbox, linked, until, monkeypatch
):
    """The spare has no camera and says nothing until then."""
    monkeypatch.setattr(link, "SPARE_AFTER_S", 0.0)
    monkeypatch.setattr(link, "LOOP_S", 0.05)
    one = linked(folder_scanner(tmp_path))
    until(lambda: len(one.pids) == 2)
    one.link.scan("order-1")
    until(lambda: inbox.views)
    os.kill(one.pids[0], signal.SIGKILL)
    put(tmp_path / "frames", CODE)
    assert inbox.wait(CodeSeen) == CodeSeen("order-1", PaymentCode(CODE))
    assert not alive(one.pids[0])
    assert one.link._spare is not None or len(one.pids) == 2
    until(lambda: len(one.pids) == 3)


def test_a_spare_that_died_unnoticed_is_nobodys_heir(tmp_path: Path, inbox: Inbox, linked, until, monkeypatch):
    monkeypatch.setattr(link, "SPARE_AFTER_S", 0.0)
    monkeypatch.setattr(link, "LOOP_S", 0.05)
    one = linked(folder_scanner(tmp_path))
    until(lambda: len(one.pids) == 2)
    os.kill(one.pids[1], signal.SIGKILL)
    os.kill(one.pids[0], signal.SIGKILL)
    put(tmp_path / "frames", CODE)
    one.link.scan("order-1")
    assert inbox.wait(CodeSeen) == CodeSeen("order-1", PaymentCode(CODE))
    assert {type(event) for event in inbox.all} == {Health, CodeSeen}


def test_a_scanner_that_takes_over_a_scan_is_told_what_was_used(tmp_path: Path, inbox: Inbox, linked):
    one = linked(folder_scanner(tmp_path))
    inbox.wait(Health)
    one.link.scan("order-2", used=(PaymentCode(CODE).digest(),))
    os.kill(one.pids[0], signal.SIGKILL)
    put(tmp_path / "frames", CODE)
    assert inbox.wait(CodeRefused) == CodeRefused("order-2", ScanHint.USED)


def test_a_scanner_that_hangs_is_killed_and_replaced(tmp_path: Path, inbox: Inbox, linked, monkeypatch):
    monkeypatch.setattr(link, "STALE_S", 2.0)
    one = linked(folder_scanner(tmp_path))
    inbox.wait(Health)
    put(tmp_path / "frames", CODE)
    os.kill(one.pids[0], signal.SIGSTOP)
    one.link.scan("order-1")
    assert inbox.wait(CodeSeen) == CodeSeen("order-1", PaymentCode(CODE))
    assert not alive(one.pids[0])


def test_pictures_come_only_while_scanning(tmp_path: Path, inbox: Inbox, linked, until):
    one = linked(folder_scanner(tmp_path))
    inbox.wait(Health)
    one.link.scan("order-1")
    until(lambda: len(inbox.views) > 2)
    assert set(inbox.views) == {(320, 180, 320 * 180 * 3)}
    put(tmp_path / "frames", CODE)
    inbox.wait(CodeSeen)
    seen = len(inbox.views)
    beats = inbox.beats
    until(lambda: inbox.beats >= beats + 2)
    assert len(inbox.views) == seen


def test_what_is_outlined_comes_with_the_picture(tmp_path: Path, inbox: Inbox, linked, until):
    """Mirrored with it: the code is at the left, and its outline at the right. 640 x 480 is seen as 320 x 240."""
    one = linked(folder_scanner(tmp_path))
    picture = Image.new("L", (640, 480), 90)
    picture.paste(qr("weixin://wxpay/x", 240), (20, 100))
    picture.save(tmp_path / "frames" / "frame.png")
    one.link.scan("order-1")
    until(lambda: any(inbox.outlines))
    (outline,) = next(filter(None, inbox.outlines))
    assert outline.reading is Reading.REFUSED
    assert all(190 <= x < 310 and 50 <= y < 170 for x, y in outline.corners)
    (left, top), (right, _), (_, bottom), _ = outline.corners
    assert right - left > 80
    assert bottom - top > 80


def test_a_missing_folder_is_reported_with_the_remedy_and_looked_for_again(tmp_path: Path, inbox: Inbox, linked):
    linked(scanner_command("folder", tmp_path / "frames"))
    sick = inbox.wait(Health)
    assert "frames" in sick.problem
    assert "[camera] folder" in sick.problem
    (tmp_path / "frames").mkdir()
    assert inbox.wait(Health) == Health(Part.CAMERA, None)


def test_a_camera_that_comes_back_is_told_again_what_is_looked_for(tmp_path: Path, inbox: Inbox, linked):
    """Within the same process: none is started for it."""
    one = linked(folder_scanner(tmp_path))
    assert inbox.wait(Health) == Health(Part.CAMERA, None)
    one.link.scan("order-1")
    (tmp_path / "frames").rename(tmp_path / "away")
    assert "frames" in inbox.wait(Health).problem
    (tmp_path / "away").rename(tmp_path / "frames")
    assert inbox.wait(Health) == Health(Part.CAMERA, None)
    put(tmp_path / "frames", CODE)
    assert inbox.wait(CodeSeen) == CodeSeen("order-1", PaymentCode(CODE))
    assert len(one.pids) == 1


def test_a_webcam_unplugged_frozen_and_covered_is_told_of_in_words_and_goes_on_when_it_is_well(
    tmp_path: Path, inbox: Inbox, linked
):
    """One scan, one process, from the first trouble to the code."""

    def put_before_it(picture: Image.Image) -> None:
        picture.save(tmp_path / ".new.png")
        (tmp_path / ".new.png").replace(tmp_path / "scene.png")

    plugged, frozen = tmp_path / "plugged", tmp_path / "frozen"
    plugged.touch()
    put_before_it(Image.new("L", (640, 480), 90))
    one = linked(lambda fd: [sys.executable, "-m", "tests.webcam_scanner", str(tmp_path), str(fd)])
    assert inbox.wait(Health).problem is None
    one.link.scan("order-1")
    plugged.unlink()
    words = [inbox.wait(Health).problem]
    plugged.touch()
    while (problem := inbox.wait(Health).problem) is not None:
        words.append(problem)  # while it is away, none is found
    frozen.touch()
    words.append(inbox.wait(Health).problem)
    frozen.unlink()
    assert inbox.wait(Health).problem is None
    put_before_it(Image.new("L", (640, 480)))
    words.append(inbox.wait(Health).problem)
    put_before_it(scene(qr(CODE), size=(640, 480)))
    assert inbox.wait(Health).problem is None
    assert inbox.wait(CodeSeen) == CodeSeen("order-1", PaymentCode(CODE))
    told = ("unplugged", "no camera is found on USB", "the same picture", "before its lens")
    heard = [part for said in words for part in told if part in said]
    assert heard in ([*told], [told[0], *told[2:]])  # it may be back before it is looked for
    assert len(one.pids) == 1


def test_what_is_wrong_with_the_camera_is_reported_when_it_changes_and_only_then(inbox: Inbox, linked):
    linked(
        liar("""
gone, frozen = Trouble("gone", ScanHint.UNPLUGGED), Trouble("frozen", ScanHint.FROZEN)
for words in (Blind("dark"), Blind("dark"), Blind(None), gone, gone, frozen, Trouble("?"), Ready(), Ready()):
    line.sendall(pack(words))
""")
    )
    hints = [("dark", ScanHint.COVERED), ("gone", ScanHint.UNPLUGGED), ("frozen", ScanHint.FROZEN), ("?", ScanHint.NO_CAMERA)]
    well = (None, None)
    problems = [well, hints[0], well, *hints[1:], well]
    assert [(health.problem, health.hint) for health in (inbox.wait(Health) for _ in problems)] == problems
    assert len(inbox.all) == len(problems)


def test_a_scanner_cannot_fill_the_inbox_with_changes_of_its_health(inbox: Inbox, linked, until):
    one = linked(liar("[line.sendall(pack(Blind(str(number)))) for number in range(5000)]"))
    until(lambda: len(one.pids) >= 2)
    assert len(inbox.all) < 100


@pytest.mark.parametrize(
    "body",
    [
        "line.sendall(os.urandom(4096))",
        "line.sendall(struct.pack('>HI', 60000, 2**32 - 1) + b'x' * 1000)",
        "line.sendall(struct.pack('>HI', 2, 0) + b'[]')",
        "line.sendall(pack(Scan('order-1')))",
        "line.sendall(pack(Picture(2, 1, b'abcdef', (Outline(Reading.UNSURE, ((0, 0), (2, 0), (2, 0), (0, 0))),))))",
        "line.close()",
        "os.abort()",
    ],
)
def test_a_scanner_that_talks_nonsense_or_dies_is_replaced_and_nothing_is_believed(
    body: str, inbox: Inbox, linked, until, caplog: pytest.LogCaptureFixture
):
    one = linked(liar(body))
    until(lambda: len(one.pids) >= 2, DEADLINE_S)
    assert not any(isinstance(event, CodeSeen) for event in inbox.all)
    assert all("cannot be started" not in str(vars(record)) for record in caplog.records)
    assert "it is started again" in caplog.text


def test_a_scanner_that_dies_at_once_again_and_again_is_given_more_time(monkeypatch: pytest.MonkeyPatch, inbox: Inbox, until):
    monkeypatch.setattr(link, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(link, "LONGEST_PAUSE_S", 0.03)
    monkeypatch.setattr(link, "GRACE_S", 0.1)
    pauses: list[float] = []
    one = ScannerLink(inbox.post, inbox.view, lambda _fd: ["/bin/false"], inbox.beat)
    rest = one._rest
    monkeypatch.setattr(one, "_rest", lambda pause_s, *others: (pauses.append(pause_s), rest(pause_s, *others)))
    one.start()
    assert inbox.wait(Health).problem
    until(lambda: len(pauses) > 7)
    one.stop()
    assert pauses[:4] == pytest.approx([0.002, 0.004, 0.008, 0.016])
    assert set(pauses[5:]) == {0.03}
    assert len([event for event in inbox.all if isinstance(event, Health)]) == 1


def test_what_was_scanned_for_an_earlier_ticket_is_dropped(inbox: Inbox, linked):
    one = linked(
        liar(f"""
unpacker = Unpacker()
while True:
    for message in unpacker.feed(line.recv(4096)):
        if isinstance(message, Scan):
            line.sendall(pack(Hint("order-0", ScanHint.LINK)) + pack(Code("order-0", PaymentCode("{OTHER_CODE}"))))
            for code in ("{CODE}", "{OTHER_CODE}"):
                line.sendall(pack(Code(message.ticket, PaymentCode(code))))
""")
    )
    inbox.wait(Health)
    one.link.scan("order-1")
    assert inbox.wait(CodeSeen) == CodeSeen("order-1", PaymentCode(CODE))
    one.link.scan("order-2")
    assert inbox.wait(CodeSeen) == CodeSeen("order-2", PaymentCode(CODE))
    assert [type(event) for event in inbox.all] == [Health, CodeSeen, CodeSeen]


def test_what_was_not_looked_for_is_not_believed(inbox: Inbox, linked):
    """A scanner that lies: a payment code where a receipt is sought, and the other way round."""
    one = linked(
        liar(f"""
unpacker = Unpacker()
while True:
    for message in unpacker.feed(line.recv(65536)):
        if isinstance(message, Scan):
            said = [Code(message.ticket, PaymentCode("{CODE}")), Number(message.ticket, "K07-260105-aa0001")]
            if message.ticket == "order-1":
                said.reverse()
            for word in said:
                line.sendall(pack(word))
""")
    )
    inbox.wait(Health)
    one.link.scan("receipt 1", LookFor.RECEIPT)
    inbox.wait(ReceiptSeen)
    one.link.scan("order-1")
    inbox.wait(CodeSeen)
    seen = [event for event in inbox.all if isinstance(event, CodeSeen | ReceiptSeen)]
    assert seen == [ReceiptSeen("receipt 1", "K07-260105-aa0001"), CodeSeen("order-1", PaymentCode(CODE))]


def test_a_scanner_that_has_been_taken_over_hands_on_no_text_but_what_is_looked_for(inbox: Inbox, linked):
    """Neither of another form, nor of another look, nor more than anybody shows."""
    one = linked(
        liar("""
unpacker = Unpacker()
while True:
    for message in unpacker.feed(line.recv(4096)):
        if isinstance(message, Scan):
            line.sendall(pack(Text("another", "WIFI:T:WPA;S:x;P:12345678;;")))
            line.sendall(pack(Text(message.ticket, "KE1/ABCDEFGH/01/01/AAAA")))
            for number in range(100):
                line.sendall(pack(Text(message.ticket, f"WIFI:T:WPA;S:{number};P:12345678;;")))
            line.sendall(pack(Hint(message.ticket, ScanHint.LINK)))
""")
    )
    inbox.wait(Health)
    one.link.scan("setup 1", LookFor.WIFI)
    inbox.wait(CodeRefused)
    seen = [event for event in inbox.all if isinstance(event, TextSeen)]
    assert len(seen) == MOST
    assert {event.ticket for event in seen} == {"setup 1"}
    assert all(event.text.startswith("WIFI:") for event in seen)


def test_pictures_sent_after_the_code_are_not_passed_on(inbox: Inbox, linked):
    one = linked(
        liar(f"""
line.recv(4096)
line.sendall(pack(Picture(2, 1, b"abcdef")) + pack(Code("order-1", PaymentCode("{CODE}"))))
line.sendall(pack(Picture(1, 2, b"abcdef")) + pack(Trouble("over")))
""")
    )
    inbox.wait(Health)
    one.link.scan("order-1")
    assert inbox.wait(Health).problem == "over"
    assert inbox.views == [(2, 1, 6)]


def test_a_scanner_cannot_fill_the_inbox_with_hints(inbox: Inbox, linked):
    one = linked(
        liar(f"""
line.recv(4096)
for _ in range(500):
    line.sendall(pack(Hint("order-1", ScanHint.LINK)))
line.sendall(pack(Code("order-1", PaymentCode("{CODE}"))))
""")
    )
    inbox.wait(Health)
    one.link.scan("order-1")
    inbox.wait(CodeSeen)
    assert sum(isinstance(event, CodeRefused) for event in inbox.all) <= 5


def test_stop_ends_thread_and_process_even_when_the_scanner_does_not_listen(inbox: Inbox, linked, monkeypatch):
    monkeypatch.setattr(link, "END_S", 0.1)
    one = linked(liar("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"))
    inbox.wait(Health)
    one.link.stop()
    assert not one.link._thread.is_alive()
    assert not alive(one.pids[0])
    one.link.scan("order-1")  # too late, and harmless


def test_a_scanner_ends_when_the_kiosk_is_gone(tmp_path: Path):
    """The kiosk's end of the line closes without a word, as when it is killed."""
    words = (
        "import socket, subprocess, sys, os\n"
        "from pathlib import Path\n"
        "from kiosk.camera.link import scanner_command\n"
        "ours, theirs = socket.socketpair()\n"
        f"p = subprocess.Popen(scanner_command('folder', Path({str(tmp_path)!r}))(theirs.fileno()), pass_fds=[theirs.fileno()])\n"
        "theirs.close()\n"
        "from kiosk.camera.wire import Open, pack\n"
        "ours.send(pack(Open()))\n"
        "ours.recv(100)\n"
        "ours.close()\n"
        "sys.exit(p.wait(10))\n"
    )
    assert subprocess.run([sys.executable, "-c", words], check=False, timeout=30).returncode == 0


def test_the_thread_beats_while_the_scanner_works_and_while_there_is_none(inbox: Inbox, linked, until, monkeypatch):
    monkeypatch.setattr(link, "LOOP_S", 0.05)
    linked(lambda _fd: ["/bin/false"])
    until(lambda: inbox.beats > 20)


def test_the_scanner_process_is_given_no_credentials(tmp_path: Path, inbox: Inbox, linked, monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/kiosk")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/notify")
    secret = (tmp_path / "key.pem").open("w")
    os.set_inheritable(secret.fileno(), True)
    one = linked(folder_scanner(tmp_path))
    inbox.wait(Health)
    environment = Path(f"/proc/{one.pids[0]}/environ").read_bytes()
    files = [str(file.readlink()) for file in Path(f"/proc/{one.pids[0]}/fd").iterdir() if file.is_symlink()]
    secret.close()
    assert b"CREDENTIALS" not in environment
    assert b"NOTIFY_SOCKET" not in environment
    assert not any("key.pem" in file for file in files)
    assert resource.prlimit(one.pids[0], resource.RLIMIT_CORE) == (0, 0)
    assert "NoNewPrivs:\t1" in Path(f"/proc/{one.pids[0]}/status").read_text()


def test_no_code_reaches_log_stderr_or_repr(tmp_path: Path, inbox: Inbox, linked, caplog, capfd):
    caplog.set_level("DEBUG")
    (tmp_path / "frames").mkdir()
    scene(page()).save(tmp_path / "frames" / "a.png")
    one = linked(folder_scanner(tmp_path))
    one.link.scan("order-1")
    seen = inbox.wait(CodeSeen)
    one.link.stop()
    out, err = capfd.readouterr()
    assert CODE not in "".join([caplog.text, out, err, repr(seen), repr(inbox.all), repr(vars(one.link))])


@pytest.mark.parametrize(
    ("module", "none_of"),
    [
        ("kiosk.camera.link", {"numpy", "PIL", "pyzbar", "picamera2"}),
        ("kiosk.camera.__main__", {"kiosk.camera.link", "kiosk.core.events", "kiosk.core.screens"}),
    ],
)
def test_neither_process_loads_what_only_the_other_one_needs(module: str, none_of: set[str]):
    """Pixels on one side of the line, the till on the other."""
    words = f"import sys, {module}; print(sorted({none_of} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", words], text=True).strip() == "[]"

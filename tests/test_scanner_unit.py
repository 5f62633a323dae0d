"""The scanner as a unit of its own: real processes and a real socket; this test plays systemd."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.camera import open_scanner
from kiosk.camera.link import ScannerLink
from kiosk.camera.unit import VARIABLE, scanner_socket, wait_for_kiosk
from kiosk.core.errors import DriverError
from kiosk.core.events import CodeSeen, Health, Part
from kiosk.core.secret import PaymentCode
from kiosk.service import listening_socket
from tests.camera_pictures import CODE
from tests.test_camera_link import DEADLINE_S, Inbox, put

START = """
import os, sys
os.dup2(int(sys.argv[1]), 3, inheritable=True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, "-m", "kiosk.scanner_unit", "--config", sys.argv[2]])
"""


class Manager:
    """Holds the socket, starts a scanner whenever there is none, and hears what it says."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "scanner.sock"
        self.config = folder / "kiosk.toml"
        self.frames = folder / "frames"
        self.frames.mkdir()
        self.config.write_text('[camera]\ndriver = "folder"\nfolder = "frames"\n', "utf-8")
        self.said: list[str] = []
        self.codes: list[int] = []
        self.scanner: subprocess.Popen[bytes] | None = None
        self._ended = False
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self._listener.listen(4)
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notices.bind(str(folder / "notify"))
        self._environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify")}
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._restart, self._hear)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended = True
        if self.scanner is not None:
            self.scanner.kill()
        self._threads[0].join(DEADLINE_S)
        self._notices.shutdown(socket.SHUT_RD)
        self._threads[1].join(DEADLINE_S)
        self._notices.close()
        self._listener.close()

    def _restart(self) -> None:
        fd = self._listener.fileno()
        while not self._ended:
            command = [sys.executable, "-c", START, str(fd), str(self.config)]
            self.scanner = subprocess.Popen(command, pass_fds=[fd], env=self._environment)
            self.codes.append(self.scanner.wait())

    def _hear(self) -> None:
        while said := self._notices.recv(4096):
            self.said += said.decode().splitlines()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path)
    yield made
    made.end()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def kiosk(manager: Manager, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScannerLink]:
    """The money process's end, opened as under kiosk.service: the driver is the unit's matter."""
    monkeypatch.setenv(VARIABLE, str(manager.path))
    link = open_scanner(inbox.post, inbox.view, driver="folder", folder=Path("/nowhere"))
    assert isinstance(link, ScannerLink)
    link.start()
    yield link
    link.stop()


def test_a_code_before_the_units_camera_reaches_the_kiosk(manager: Manager, kiosk: ScannerLink, inbox: Inbox):
    assert inbox.wait(Health) == Health(Part.CAMERA, None)
    kiosk.scan("order-1")
    put(manager.frames, CODE)
    assert inbox.wait(CodeSeen) == CodeSeen("order-1", PaymentCode(CODE))


@pytest.mark.usefixtures("kiosk")
def test_systemd_hears_that_it_is_ready_and_alive_and_how_long_it_may_be_silent(
    manager: Manager, inbox: Inbox, until: Callable[..., None]
):
    inbox.wait(Health)
    heard = len(manager.said)
    until(lambda: manager.said[heard:].count("WATCHDOG=1") >= 2, DEADLINE_S)
    assert manager.said[0] == "READY=1"
    assert [word for word in manager.said if "USEC" in word] == ["WATCHDOG_USEC=20000000", "WATCHDOG_USEC=3000000"]


def test_without_a_kiosk_it_waits_and_feeds_the_watchdog(manager: Manager, until: Callable[..., None]):
    until(lambda: manager.said.count("WATCHDOG=1") >= 2, DEADLINE_S)
    assert manager.codes == []


@pytest.mark.parametrize("deed", [signal.SIGKILL, signal.SIGSEGV])
def test_the_next_scanner_takes_up_where_the_dead_one_left_off(
    manager: Manager, kiosk: ScannerLink, inbox: Inbox, until: Callable[..., None], deed: signal.Signals
):
    """It is told what the kiosk still looks for; so short an absence is no illness."""
    inbox.wait(Health)
    kiosk.scan("order-1")
    until(lambda: inbox.views, DEADLINE_S)
    assert manager.scanner is not None
    os.kill(manager.scanner.pid, deed)
    until(lambda: manager.codes, DEADLINE_S)
    put(manager.frames, CODE)
    assert inbox.wait(CodeSeen) == CodeSeen("order-1", PaymentCode(CODE))
    assert not any(isinstance(event, Health) for event in inbox.all[1:])


def test_a_scanner_ends_with_its_kiosk_and_the_next_serves_the_next(
    manager: Manager, kiosk: ScannerLink, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("kiosk.camera.link.GRACE_S", DEADLINE_S)  # a busy machine is no ill camera
    inbox.wait(Health)
    kiosk.stop()
    after = Inbox()
    second = ScannerLink(after.post, after.view, manager.path)
    second.start()
    assert after.wait(Health) == Health(Part.CAMERA, None)
    second.stop()
    assert manager.codes[0] == 0


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_link_ends_although_it_cannot_kill_a_scanner_that_is_not_its_own(manager: Manager, kiosk: ScannerLink, inbox: Inbox):
    inbox.wait(Health)
    assert manager.scanner is not None
    manager.scanner.send_signal(signal.SIGSTOP)
    kiosk.stop()
    assert not kiosk._thread.is_alive()
    assert manager.codes == []


def test_no_unit_is_said_to_be_unwell_and_looked_for_again(tmp_path: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kiosk.camera.link.GRACE_S", 0.1)
    link = ScannerLink(inbox.post, inbox.view, tmp_path / "nobody", inbox.beat)
    link.start()
    assert "No such file" in inbox.wait(Health).problem
    link.stop()


def test_a_kiosk_that_left_the_queue_is_passed_over(tmp_path: Path):
    """A camera is not opened for nobody."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as second:
        listener.bind(path)
        listener.listen(4)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(path)
        second.connect(path)
        with wait_for_kiosk(listener, 1.0, lambda: None) as line:
            second.sendall(b"here")
            assert line.recv(10) == b"here"


def test_wrong_words_in_kiosk_toml_are_told_and_the_exit_code_is_2(tmp_path: Path):
    (tmp_path / "kiosk.toml").write_text('[camera]\ndriver = "polaroid"\n', "utf-8")
    command = [sys.executable, "-m", "kiosk.scanner_unit", "--config", str(tmp_path / "kiosk.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 2
    assert "polaroid" in done.stderr
    assert "Traceback" not in done.stderr


def test_started_by_hand_it_says_who_starts_it(monkeypatch: pytest.MonkeyPatch):
    for name in ("LISTEN_PID", "LISTEN_FDS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DriverError, match="systemctl start kiosk-scanner"):
        listening_socket()


def test_a_kiosk_started_by_hand_has_no_unit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert scanner_socket() is None


def test_keys_that_cannot_be_read_are_no_matter_for_the_scanner(tmp_path: Path):
    """load_camera reads one table; a whole kiosk.toml whose key files are missing does."""
    from kiosk.config import load_camera  # noqa: PLC0415  loaded where it is used
    from kiosk.config.example import EXAMPLE  # noqa: PLC0415  loaded where it is used

    (tmp_path / "kiosk.toml").write_text(EXAMPLE, "utf-8")
    assert load_camera(tmp_path / "kiosk.toml").driver == "picamera2"

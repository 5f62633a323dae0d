"""The control socket: who may ask, what an answer is, and what happens when nobody or somebody else is there."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kiosk.control import unix_socket
from kiosk.control.unix_socket import Answer, ControlFailed, ControlServer, ControlUnavailable, Request, ask
from kiosk.core.errors import DriverError, LedgerError


@contextmanager
def serving(path: Path, handler: Callable[[Request], Answer] = lambda request: {"got": request}) -> Iterator[ControlServer]:
    """A server at `path`, stopped and waited for at the end."""
    server = ControlServer(path, handler)
    server.open()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive()


def test_a_request_gets_the_handlers_answer(tmp_path: Path) -> None:
    """Objects go both ways, with text of any language."""
    path = tmp_path / "kiosk.sock"
    with serving(path):
        assert ask(path, {"do": "key", "key": "OK", "shop": "港\n"}) == {"got": {"do": "key", "key": "OK", "shop": "港\n"}}


def test_many_requests_go_over_one_connection(tmp_path: Path) -> None:
    """One line each way, in order."""
    path = tmp_path / "kiosk.sock"
    with serving(path), socket.socket(socket.AF_UNIX) as connection, connection.makefile("rwb", buffering=0) as stream:
        connection.connect(str(path))
        connection.sendall(b'{"n": 1}\n{"n": 2}\n')
        assert [json.loads(stream.readline()) for _ in range(2)] == [{"got": {"n": 1}}, {"got": {"n": 2}}]


@pytest.mark.parametrize("line", [b"[" * 60_000, b'{"a":' * 12_000, b"9" * 5_000, b"\xff", b"[]", b""])
def test_a_line_that_is_no_request_is_told_so(tmp_path: Path, line: bytes) -> None:
    """Whatever it is made of; the connection stays open for the next."""
    path = tmp_path / "kiosk.sock"
    with serving(path), socket.socket(socket.AF_UNIX) as connection, connection.makefile("rwb", buffering=0) as stream:
        connection.connect(str(path))
        connection.sendall(line + b"\n" + b'{"n": 1}\n')
        assert "A request is a JSON object" in json.loads(stream.readline())["problem"]
        assert json.loads(stream.readline()) == {"got": {"n": 1}}


def test_two_are_answered_at_once(tmp_path: Path) -> None:
    """One that waits does not keep the other from being answered."""
    path = tmp_path / "kiosk.sock"
    free = threading.Event()
    answers: list[Answer] = []

    def handler(request: Request) -> Answer:
        if request["do"] == "wait":
            free.wait(10)
        return request

    with serving(path, handler):
        waiting = threading.Thread(target=lambda: answers.append(ask(path, {"do": "wait"}, 10)))
        waiting.start()
        assert ask(path, {"do": "go"}) == {"do": "go"}
        assert answers == []
        free.set()
        waiting.join(10)
    assert answers == [{"do": "wait"}]


def test_only_the_owner_may_open_the_socket(tmp_path: Path) -> None:
    """Its mode is 0600 whatever the umask says."""
    before = os.umask(0)
    try:
        with serving(tmp_path / "kiosk.sock"):
            assert stat.S_IMODE((tmp_path / "kiosk.sock").stat().st_mode) == 0o600
    finally:
        os.umask(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_is_not_answered() -> None:
    """Even with the socket's file opened to everybody, the kernel's word about the other end counts."""
    asking = (
        "import os, socket, sys\nos.setuid(65534)\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
        "s.settimeout(10)\ntry:\n    s.sendall(b'{}\\n')\n    print(s.recv(100))\nexcept OSError:\n    print(b'')\n"
    )
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "kiosk.sock"
        with serving(path):
            path.chmod(0o777)
            done = subprocess.run([sys.executable, "-c", asking, path], capture_output=True, text=True, check=True, timeout=20)
    assert done.stdout.strip() == "b''"


def test_nobody_there_is_told_from_no_answer(tmp_path: Path) -> None:
    """Only when no kiosk is there may a command do the work itself."""
    path = tmp_path / "kiosk.sock"
    with pytest.raises(ControlUnavailable, match=r"kiosk\.sock \(No such file or directory\)\. Start one with: kiosk run"):
        ask(path, {})
    left_behind = socket.socket(socket.AF_UNIX)
    left_behind.bind(str(path))
    left_behind.close()
    with pytest.raises(ControlUnavailable, match="refused"):
        ask(path, {})
    free = threading.Event()

    def handler(_: Request) -> Answer:
        free.wait(10)
        return {}

    with serving(path, handler), pytest.raises(ControlFailed, match="within the time given"):
        ask(path, {}, 0.05)
    free.set()


def test_an_answer_broken_off_is_a_failure(tmp_path: Path) -> None:
    """A handler that fails closes the connection; the asker does not take silence for a yes."""
    path = tmp_path / "kiosk.sock"

    def handler(_: Request) -> Answer:
        raise ZeroDivisionError

    with serving(path, handler):
        with pytest.raises(ControlFailed, match="broke off"):
            ask(path, {})
        with pytest.raises(ControlFailed, match="broke off"):
            ask(path, {})


def test_what_the_kiosk_says_no_to_is_an_answer(tmp_path: Path) -> None:
    """Our own errors go back in words."""

    def handler(_: Request) -> Answer:
        raise LedgerError("the ledger is full; free some space")

    with serving(tmp_path / "kiosk.sock", handler):
        assert ask(tmp_path / "kiosk.sock", {}) == {"problem": "the ledger is full; free some space"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"[1]\n", "JSON object"),
        (b"not json\n", "JSON object"),
        (b"\xff\n", "JSON object"),
        (b'{"x": "' + b"a" * 70_000, "at most"),
    ],
)
def test_a_line_that_is_no_request_is_refused_in_words(tmp_path: Path, line: bytes, says: str) -> None:
    """And never reaches the handler; one that is too long ends the connection."""
    with serving(tmp_path / "kiosk.sock"), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tmp_path / "kiosk.sock"))
        connection.settimeout(10)
        connection.sendall(line)
        with connection.makefile("rb") as stream:
            assert says in json.loads(stream.readline())["problem"]


def test_too_many_askers_are_turned_away_and_the_rest_served(tmp_path: Path) -> None:
    """The limit frees itself when connections end."""
    path = tmp_path / "kiosk.sock"
    with serving(path):
        held = [socket.socket(socket.AF_UNIX) for _ in range(unix_socket._CONNECTIONS)]
        for connection in held:
            connection.connect(str(path))
            connection.sendall(b"{}\n")
            assert connection.recv(100) == b'{"got": {}}\n'
        with pytest.raises(ControlFailed):
            ask(path, {})
        for connection in held:
            connection.close()
        for _ in range(1000):
            try:
                assert ask(path, {}) == {"got": {}}
                break
            except ControlFailed:
                continue
        else:
            pytest.fail("no place became free")


def test_a_socket_left_behind_is_taken_over(tmp_path: Path) -> None:
    """A killed kiosk leaves its file; the next one starts all the same, and cleans up when it stops."""
    path = tmp_path / "kiosk.sock"
    left_behind = socket.socket(socket.AF_UNIX)
    left_behind.bind(str(path))
    left_behind.close()
    with serving(path):
        assert ask(path, {}) == {"got": {}}
    assert not path.exists()


def test_a_stopped_kiosk_takes_nothing_from_the_next(tmp_path: Path) -> None:
    """The path is free at once; stopping again leaves whoever has it by then alone."""
    path = tmp_path / "kiosk.sock"
    first = ControlServer(path, dict)
    first.open()
    first.stop()
    assert not path.exists()
    with serving(path):
        first.stop()
        assert ask(path, {}) == {"got": {}}


def test_a_path_that_cannot_be_looked_at_keeps_nobody_from_stopping(tmp_path: Path) -> None:
    """The kiosk ends although the disk of its socket has failed; here a file stands where its folder was."""
    folder = tmp_path / "run"
    folder.mkdir()
    with serving(folder / "kiosk.sock"):
        folder.rename(tmp_path / "away")
        folder.touch()


def test_the_socket_of_a_running_kiosk_is_left_alone(tmp_path: Path) -> None:
    """The second kiosk is told so, and the first goes on."""
    path = tmp_path / "kiosk.sock"
    with serving(path):
        with pytest.raises(DriverError, match="a kiosk runs already"):
            ControlServer(path, dict).open()
        assert ask(path, {}) == {"got": {}}


def test_a_file_that_is_no_socket_is_never_removed(tmp_path: Path) -> None:
    """A wrong path in kiosk.toml must not cost anybody a file."""
    path = tmp_path / "ledger.db"
    path.write_text("precious")
    with pytest.raises(DriverError, match=r"\[control\] socket .*ledger\.db cannot be opened"):
        ControlServer(path, dict).open()
    assert path.read_text() == "precious"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the key of kiosk.toml that names it."""
    with pytest.raises(DriverError, match=r"\[control\] socket .*gone/kiosk\.sock cannot be opened \(No such file"):
        ControlServer(tmp_path / "gone" / "kiosk.sock", dict).open()


def test_a_path_longer_than_the_kernel_takes_works(tmp_path: Path) -> None:
    """A deep folder is no reason not to sell; only a name that is too long itself is refused."""
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    with serving(deep / "kiosk.db.sock"):
        assert ask(deep / "kiosk.db.sock", {}) == {"got": {}}
        with pytest.raises(DriverError, match="a kiosk runs already"):
            ControlServer(deep / "kiosk.db.sock", dict).open()
    assert not (deep / "kiosk.db.sock").exists()
    with pytest.raises(DriverError, match="longer than 87 bytes"):
        ControlServer(deep / ("n" * 100), dict).open()
    with pytest.raises(ControlUnavailable, match="No such file"):
        ask(deep / "gone" / "kiosk.db.sock", {})


def test_the_serving_thread_beats(tmp_path: Path) -> None:
    """So that a stuck one is noticed."""
    beats = threading.Semaphore(0)
    server = ControlServer(tmp_path / "kiosk.sock", dict)
    server.open()
    thread = threading.Thread(target=server.serve, args=(beats.release,))
    thread.start()
    assert all(beats.acquire(timeout=10) for _ in range(2))
    server.stop()
    thread.join(10)
    assert not thread.is_alive()

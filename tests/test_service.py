"""systemd is told what it asks for, the log goes where it is read, and nothing in it looks like a payment code."""

from __future__ import annotations

import io
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import service

CODE = "134567890123456789"


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket that listens in systemd's place."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listener


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """A logger whose root is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield logging.getLogger("kiosk.test")
    root.handlers[:] = handlers
    root.setLevel(level)  # which loggers keep in mind
    logging.captureWarnings(capture=False)


def test_whoever_set_the_notify_socket_is_told(systemd: socket.socket) -> None:
    """Readiness, status on one line, the watchdog, the stop."""
    service.notify_ready()
    service.status(f"online,\n 2 unresolved {CODE}")
    service.watchdog()
    service.stopping()
    said = [systemd.recv(1000).decode() for _ in range(4)]
    assert said == ["READY=1", "STATUS=online, 2 unresolved <18 digits>", "WATCHDOG=1", "STOPPING=1"]


def test_without_a_notify_socket_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kiosk started by hand; the library is not even loaded."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setitem(sys.modules, "systemd.daemon", None)
    service.notify_ready()


def test_a_line_shows_message_and_fields(log: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    """On stderr when there is no journal: constant message first, then what it is about."""
    stream = io.StringIO()
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    monkeypatch.setattr(sys, "stderr", stream)
    service.set_up_logging()
    service.set_up_logging()  # a second call does not double the lines
    log.info("asked again", extra={"out_trade_no": "K07-260105-a1000001", "asks": 3})
    log.debug("not shown")
    (line,) = (line for line in stream.getvalue().splitlines() if "kiosk.test" in line)  # a thread of another test may say more
    assert line.endswith("INFO kiosk.test: asked again (out_trade_no=K07-260105-a1000001, asks=3)")


def test_what_looks_like_a_payment_code_is_masked_everywhere(log: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    """In message, argument, field and traceback; longer and other numbers stay, or nobody could find a payment."""
    stream = io.StringIO()
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    monkeypatch.setattr(sys, "stderr", stream)
    service.set_up_logging()
    try:
        int(f'{{"auth_code":"{CODE}"}}')
    except ValueError:
        log.exception("said %s and %d", CODE, int(CODE), extra={"field": CODE, "transaction_id": "4200001234202601051234567890"})
    log.info("code:%s.", CODE)
    log.info("no code 164567890123456789, nor 1999999999999999999")
    written = stream.getvalue()
    assert CODE not in written
    assert written.count("<18 digits>") == 5
    assert "4200001234202601051234567890" in written
    assert "164567890123456789, nor 1999999999999999999" in written
    assert "Traceback" in written


def test_the_journal_gets_the_fields_beside_the_message(log: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under systemd, where stderr is the journal's stream: names in capitals, never the journal's own, all masked."""
    sent: list[tuple[str, dict[str, object]]] = []
    with open(os.devnull, "w") as stream:  # noqa: PTH123  a stream with a descriptor
        monkeypatch.setattr(sys, "stderr", stream)
        here = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{here.st_dev}:{here.st_ino}")
        service.set_up_logging()
        (handler,) = logging.getLogger().handlers
        assert isinstance(handler, service.JournalHandler)
        handler._send = lambda message, **fields: sent.append((message, fields))
        log.warning("asked again", extra={"out_trade_no": "K07-1", "_pid": 7, "code": CODE})
        try:
            int(f"{CODE}x")
        except ValueError:
            log.exception("a thread has failed")
    message, fields = sent[0]
    assert message == "asked again"
    assert fields["OUT_TRADE_NO"] == "K07-1"
    assert fields["PID"] == "7"
    assert fields["CODE"] == "<18 digits>"
    assert (fields["PRIORITY"], fields["LOGGER"], fields["SYSLOG_IDENTIFIER"]) == ("4", "kiosk.test", "kiosk")
    assert "ValueError: invalid literal" in str(sent[1][1]["EXCEPTION"])
    assert CODE not in str(sent)
    assert sent[1][1]["PRIORITY"] == "3"


def test_a_redirected_stderr_is_no_journal(log: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    """`kiosk run 2> file` in a unit's shell still writes the file."""
    assert log
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    service.set_up_logging()
    (handler,) = logging.getLogger().handlers
    assert not isinstance(handler, service.JournalHandler)


def test_the_clocks_state_is_the_kernels() -> None:
    """Whether NTP keeps the clock is read, and reading changes nothing."""
    assert service.clock_is_set() == service.clock_is_set()


def test_the_module_loads_without_systemd() -> None:
    """A laptop imports and uses it all the same."""
    program = (
        "import sys; sys.modules['systemd'] = None\n"
        "from kiosk import service\nservice.notify_ready(); service.set_up_logging()\n"
        "import logging; logging.getLogger('kiosk').info('here')"
    )
    environment = {name: value for name, value in os.environ.items() if name not in {"NOTIFY_SOCKET", "JOURNAL_STREAM"}}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert "INFO kiosk: here" in done.stderr


def test_a_crash_leaves_no_image_of_the_memory() -> None:
    """Whatever the limit was before; nothing can raise it again."""
    code = "import resource as r; from kiosk import service; service.no_core_files(); print(r.getrlimit(r.RLIMIT_CORE))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "(0, 0)\n"


def test_all_threads_have_one_heap() -> None:
    """What a thread is given lies in the process's first heap; without it, in one of the thread's own."""
    code = """
import ctypes, re, sys, threading
from kiosk import service
if sys.argv[1] == "one":
    service.one_heap()
malloc = ctypes.CDLL(None).malloc
malloc.restype = ctypes.c_void_p
given = []
thread = threading.Thread(target=lambda: given.append(malloc(5000)))
thread.start()
thread.join()
start, end = re.search("([0-9a-f]+)-([0-9a-f]+) .*[[]heap[]]", open("/proc/self/maps").read()).groups()
print(int(start, 16) <= given[0] < int(end, 16))
"""
    said = [
        subprocess.run([sys.executable, "-c", code, how], capture_output=True, text=True, check=True).stdout.strip()
        for how in ("one", "many")
    ]
    assert said == ["True", "False"]

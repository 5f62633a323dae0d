"""The kiosk's door for the owner's page: a few questions, nothing that changes anything, and nobody but the page's user."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kiosk.control import owner_door
from kiosk.control.owner_door import AT_SET_UP, OwnerDoor, door, only
from kiosk.control.unix_socket import ask
from kiosk.core.events import PageTold

ROOT = Path(__file__).parents[1]


@pytest.fixture
def told() -> list[PageTold]:
    return []


@pytest.fixture
def asked() -> list[dict[str, object]]:
    return []


@pytest.fixture
def handle(told: list[PageTold], asked: list[dict[str, object]], tmp_path: Path) -> Any:
    def answer(request: dict[str, object]) -> dict[str, object]:
        asked.append(request)
        return {"ok": True}

    return OwnerDoor(tmp_path / "kiosk.toml", answer, told.append, answer).handle


@pytest.mark.parametrize(
    "verb", ["refund", "key", "screen", "notification", "hold", "health", "merchant", "", None, ["state"], "STATE"]
)
def test_what_changes_something_is_not_asked_here(handle: Any, asked: list[Any], verb: object):
    answer = handle({"do": verb, "out_trade_no": "K07-260105-aa0001"} if not isinstance(verb, list) else {"do": str(verb)})
    assert "is not asked at this door" in answer["problem"]
    assert asked == []


def test_a_kiosk_that_was_started_anew_is_told_from_its_predecessor(handle: Any, tmp_path: Path):
    answer = handle({"do": "state"})
    assert answer["ok"]
    assert answer == handle({"do": "state"})
    assert answer["life"] != OwnerDoor(tmp_path, lambda _: {}, lambda _: None, lambda _: {}).handle({"do": "state"})["life"]


@pytest.mark.parametrize("verb", ["orders", "report", "bundle"])
def test_what_only_reads_is_handed_on(handle: Any, asked: list[Any], verb: str):
    assert handle({"do": verb, "start": 1})["ok"]
    assert asked == [{"do": verb, "start": 1}]


def test_the_page_says_where_it_is(handle: Any, told: list[PageTold]):
    page: dict[str, Any] = {"url": "https://192.168.1.5:8443/", "fingerprint": "AB" * 32, "code": "12345678"}
    assert handle({"do": "page", **page}) == {"ok": True}
    assert told == [PageTold(**page)]
    for wrong in ({"url": 7}, {"url": "x" * 101}, {"fingerprint": "a\nb"}, {"code": "123456789"}):
        assert "problem" in handle({"do": "page", **page, **wrong})
    for odd in (0, True, "1", 10**18, 1.5):
        assert "problem" in handle({"do": "page", **page, "ends_at": odd})
    assert handle({"do": "page", **page, "ends_at": 1_800_000_000_000}) == {"ok": True}
    assert told[1:] == [PageTold(**page, ends_at=1_800_000_000_000)]


def test_while_it_is_set_up_less_is_asked():
    answer = only(AT_SET_UP, lambda request: {"did": request["do"]})
    assert answer({"do": "merchant"}) == {"did": "merchant"}
    assert "problem" in answer({"do": "key"})
    assert "problem" in answer({})


def test_the_doctor_runs_by_itself_and_once_for_many_who_ask(handle: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    ran: list[list[str]] = []

    def run(command: list[str], **_: Any) -> Any:
        ran.append(command)
        return subprocess.CompletedProcess(command, 1, b'[{"name": "clock"}]', b"")

    monkeypatch.setattr(owner_door.subprocess, "run", run)
    assert [handle({"do": "doctor"}) for _ in range(3)] == [{"ok": True, "checks": [{"name": "clock"}]}] * 3
    assert ran == [[sys.executable, "-m", "kiosk", "--config", str(tmp_path / "kiosk.toml"), "doctor", "--json"]]


def test_a_doctor_that_hangs_is_a_problem_in_words(handle: Any, monkeypatch: pytest.MonkeyPatch):
    def run(command: list[str], **_: Any) -> Any:
        raise subprocess.TimeoutExpired(command, 90)

    monkeypatch.setattr(owner_door.subprocess, "run", run)
    assert "kiosk doctor" in handle({"do": "doctor"})["problem"]


@contextmanager
def open_door(path: Path) -> Iterator[None]:
    server = door(path, lambda _: {"ok": True})
    server.open()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join()


def test_the_door_is_open_to_its_folders_group_and_to_nobody_else(tmp_path: Path):
    with open_door(tmp_path / "owner.sock"):
        assert (tmp_path / "owner.sock").stat().st_mode & 0o777 == 0o660
        assert ask(tmp_path / "owner.sock", {"do": "state"}) == {"ok": True}


BECOME = """
import ctypes, json, os, sys, threading
root, folder, who, apart = sys.argv[1:]
sys.path.insert(0, root)  # where others may not read: what is needed is loaded first
from pathlib import Path
from kiosk.control.unix_socket import ControlFailed, ControlServer, ControlUnavailable, ask
from kiosk.control.owner_door import door
os.chdir(folder)
os.umask(0o077)
os.setgroups([])
os.setgid(int(who))
os.setuid(int(who))
if apart == "True":
    assert ctypes.CDLL(None).unshare(0x10000000) == 0  # CLONE_NEWUSER: nobody else has a name in it
"""
SERVE = """
sockets = [door(Path("owner.sock"), lambda _: {"ok": True}), ControlServer(Path("control.sock"), lambda _: {"ok": True})]
for one in sockets:
    one.open()
    threading.Thread(target=one.serve, daemon=True).start()
print("open", flush=True)
sys.stdin.read()
"""
ASK = """
told = {}
for name in ("owner", "control"):
    try:
        told[name] = ask(Path(f"{name}.sock"), {"do": "state"}).get("ok", False)
    except (ControlUnavailable, ControlFailed):
        told[name] = False
print(json.dumps(told))
"""
KIOSK, OWNER, NOBODY = 64_101, 64_102, 64_103


@pytest.fixture
def folder() -> Iterator[Path]:
    """/run/kiosk as kiosk-owner.tmpfiles makes it."""
    (line,) = [line for line in (ROOT / "systemd/kiosk-owner.tmpfiles").read_text("utf-8").splitlines() if line.startswith("d ")]
    _, _, mode, user, group = line.split()
    assert (user, group) == ("kiosk", "kiosk-owner")
    folder = Path(tempfile.mkdtemp(prefix="kiosk-door-"))
    os.chown(folder, KIOSK, OWNER)
    folder.chmod(int(mode, 8))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be others")
@pytest.mark.parametrize("apart", [False, True], ids=["one user namespace", "the kiosk in its own, as PrivateUsers= makes it"])
def test_the_pages_user_gets_in_and_no_other(folder: Path, apart: bool):
    """Users that exist nowhere else, and a kiosk that can give away no group: the kernel decides by the folder's."""
    command = [sys.executable, "-c", BECOME + SERVE, str(ROOT), str(folder), str(KIOSK), str(apart)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as kiosk:
        assert kiosk.stdin is not None
        assert kiosk.stdout is not None
        try:
            assert kiosk.stdout.readline() == "open\n"
            seen = {who: asked_as(folder, who) for who in (0, KIOSK, OWNER, NOBODY)}
        finally:
            kiosk.stdin.close()
    assert seen[OWNER] == {"owner": apart, "control": False}  # by its name where there is one, by the door in a namespace
    assert seen[NOBODY] == {"owner": False, "control": False}
    assert seen[KIOSK]["control"]
    assert seen[0]["owner"]


def asked_as(folder: Path, who: int) -> dict[str, bool]:
    command = [sys.executable, "-c", BECOME + ASK, str(ROOT), str(folder), str(who), "False"]
    told: dict[str, bool] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return told

"""What all tests share: no word to the outside world, a real X server, and patience without sleeping.

Knows no part of the kiosk, so that each test's own imports tell what it is about.
"""

from __future__ import annotations

import gc
import ipaddress
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")  # a test may play; nobody needs to hear it

# No verdict of a test hangs on how busy the machine is.
hypothesis.settings.register_profile("kiosk", deadline=None, print_blob=True)
hypothesis.settings.load_profile("kiosk")

MISSING = {  # marker: the programs its tests need, all installed by `make test` (chromium not on a Pi)
    "screen": ["Xvfb"],
    "browser": ["chromium", "chromedriver"],
    "voice": ["espeak-ng"],
}


def pytest_collection() -> None:
    """Nothing of what is imported and collected is garbage: it is not looked through while it comes..."""
    gc.disable()


def pytest_collection_finish() -> None:
    """... nor at each collection of garbage while the tests run: two million objects, for as long as the process lives."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this machine has no programs for; CI has them all, or fails.

    Files with slow tests come first, so that of several processes none is left with a long file at the end.
    """
    slow = {item.path for item in items if any(item.get_closest_marker(mark) for mark in ("slow", "whole", "browser"))}
    items.sort(key=lambda item: item.path not in slow)
    if "CI" in os.environ:
        return
    for marker, programs in MISSING.items():
        if absent := [program for program in programs if not shutil.which(program)]:
            skip = pytest.mark.skip(reason=f"{', '.join(absent)} not installed: deploy/setup.sh tests")
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(skip)


@pytest.fixture(scope="session")
def xvfb() -> Iterator[str]:
    """The name of a real X server's display, as `:3`; 1280x800 with 24 bits."""
    ours, theirs = os.pipe()
    command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[theirs], stderr=subprocess.DEVNULL) as server:
        os.close(theirs)
        with os.fdopen(ours) as chosen:
            number = chosen.readline().strip()  # written when the server is up; empty when it could not start
        assert number, "Xvfb did not start"
        yield f":{number}"
        server.terminate()


@pytest.fixture
def until() -> Callable[..., Any]:
    """`until(check, seconds=40)`: the first true answer of check(), asked again and again; fails when none came in time.

    As patient as a machine is slow that has other things to do, too: nothing here is a bound on how long anything may take.
    """

    def ask_again(check: Callable[[], Any], seconds: float = 40) -> Any:
        deadline = time.monotonic() + seconds
        while not (answer := check()):
            assert time.monotonic() < deadline, f"not within {seconds} s: {getattr(check, '__qualname__', check)}"
            time.sleep(0.01)
        return answer

    return ask_again


def _connect_at_home(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6) and not _at_home(address[0]):
        raise RuntimeError(f"a test tried to reach {address[0]}:{address[1]}; tests stay on loopback addresses")
    _connect(self, address)


def _at_home(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_connect = socket.socket.connect
socket.socket.connect = _connect_at_home  # type: ignore[assignment,method-assign]

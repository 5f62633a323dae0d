"""What listens on the network: nothing while the page is off, the page alone while it is on; found out in a network namespace.

The page is the real command in a process of its own, as its unit starts it, before a kiosk that runs.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.pins import Pin
from kiosk.sandbox.prepare import prepare

ROOT = Path(__file__).parents[1]
PORT = 8443


def why_not() -> str | None:
    if os.getuid() != 0 or shutil.which("unshare") is None:
        return "only root makes a network namespace"
    done = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    return None if done.returncode == 0 else f"no network namespace here: {done.stderr.decode()[:80]}"


pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

LISTENERS = """
import json
found = []
for name in ("tcp", "tcp6", "udp", "udp6"):
    for line in open(f"/proc/self/net/{name}").read().splitlines()[1:]:
        local, state = line.split()[1], line.split()[3]
        if name.startswith("udp") or state == "0A":
            address, port = local.split(":")
            found.append([name, address, int(port, 16)])
print(json.dumps(found))
"""


class Space:
    """A network namespace with nothing but loopback, held by a process that sleeps."""

    def __init__(self) -> None:
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        end = time.monotonic() + 20
        while Path(f"/proc/{self.holder.pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink():
            assert time.monotonic() < end
            time.sleep(0.01)
        if shutil.which("ip"):
            self.run("ip", "link", "set", "lo", "up")

    def enter(self, *command: str) -> list[str]:
        return ["nsenter", "-t", str(self.holder.pid), "-n", *command]

    def run(self, *command: str) -> str:
        return subprocess.run(self.enter(*command), capture_output=True, text=True, check=True).stdout

    def listeners(self) -> list[tuple[str, str, int]]:
        return [(kind, address, port) for kind, address, port in json.loads(self.run(sys.executable, "-c", LISTENERS))]

    def close(self) -> None:
        self.holder.kill()
        self.holder.wait()


@pytest.fixture
def space() -> Iterator[Space]:
    space = Space()
    yield space
    space.close()


def write(folder: Path, listen: str) -> Path:
    made = prepare(folder, url="http://127.0.0.1:9", page="", overwrite=True)
    text = made.config.read_text("utf-8").replace('driver = "pygame"', 'driver = "offscreen"')
    made.config.write_text(f'{text}\n[owner]\n{listen}folder = "owner"\ndoor = "owner.sock"\n', "utf-8")
    return made.config


def kiosk(space: Space, config: Path, *words: str) -> subprocess.Popen[str]:
    command = space.enter(sys.executable, "-m", "kiosk", "--config", str(config), *words)
    return subprocess.Popen(command, cwd=config.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    told, _ = process.communicate(timeout=30)
    return told


def until(fact: object, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not fact():  # type: ignore[operator]
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_off_nothing_listens_and_the_unit_is_skipped(tmp_path: Path, space: Space) -> None:
    config = write(tmp_path, "")
    running = kiosk(space, config, "run")
    until((tmp_path / "kiosk.db.sock").exists, running)
    assert space.listeners() == []
    assert not (tmp_path / "owner.sock").exists()
    wanted = kiosk(space, config, "owner", "--wanted")
    assert (wanted.wait(30), wanted.communicate()[0]) == (1, "")
    page = kiosk(space, config, "owner")
    assert page.wait(30) == 0
    assert "[owner] listen" in page.communicate()[0]
    end(running)


def test_on_the_page_listens_and_nothing_else(tmp_path: Path, space: Space) -> None:
    config = write(tmp_path, f'listen = "127.0.0.1:{PORT}"\n')
    running = kiosk(space, config, "run")
    until((tmp_path / "owner.sock").exists, running)
    assert kiosk(space, config, "owner", "--wanted").wait(30) == 0
    page = kiosk(space, config, "owner")
    until(space.listeners, page)
    assert space.listeners() == [("tcp", "0100007F", PORT)]
    certificate = space.run(sys.executable, "-c", f"import ssl; print(ssl.get_server_certificate(('127.0.0.1', {PORT})))")
    assert ssl.PEM_cert_to_DER_cert(certificate.strip())
    config.write_text(config.read_text("utf-8").replace(f":{PORT}", f":{PORT + 1}"), "utf-8")
    assert page.wait(60) == 0  # systemd starts it anew, at the new place
    page.communicate()
    end(running)


def test_a_place_that_cannot_be_had_is_said_with_its_remedy(tmp_path: Path, space: Space) -> None:
    page = kiosk(space, write(tmp_path, 'listen = "192.0.2.77:8443"\n'), "owner")
    assert page.wait(30) == 1
    told = page.communicate()[0]
    assert '[owner] listen = "192.0.2.77:8443" cannot be had' in told
    page = kiosk(space, write(tmp_path, 'listen = "nosuch0:8443"\n'), "owner")
    assert page.wait(30) == 1
    assert 'interface "nosuch0"' in page.communicate()[0]


def test_the_set_up_gives_the_pin_on_stdin(tmp_path: Path) -> None:
    config = write(tmp_path, "")

    def given(pin: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "kiosk", "--config", str(config), "owner", "--set-pin"]
        done = subprocess.run(command, input=pin, capture_output=True, text=True, check=False, cwd=ROOT)
        return done.returncode, done.stdout + done.stderr

    code, told = given("123456\n")
    assert code == 1
    assert "123456" not in told
    assert not Pin(tmp_path / "owner").is_set
    assert given("482915\n") == (0, "")
    assert Pin(tmp_path / "owner").try_("482915").right


def test_a_network_that_leads_nowhere_has_an_address_too():
    """As the kiosk's own hotspot, without a router behind it: that is what its screen must show, not loopback."""
    asks = "from kiosk.owner.place import FIRST, addresses_of; print(*addresses_of(FIRST))"
    air = ("ip link add wlan0 type veth peer name away", "ip address add 10.42.0.1/24 dev wlan0", "ip link set wlan0 up")
    alone = "; ".join(("mount -t sysfs sysfs /sys", "ip link set lo up", *air, "ip link set away up", "ip route flush dev wlan0"))
    words = ["unshare", "-n", "-m", "sh", "-ec", f"{alone}; exec {sys.executable} -c '{asks}'"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.split() == ["10.42.0.1", "127.0.0.1"], done.stderr

"""What the bench measures with: a stand-in, the wire before it, an X server whose picture can be looked at, a kiosk, a peer.

Each is a process of its own, so that none borrows the interpreter of another. Knows how to start and stop them and what they
print; no figure and no bar.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import ipaddress
import json
import mmap
import os
import secrets
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from kiosk.sandbox.phone import held_picture
from tests.bench.relay import LOOPBACK

PAY = "/v3/global/micropay/transactions/pay"
SIZE = (800, 480)
PATIENCE_S = 30.0
_ROOT = Path(__file__).parents[2]


class Process:
    """A Python process that prints a line for a line."""

    def __init__(self, command: list[str], **given: Any) -> None:
        self.popen: subprocess.Popen[str] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=_ROOT, **given
        )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def say(self, line: str) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()

    def hear(self) -> str:
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        assert line, f"{self.popen.args!r} has ended"
        return line.strip()

    def stop(self) -> None:
        """Ask it to end, by the end of its stdin and by SIGTERM."""
        assert self.popen.stdin is not None
        with contextlib.suppress(OSError):
            self.popen.stdin.close()
        self.popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(PATIENCE_S)
        self.popen.kill()
        self.popen.wait()


class Wire:
    """The relay, and what it has noted so far."""

    def __init__(self, folder: Path, to: int, address: str = LOOPBACK, seen: str | None = None) -> None:
        """`address`: where it listens; `seen`: the address that others have to call."""
        cert, key = _certificate(folder, seen or address)
        words = ["--to", str(to), "--cert", str(cert), "--key", str(key), "--address", address]
        self._process = Process([sys.executable, "-m", "tests.bench.relay", *words])
        self.ca_file = cert
        self.url = f"https://{seen or address}:{self._process.hear()}"
        self.notes: list[dict[str, Any]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def drop(self) -> None:
        """Close all connections, as a server does with idle ones."""
        self._process.say("drop")
        time.sleep(0.1)

    def of(self, what: str, since: int, until: int = 1 << 62, link: int | None = None) -> list[dict[str, Any]]:
        """What was noted between two moments."""
        return [
            note
            for note in self.notes
            if note["what"] == what and since <= note["at"] <= until and (link is None or note["link"] == link)
        ]

    def charge(self, since: int) -> dict[str, Any]:
        """The first charge that crossed after `since`."""
        return next(note for note in self.of("request", since) if note["target"] == PAY)

    def stop(self) -> None:
        self._process.stop()

    def _listen(self) -> None:
        with contextlib.suppress(AssertionError):
            while True:
                self.notes.append(json.loads(self._process.hear()))


class Desk:
    """A folder with kiosk.toml, the stand-in, and the wire before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sandbox = Process([sys.executable, "-m", "kiosk", "sandbox", "--dir", str(folder)])
        while "kiosk.toml" not in self._sandbox.hear():
            pass
        self.facts = json.loads((folder / "sandbox.json").read_text())
        self.wire = Wire(folder, int(self.facts["url"].rpartition(":")[2]))
        config = folder / "kiosk.toml"
        hosts = f'hosts = ["{self.wire.url}"]\nca_file = "{self.wire.ca_file.name}"'
        config.write_text(config.read_text().replace(f'hosts = ["{self.facts["url"]}"]', hosts))
        self.config = config

    def stop(self) -> None:
        self.wire.stop()
        self._sandbox.stop()


class Kiosk(Process):
    """The kiosk that sells when told to (subject.py)."""

    def __init__(self, desk: Desk, display: str, tracer: tuple[str, ...] = ()) -> None:
        """`tracer`: the words of a command that runs it. Ready when this returns."""
        self._desk = desk
        words = [*tracer, sys.executable, "-m", "tests.bench.subject", "--config", str(desk.config)]
        with (desk.folder / "kiosk.log").open("a") as log:
            super().__init__(words, stderr=log, env=environment(display))
        self.hear()

    def sell(self, pause_s: float = 0.5) -> dict[str, int]:
        """One sale of 1.25; when things happened, in ns."""
        picture = self._desk.folder / "phone.png"
        picture.write_bytes(held_picture(new_code()))
        self.say(f"sale 125 {pause_s} {picture}")
        facts: dict[str, int] = json.loads(self.hear())
        return facts

    def look_back(self) -> dict[str, int]:
        """The last orders and the page of older ones; when things happened, in ns."""
        self.say("past")
        facts: dict[str, int] = json.loads(self.hear())
        return facts


class BareClient:
    """The peer: nothing but `requests` and `cryptography`, a warm connection, and a charge as large as the kiosk's."""

    def __init__(self, desk: Desk) -> None:
        facts = desk.facts
        self._url, self._serial, self._sp = desk.wire.url, facts["merchant_serial"], facts["sp_mchid"]
        self._ids = {name: facts[name] for name in ("sp_appid", "sp_mchid", "sub_mchid")}
        key = serialization.load_pem_private_key((desk.folder / "merchant_key.pem").read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key
        self._session = requests.Session()
        self._session.verify = str(desk.wire.ca_file)
        self._session.trust_env = False  # the quicker way: reading the environment would make the peer slower
        self._count = 0

    def warm(self) -> None:
        """Have a connection: what the kiosk does while the amount is keyed."""
        self._send("GET", "/v3/global/certificates", b"")

    def charge(self) -> int:
        """Charge a code; returns when it began (ns)."""
        self._count += 1
        code = new_code()
        began = time.monotonic_ns()
        order = {
            **self._ids,
            "description": "Harbour Snacks",
            "out_trade_no": f"B07-260105-aa{self._count:04}",
            "merchant_category_code": "5814",
            "amount": {"total": 1250, "currency": "HKD"},
            "scene_info": {"device_id": "K07"},
            "trade_type": "MICROPAY",
            "payer": {"auth_code": code},
        }
        answer = self._send("POST", PAY, json.dumps(order, separators=(",", ":")).encode())
        assert answer.status_code == 200, answer.text
        return began

    def _send(self, method: str, target: str, body: bytes) -> requests.Response:
        stamp, nonce = str(int(time.time())), secrets.token_hex(16)
        text = f"{method}\n{target}\n{stamp}\n{nonce}\n".encode() + body + b"\n"
        signature = base64.b64encode(self._key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()
        items = {"mchid": self._sp, "nonce_str": nonce, "timestamp": stamp, "serial_no": self._serial, "signature": signature}
        headers = {
            "Authorization": "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{name}="{value}"' for name, value in items.items()),
            "Accept": "application/json",
            "Accept-Language": "en",
            "User-Agent": "bare/1",
        }
        if body:
            headers["Content-Type"] = "application/json"
        return self._session.request(method, self._url + target, data=body or None, headers=headers, timeout=PATIENCE_S)


class XScreen:
    """An X server as large as the window, whose picture lies in a file (Xvfb -fbdir): looking costs the server nothing."""

    def __init__(self, folder: Path, size: tuple[int, int] = SIZE) -> None:
        folder.mkdir()
        ours, theirs = os.pipe()
        pixels = f"{size[0]}x{size[1]}x24"
        command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", pixels, "-nolisten", "tcp", "-fbdir", str(folder)]
        self._popen = subprocess.Popen(command, pass_fds=[theirs], stderr=subprocess.DEVNULL)
        os.close(theirs)
        with os.fdopen(ours) as chosen:
            number = chosen.readline().strip()
        assert number, "Xvfb did not start"
        self.display = f":{number}"
        with (folder / "Xvfb_screen0").open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        head = struct.unpack(">25I", self._map[:100])  # XWDFile.h: header size first, bytes a line 13th, colours 20th
        self._start, self._line = head[0] + head[19] * 12, head[12]

    def rows(self, top: int, bottom: int, left: int = 0, right: int = SIZE[0]) -> bytes:
        """The pixels of this part, four bytes each."""
        starts = range(self._start + top * self._line, self._start + bottom * self._line, self._line)
        return b"".join(self._map[start + left * 4 : start + right * 4] for start in starts)

    def dark(self) -> bool:
        """Whether no window is open."""
        return not any(self.rows(0, SIZE[1]))

    def stop(self) -> None:
        self._popen.terminate()
        self._popen.wait()


def new_code() -> str:
    """18 digits as on a customer's phone."""
    return f"13{secrets.randbelow(10**16):016}"


@contextlib.contextmanager
def window(command: list[str], screen: XScreen, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A program with a window on a dark screen, and when it was started (ns). Ended by SIGTERM, or SIGKILL when it takes none."""
    wait_for(screen.dark)
    with log.open("a") as end:
        began = time.monotonic_ns()
        running = subprocess.Popen(command, stdout=end, stderr=end, cwd=_ROOT, env=environment(screen.display))
    try:
        yield running, began
    finally:
        running.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(2.0)  # a bare SDL program takes SIGTERM for a wish
        running.kill()
        running.wait()


def environment(display: str) -> dict[str, str]:
    """That of a kiosk in a window on this X server, without a loudspeaker."""
    return {**os.environ, "DISPLAY": display, "SDL_VIDEODRIVER": "x11", "SDL_AUDIODRIVER": "dummy"}


@contextlib.contextmanager
def stopping(thing: Any) -> Iterator[Any]:
    """Stop it in the end."""
    try:
        yield thing
    finally:
        thing.stop()


def wait_for(fact: Callable[[], bool], most_s: float = PATIENCE_S) -> int:
    """Until it is so; returns when (ns)."""
    end = time.monotonic() + most_s
    while not fact():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.001)
    return time.monotonic_ns()


def quiet(most_s: float = 1.0) -> None:
    """Wait until nobody else keeps the machine busy, but not for long: others may have more to do than there is patience."""
    end = time.monotonic() + most_s
    while time.monotonic() < end:
        before = _ticks()
        time.sleep(0.15)
        busy, idle = (now - then for now, then in zip(_ticks(), before, strict=True))
        if busy < idle / 3:
            return


def _ticks() -> tuple[int, int]:
    """Busy and idle time of all cores so far (proc(5), /proc/stat)."""
    user, nice, system, idle, iowait, *rest = map(int, Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:9])
    return user + nice + system + sum(rest), idle + iowait


def _certificate(folder: Path, address: str) -> tuple[Path, Path]:
    """A certificate of this address, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the bench's wire")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "wire.pem", folder / "wire_key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_file, key_file

"""The system's part of a support bundle: what the machine, its units and its storage say, as texts in a tar.

What is not to be had here is said in words, each in its file. Every text goes through the same sieve before it is packed: no
payment code, no key, nobody's long id.
"""

from __future__ import annotations

import io
import json
import platform
import re
import sys
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from kiosk import __version__, service
from kiosk.steward.commands import MISSING, Run

TEXT_MOST = 3 * 1024 * 1024  # bytes of one text; the newest end is kept
LINES = 4000
UNITS = ("kiosk*", "NetworkManager.service", "systemd-timesyncd.service", "chrony.service")
_FIELDS = (  # of the journal; what is not here is not packed
    *("CALL", "STATUS", "OUTCOME", "MS", "WHY", "CODE", "PROBLEM", "PART", "HINT", "VERSION", "STATE", "OUT_TRADE_NO"),
    *("EXCEPTION", "OFFSET_MS", "BECAUSE_OF"),
)
_SECRETS = (
    re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL),
    re.compile(r"(?i)(psk|password|passphrase|secret|pin|token|api_v3_key)(\s*[=:]\s*)(\S+)"),
    re.compile(r"(?<![0-9A-Za-z_+/=-])(?=[0-9_+/=-]*[A-Za-z])(?=[A-Za-z_+/=-]*[0-9])[0-9A-Za-z_+/=-]{28,}(?![0-9A-Za-z_+/=-])"),
)
_THROTTLED = {
    0: "under-voltage now",
    1: "the processor's speed is capped now",
    2: "throttled now",
    3: "too hot now",
    16: "under-voltage since the start",
    17: "the processor's speed was capped since the start",
    18: "throttled since the start",
    19: "too hot since the start",
}
_LIFE = {0: "not told", 1: "0 to 10 % of its life used", 11: "beyond its life: replace it now"}
_END_OF_LIFE = {1: "normal", 2: "80 % of its spare blocks used: replace it soon", 3: "90 % used: replace it now"}


class Bundle:
    """`sys` as /sys and `etc` as /etc, another folder in tests."""

    def __init__(self, run: Run, sys_: Path = Path("/sys"), etc: Path = Path("/etc")) -> None:
        self._run, self._sys, self._etc = run, sys_, etc

    def pack(self) -> bytes:
        """The tar."""
        parts: dict[str, Callable[[], str]] = {
            "about": self.about,
            "units": self.units,
            "journal": self.journal,
            "kernel": self.kernel,
            "storage": self.storage,
            "temperature": self.temperature,
            "power": self.power,
            "clock": self.clock,
            "memory": lambda: _text(Path("/proc/meminfo")) or "not told by this kernel",
        }
        with io.BytesIO() as packed:
            with tarfile.open(fileobj=packed, mode="w") as tar:
                for name, tell in parts.items():
                    content = sieve(tell()).encode()[-TEXT_MOST:] + b"\n"
                    entry = tarfile.TarInfo(f"system/{name}.txt")
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
            return packed.getvalue()

    def about(self) -> str:
        """Versions."""
        model = _text(Path("/proc/device-tree/model")).strip("\0") or "not a Raspberry Pi, or its device tree is not here"
        kernel = f"kernel {platform.release()} {platform.machine()}, up for {_text(Path('/proc/uptime')).split(' ')[0]} s"
        lines = [f"kiosk {__version__}", f"Python {sys.version}", kernel, f"model: {model}"]
        lines.append(_text(self._etc / "os-release") or "no os-release here")
        wanted = ["dpkg-query", "--show", "kiosk", "systemd", "network-manager", "python3-cryptography", "python3-pygame"]
        return "\n".join([*lines, self._said(wanted, partly=True)])

    def units(self) -> str:
        """How the units are, and which have failed."""
        shown = ["--property=Id,ActiveState,SubState,Result,NRestarts,ExecMainStatus,StatusText,ActiveEnterTimestamp"]
        return "\n\n".join(
            (self._said(["systemctl", "show", "--no-pager", *shown, *UNITS]), self._said(["systemctl", "--no-pager", "--failed"]))
        )

    def journal(self) -> str:
        """What the units said last: time, unit, message, and the fields that are known to be harmless."""
        chosen = [word for unit in UNITS for word in ("--unit", unit)]
        done = self._run(["journalctl", "--no-pager", "--output=json", "--all", f"--lines={LINES}", *chosen], b"", 30.0)
        if not done.well:
            return self._not_here("journalctl", done.code, done.words)
        return "\n".join(filter(None, map(entry_of, done.out.decode(errors="replace").splitlines()))) or "the journal is empty"

    def kernel(self) -> str:
        """Its warnings: failing cards, under-voltage, devices that come and go."""
        return self._said(["journalctl", "--no-pager", "--dmesg", "--priority=warning", "--lines=1000", "--output=short-iso"])

    def storage(self) -> str:
        """Room, and how worn the card is, where it tells."""
        lines = [self._said(["df", "--human-readable", "--output=source,fstype,size,avail,pcent,target"], partly=True)]
        cards = sorted(self._sys.glob("class/mmc_host/mmc*/mmc*:*"))
        for card in cards:
            facts = {name: _text(card / name).strip() for name in ("name", "date", "life_time", "pre_eol_info")}
            lines.append(f"{card.name}: {facts['name']}, made {facts['date'] or 'at a time it does not tell'}; {_wear(facts)}")
        if not cards:
            lines.append("no SD card or eMMC here; how worn another disk is would be told by smartctl, which is not asked")
        return "\n".join(lines)

    def temperature(self) -> str:
        """Of each zone, in degrees Celsius."""
        zones = sorted(self._sys.glob("class/thermal/thermal_zone*"))
        read = ((_text(zone / "type").strip(), _number(zone / "temp")) for zone in zones)
        told = [f"{name}: {heat / 1000:.1f} C" for name, heat in read if heat is not None]
        return "\n".join(told) or "no thermometer here"

    def power(self) -> str:
        """Whether the supply was too weak."""
        done = self._run(["vcgencmd", "get_throttled"], b"", 5.0)
        found = re.search(rb"throttled=0x([0-9a-fA-F]{1,8})", done.out)
        if done.well and found:
            bits = int(found[1], 16)
            return ", ".join(words for bit, words in _THROTTLED.items() if bits >> bit & 1) or "the supply was strong enough"
        for monitor in sorted(self._sys.glob("class/hwmon/hwmon*")):
            if _text(monitor / "name").strip() == "rpi_volt":
                low = _number(monitor / "in0_lcrit_alarm")
                return "under-voltage since it was last asked" if low else "the supply was strong enough"
        return "nothing here tells of the supply: no vcgencmd, and no rpi_volt in the kernel"

    def clock(self) -> str:
        """Whether it is set, and by whom."""
        source = "is kept by a time server" if service.clock_is_set() else "is not kept by a time server"
        real = sorted(self._sys.glob("class/rtc/rtc*"))
        lines = [f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}: the clock {source}", f"clocks with a battery: {len(real) or 'none'}"]
        return "\n".join([*lines, self._said(["timedatectl", "show"]), self._said(["timedatectl", "show-timesync"])])

    def _said(self, words: list[str], *, partly: bool = False) -> str:
        done = self._run(words, b"", 15.0)
        if done.well or (partly and done.out):
            return done.out.decode(errors="replace").strip()
        return self._not_here(words[0], done.code, done.words)

    @staticmethod
    def _not_here(program: str, code: int, words: str) -> str:
        return f"not here: {program} is not installed" if code == MISSING else f"not told: {program} says: {words}"


def entry_of(line: str) -> str:
    """One line of the journal as JSON, as a line of text; nothing of what cannot be read."""
    try:
        entry = json.loads(line)
        at = datetime.fromtimestamp(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, UTC)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return ""
    who = entry.get("_SYSTEMD_UNIT") or entry.get("SYSLOG_IDENTIFIER") or "?"
    fields = ", ".join(f"{name.lower()}={entry[name]}" for name in _FIELDS if isinstance(entry.get(name), str))
    message = entry.get("MESSAGE")
    text = message if isinstance(message, str) else "(not text)"
    return f"{at:%Y-%m-%dT%H:%M:%S.%f} {who} <{entry.get('PRIORITY', '?')}> {text}{f' ({fields})' if fields else ''}"


def sieve(text: str) -> str:
    """The text without anything that could be a secret: rather a harmless word too much than a key."""
    text = _SECRETS[0].sub("<key>", text)
    text = _SECRETS[1].sub(r"\1\2<hidden>", text)
    return service.mask(_SECRETS[2].sub("<long id>", text))


def _wear(facts: dict[str, str]) -> str:
    """Of an eMMC; an SD card does not tell."""
    try:
        used = [int(word, 16) for word in facts["life_time"].split()]
        left = _END_OF_LIFE.get(int(facts["pre_eol_info"], 16), "not told")
    except ValueError:
        used, left = [], ""
    if not used:
        return "it does not tell how worn it is, as no SD card does"
    most = max(used)
    return f"{_LIFE.get(most, f'{(most - 1) * 10} to {most * 10} % of its life used')}; spare blocks: {left}"


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None

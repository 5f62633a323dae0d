"""Everything that is looked at while the kiosk runs, step by step, for its own screen and for a bundle.

What the kiosk holds (camera, keys, printer, ledger) is not taken from it: its loop is asked, between two steps. Nothing here
changes anything. Each step may be slow, and runs where nobody waits for it (lane.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

from kiosk import ledgers, service
from kiosk.config import Config
from kiosk.core.checkup import Kind, Verdict
from kiosk.core.events import Part
from kiosk.core.expiry import DAY
from kiosk.core.ports import Ledger
from kiosk.core.screens import Network
from kiosk.core.state import Kiosk
from kiosk.doctor import ledger as doctor_ledger
from kiosk.doctor import sound as doctor_sound
from kiosk.doctor.checks import Check
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.timings import Timings, newest
from kiosk.support import credentials, hardware, judged, network, starts
from kiosk.support.asks import Asks, Wechat
from kiosk.support.lane import Step
from kiosk.support.latency import SPEED_DAYS, Latency, latency

SLOW_SALE_MS, SLOW_START_MS = 8_000, 90_000
READING_S = 20.0


class Facts:
    """Who knows what of a running kiosk. Its steps may be called from any thread, one at a time."""

    def __init__(self, config: Config, loop: Asks, wechat: Wechat) -> None:
        self._config = config
        self._loop = loop
        self._wechat = wechat

    def steps(self) -> list[Step]:
        """In the order of Kind."""
        config, wechat = self._config, self._config.wechat_pay
        host = wechat.hosts[0]
        here = [Step(Kind.LINK, lambda: [network.link(here=_all_here(config))])]
        return [
            Step(Kind.CAMERA, self._parts),
            Step(Kind.SCREEN, lambda: [screen(config)]),
            Step(Kind.SOUND, lambda: [replace(doctor_sound.device(config, {}), kind=Kind.SOUND)]),
            *here,
            Step(Kind.ADDRESS, lambda: [network.address(here=_all_here(config))]),
            Step(Kind.NAME, lambda: [network.named(host)]),
            Step(Kind.TLS, lambda: [network.reachable(host, wechat.ca_file)]),
            Step(Kind.WECHAT, self._wechat_and_clock),
            Step(Kind.MERCHANT_CERTIFICATE, self._credentials),
            Step(Kind.BACKUPS, lambda: [self._backups()]),
            Step(Kind.ROOM, lambda: [storage(config)]),
            Step(Kind.WEAR, lambda: [hardware.wear(config.ledger.path.parent)]),
            Step(Kind.TEMPERATURE, lambda: [hardware.temperature()]),
            Step(Kind.POWER, lambda: [power()]),
            Step(Kind.SALES_SPEED, self._speeds),
            Step(Kind.READING, lambda: [reading()], READING_S),
            Step(Kind.VOICE, lambda: [replace(doctor_sound.voice(config), kind=Kind.VOICE)]),
        ]

    def timings(self) -> Timings:
        """The newest payments' times, read by the loop."""
        since = time.time_ns() // 1_000_000 - SPEED_DAYS * DAY

        def read(before: int, ledger: Ledger, _: Kiosk) -> Timings:
            return ledger.scan_to_paid(since, before) if isinstance(ledger, SqliteLedger) else Timings()

        return newest(lambda before: self._loop.ask(partial(read, before)))

    def _parts(self) -> list[Check]:
        """What the running parts say of themselves."""
        problems, unresolved = self._loop.ask(lambda _, kiosk: (dict(kiosk.problems), _open(kiosk)))
        named = {Part.CAMERA: Kind.CAMERA, Part.KEYPAD: Kind.KEYS, Part.LEDGER: Kind.LEDGER}
        if self._config.printer is not None:
            named[Part.PRINTER] = Kind.PRINTER
        return [_of_a_part(part, kind, problems.get(part), unresolved) for part, kind in named.items()]

    def _wechat_and_clock(self) -> list[Check]:
        began = time.monotonic()
        answer = self._wechat.probe()
        took = f"{(time.monotonic() - began) * 1000:.0f} ms"
        offset = None if answer.server_time is None else answer.server_time - time.time_ns() // 1_000_000
        asked = replace(judged.wechat(answer), kind=Kind.WECHAT, value=took if answer.reached else "")
        is_set = service.clock_is_set()
        source = "NTP" if is_set else "WeChat" if offset is not None else ""
        return [asked, replace(judged.clock(is_set, offset), kind=Kind.CLOCK, value=source)]

    def _credentials(self) -> list[Check]:
        page_ends_at = self._loop.ask(lambda _, kiosk: None if kiosk.page is None else kiosk.page.ends_at)
        return list(
            credentials.checks(
                self._config, self._wechat.platform_ends_at, time.time_ns() // 1_000_000, page_ends_at=page_ends_at
            )
        )

    def _backups(self) -> Check:
        now = time.time_ns() // 1_000_000
        check = doctor_ledger.backups(ledgers.backups_of(self._config), ever_sold=True, now=now)
        return replace(check, kind=Kind.BACKUPS)

    def _speeds(self) -> list[Check]:
        straight = latency(self.timings().straight)
        first, _ = start_latencies(self._config)
        return [sales_speed(straight), start_speed(first)]


def screen(config: Config) -> Check:
    """It is being looked at: what it is."""
    size = f"{config.display.size[0]} x {config.display.size[1]}"
    return Check("display", Verdict.OK, f"{config.display.driver} {size}", kind=Kind.SCREEN, value=size)


def storage(config: Config) -> Check:
    """Room to write."""
    home = config.ledger.path.parent
    free = judged.free_bytes(home)
    check = judged.storage(home, free, os.access(home, os.W_OK))
    return replace(check, kind=Kind.ROOM, value="" if free is None else f"{free // 2**20} MB")


def power() -> Check:
    """The firmware's word where the kiosk may ask it, else the kernel's."""
    low, told = hardware.voltage(), judged.vcgencmd()
    if told is not None and "throttled=" not in told and os.geteuid() != 0:
        told = None  # the kiosk's unit does not see the firmware's device
    check = judged.power(told)
    if low and check.verdict is Verdict.OK:
        check = Check("power", Verdict.FAIL, "the kernel says: the voltage is too low", judged.POWER_REMEDY)
    return replace(check, kind=Kind.POWER)


def sales_speed(straight: Latency | None) -> Check:
    """From the scan to the word that it is paid, without those that had to confirm on the phone."""
    if straight is None:
        return Check("scan to paid", Verdict.OK, "nothing was sold by scan yet", kind=Kind.SALES_SPEED)
    slow = straight.p95_ms > SLOW_SALE_MS
    remedy = "Look at the network: `ping`, the Wi-Fi's strength, another router." if slow else ""
    verdict = Verdict.WARN if slow else Verdict.OK
    return Check("scan to paid", verdict, straight.text, remedy, Kind.SALES_SPEED, straight.text)


def start_speed(first: Latency | None) -> Check:
    """From the kernel's first moment to a kiosk that can be used."""
    if first is None:
        return Check("boot to ready", Verdict.OK, "no start of the machine was measured yet", kind=Kind.START_SPEED)
    slow = first.p50_ms > SLOW_START_MS
    remedy = "Often a worn card is the reason: systemd-analyze critical-chain kiosk.service" if slow else ""
    return Check("boot to ready", Verdict.WARN if slow else Verdict.OK, first.text, remedy, Kind.START_SPEED, first.text)


def start_latencies(config: Config) -> tuple[Latency | None, Latency | None]:
    """Of the machine's starts, and of the kiosk's own."""
    known = starts.read(starts.file_of(config.ledger.path))
    return latency([each.boot_ms for each in known if each.boot_ms is not None]), latency([each.own_ms for each in known])


def reading() -> Check:
    """The scanner's eye over a picture that is drawn for it, in a process of its own, as the scanner is one."""
    command = [sys.executable, "-m", "kiosk.camera.sample"]
    try:
        # It finds what this process has found, wherever a release lies.
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=READING_S - 1, check=False, env=env)  # noqa: S603  fixed words
    except (OSError, subprocess.TimeoutExpired):
        return Check("reading", Verdict.FAIL, "the decoder does not come to an end", _READING_REMEDY, Kind.READING)
    if done.returncode == 0:
        return Check("reading", Verdict.OK, f"a drawn picture is read: {done.stdout.strip()}", kind=Kind.READING)
    return Check("reading", Verdict.FAIL, "a drawn picture is not read", _READING_REMEDY, Kind.READING)


def _all_here(config: Config) -> bool:
    return all(network.is_here(host) for host in config.wechat_pay.hosts)


def _open(kiosk: Kiosk) -> int:
    return sum(1 for order in kiosk.orders.values() if order.settled_at is None) if kiosk.network is not Network.CONNECTING else 0


def _of_a_part(part: Part, kind: Kind, problem: str | None, unresolved: int) -> Check:
    if problem is not None:
        verdict = Verdict.WARN if part is Part.PRINTER else Verdict.FAIL
        return Check(str(part), verdict, f"the running kiosk says: {problem}", "This sentence says what to do.", kind)
    if part is Part.LEDGER:
        return Check(str(part), Verdict.OK, f"takes commits; {unresolved} orders are open", kind=kind)
    return Check(str(part), Verdict.OK, "well, says the running kiosk", kind=kind)


_READING_REMEDY = "Install the program anew: sudo apt install --reinstall kiosk"

"""`kiosk doctor`: looks at everything a kiosk needs, and says what to do about what is not well.

`examine` gathers the facts and hands each to a small function that judges it. What a running kiosk holds (camera, ledger) is not
taken from it: then the kiosk is asked. Nothing is changed, but for the commit by which an opened ledger proves its disk.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kiosk import config as configuration
from kiosk import service
from kiosk.clock import SteadyClock
from kiosk.config import CameraConfig, Config, LedgerConfig
from kiosk.control import Answer as Told
from kiosk.control import ControlFailed, ControlUnavailable, ask
from kiosk.core.errors import ConfigError, DriverError, KioskError
from kiosk.core.model import Answer, Pending, Unknown, Why
from kiosk.doctor_checks import Check, Verdict

if TYPE_CHECKING:
    from kiosk.camera.decode import Grey
    from kiosk.camera.process import Camera

_CLOCK_WARN_MS = 30_000
_CLOCK_FAIL_MS = 300_000  # contract 11.4: WeChat refuses what is signed more than five minutes off
_SETTLING_FRAMES = 30  # a second: a sensor that was just started is dark or blinded
_FREE_FAIL_BYTES = 50 * 1024 * 1024
_FREE_WARN_BYTES = 500 * 1024 * 1024


def examine(path: Path | None) -> list[Check]:
    """Look at everything. Without a right configuration only at what needs none."""
    try:
        config = configuration.load(path)
    except ConfigError as error:
        checks = [
            Check("config", Verdict.FAIL, problem, "Correct this in kiosk.toml, and look again.") for problem in error.problems
        ]
        return [*checks, clock(service.clock_is_set(), None), power(_vcgencmd())]
    from kiosk.display import backlight  # noqa: PLC0415  as below
    from kiosk.doctor_display import brightness, customer, display  # noqa: PLC0415  as below
    from kiosk.doctor_keypad import keypad  # noqa: PLC0415  loads HTTP and cryptography, as the kiosk does
    from kiosk.doctor_ledger import ledger_checks  # noqa: PLC0415  only these checks need SQLite
    from kiosk.doctor_printer import printer  # noqa: PLC0415  as the keypad's
    from kiosk.doctor_sound import device, voice  # noqa: PLC0415  only these checks need a voice

    home = config.ledger.path.parent
    running = _ask_kiosk(config.control.socket)
    answer, keys = _ask_wechat(config)
    offset = None if answer is None or answer.server_time is None else answer.server_time - time.time_ns() // 1_000_000
    return [
        Check("config", Verdict.OK, str(config.path)),
        kiosk(running),
        *credentials(config.warnings),
        keys,
        *([] if answer is None else [wechat(answer)]),
        *(reachable(host, config.wechat_pay.ca_file) for host in config.wechat_pay.hosts),
        clock(service.clock_is_set(), offset),
        *ledger_checks(config, running),
        storage(home, _free_bytes(home), os.access(home, os.W_OK)),
        camera(config.camera, running),
        keypad(config.keypad, running),
        *printer(config, running),
        display(config.display, has_module, os.environ),
        *(customer(config.display, os.environ, keys=config.keypad.driver == "touch") if has_module("pygame") else []),
        *([brightness(config.display, backlight.find())] if config.display.driver == "pygame" else []),
        device(config, running),
        voice(config),
        power(_vcgencmd()),
    ]


def kiosk(running: Told | None) -> Check:
    """What a running kiosk says of itself over its socket, or that none runs."""
    if running is None:
        return Check("kiosk", Verdict.OK, "does not run")
    if "problem" in running:
        return Check("kiosk", Verdict.FAIL, str(running["problem"]), "Restart it: sudo systemctl restart kiosk")
    found = f"runs; it shows {running.get('screen')}, network {running.get('network')}"
    if running.get("screen") == "OutOfOrder":
        return Check("kiosk", Verdict.FAIL, found, "Read its screen, or its log: journalctl -u kiosk")
    return Check("kiosk", Verdict.OK, found)


def credentials(warnings: tuple[str, ...]) -> Iterator[Check]:
    """What the configuration found odd about key files and hosts."""
    if not warnings:
        yield Check("credentials", Verdict.OK, "only the kiosk can open the key files")
    for warning in warnings:
        found, _, remedy = warning.rpartition(". ") if ". " in warning else (warning, "", "")
        yield Check("credentials", Verdict.WARN, found, remedy)


def wechat(answer: Answer) -> Check:
    """What WeChat says to a signed, harmless question."""
    match answer.outcome:
        case Pending():
            return Check("wechat", Verdict.OK, "WeChat Pay answers, and its signature is right")
        case Unknown(why, detail):
            found = f"WeChat Pay gave no good answer: {why}" + (f" ({detail})" if detail else "")
            return Check("wechat", Verdict.FAIL, found, _WECHAT_REMEDIES.get(why, "Try again in a minute."))
        case other:
            return Check(
                "wechat", Verdict.FAIL, f"WeChat Pay gave an odd answer: {type(other).__name__}", "Try again in a minute."
            )


def reachable(host: str, ca_file: Path | None, timeout_s: float = 5.0) -> Check:
    """Name, connection and certificate of one host."""
    parts = urlsplit(host)
    name, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    title = f"host {name}"
    try:
        socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return Check(
            title,
            Verdict.FAIL,
            f"the name is not found ({error.strerror or error})",
            "Check cable or Wi-Fi, and the router's DNS.",
        )
    began = time.monotonic()
    try:
        with socket.create_connection((name, port), timeout_s) as connection:
            if parts.scheme == "https":
                context = ssl.create_default_context()
                if ca_file is not None:
                    context.load_verify_locations(ca_file)
                with context.wrap_socket(connection, server_hostname=name):
                    pass
    except ssl.SSLCertVerificationError as error:
        remedy = "Check the clock; is there a portal or a proxy between? A stand-in's authority goes into [wechat_pay] ca_file."
        return Check(title, Verdict.FAIL, f"its certificate is not believed ({error.verify_message})", remedy)
    except OSError as error:
        return Check(
            title,
            Verdict.FAIL,
            f"port {port} cannot be reached ({error.strerror or error})",
            "Check the network and its firewall.",
        )
    return Check(title, Verdict.OK, f"port {port} answers in {(time.monotonic() - began) * 1000:.0f} ms")


def clock(is_set: bool, offset_ms: int | None) -> Check:  # noqa: FBT001  two facts
    """`offset_ms`: how far WeChat's verified time is ahead of this machine's; None when it did not answer."""
    if offset_ms is not None and abs(offset_ms) >= _CLOCK_FAIL_MS:
        found = f"this machine's clock is {abs(offset_ms) // 1000} s {'behind' if offset_ms > 0 else 'ahead'}"
        return Check(
            "clock", Verdict.FAIL, found, "Switch on NTP: timedatectl set-ntp true. WeChat refuses what is 5 minutes off."
        )
    if offset_ms is not None and abs(offset_ms) >= _CLOCK_WARN_MS:
        return Check(
            "clock", Verdict.WARN, f"{abs(offset_ms) // 1000} s off WeChat's time", "Switch on NTP: timedatectl set-ntp true"
        )
    if is_set:
        return Check(
            "clock", Verdict.OK, "kept by NTP" + ("" if offset_ms is None else f", {abs(offset_ms)} ms off WeChat's time")
        )
    if offset_ms is not None:
        return Check("clock", Verdict.OK, f"not kept by NTP, yet right: {abs(offset_ms)} ms off WeChat's verified time")
    remedy = "Connect to the network: NTP sets it (timedatectl), and WeChat's first verified answer is clock enough."
    return Check("clock", Verdict.FAIL, "nobody has set it since the start", remedy)


def storage(folder: Path, free_bytes: int | None, writable: bool) -> Check:  # noqa: FBT001  facts
    """Room and permission to write; `free_bytes` None when the folder cannot be looked at."""
    if free_bytes is None:
        return Check("storage", Verdict.FAIL, f"{folder} is not there", "Make the folder, or correct [ledger] path.")
    free = f"{folder}: {free_bytes // (1024 * 1024)} MB free"
    if not writable:
        return Check(
            "storage", Verdict.FAIL, f"{folder} cannot be written to", "Mount it read-write; give it to the kiosk's user."
        )
    if free_bytes < _FREE_FAIL_BYTES:
        return Check("storage", Verdict.FAIL, free, "Free some space: without room no order can be kept, and none is sent.")
    if free_bytes < _FREE_WARN_BYTES:
        return Check("storage", Verdict.WARN, free, "Free some space before it is gone.")
    return Check("storage", Verdict.OK, free)


def camera(wanted: CameraConfig, running: Told | None) -> Check:
    """A first picture, unless the running kiosk has the camera."""
    if running is not None and wanted.driver != "folder":
        problem = running.get("camera")
        if isinstance(problem, str):
            return Check("camera", Verdict.FAIL, f"the running kiosk says: {problem}", _WITHOUT_CAMERA)
        return Check("camera", Verdict.OK, f"{wanted.driver}, held by the running kiosk, and well")
    try:
        pictures = _first_picture(wanted)
    except DriverError as error:
        return Check("camera", Verdict.FAIL, str(error), _WITHOUT_CAMERA)
    except ConfigError as error:
        return Check("camera", Verdict.FAIL, str(error), "Correct [camera] in kiosk.toml.")
    return Check("camera", Verdict.OK, f"{wanted.driver}: {pictures}")


def power(throttled: str | None) -> Check:
    """`throttled` is what `vcgencmd get_throttled` says (Raspberry Pi documentation, vcgencmd), None where there is none."""
    if throttled is None:
        return Check("power", Verdict.OK, "no Raspberry Pi: not looked at")
    try:
        bits = int(throttled.strip().partition("=")[2], 16)
    except ValueError:
        return Check("power", Verdict.WARN, f"vcgencmd says {throttled.strip()[:60]!r}", "Run: vcgencmd get_throttled")
    now = [words for bit, words in _THROTTLED.items() if bits >> bit & 1]
    before = [words for bit, words in _THROTTLED.items() if bits >> (bit + 16) & 1]
    if now:
        return Check("power", Verdict.FAIL, "now: " + ", ".join(now), _POWER_REMEDY)
    if before:
        return Check("power", Verdict.WARN, "since the start: " + ", ".join(before), _POWER_REMEDY)
    return Check("power", Verdict.OK, "enough, and cool")


def has_module(name: str) -> bool:
    """Whether the library is installed; it is not loaded."""
    return importlib.util.find_spec(name) is not None


def _ask_kiosk(path: Path) -> Told | None:
    """What a running kiosk says of itself; None when none runs."""
    try:
        return ask(path, {"do": "state"}, 3.0)
    except ControlUnavailable:
        return None
    except ControlFailed as error:
        return {"problem": str(error)}


def _ask_wechat(config: Config) -> tuple[Answer | None, Check]:
    """Its answer to a signed question (None when it cannot be signed), and the check of the keys themselves."""
    from kiosk.app import make_provider  # noqa: PLC0415  loads HTTP and cryptography

    with TemporaryDirectory() as folder:  # its certificates, fetched afresh, are not put beside the kiosk's ledger
        try:
            provider = make_provider(replace(config, ledger=LedgerConfig(Path(folder, "kiosk.db"))), SteadyClock())
        except KioskError as error:
            return None, Check("keys", Verdict.FAIL, str(error), "Get the file again from the merchant platform.")
        answer = provider.probe()
        provider.stop()
    return answer, Check("keys", Verdict.OK, "the merchant's key is an RSA key, the APIv3 key has its 32 characters")


def _first_picture(wanted: CameraConfig) -> str:
    """Take one picture as the scanner does. DriverError says why there is none."""
    from kiosk.camera.drivers import open_camera  # noqa: PLC0415  loads numpy and Pillow or the Pi's camera

    with closing(open_camera(wanted.driver, wanted.folder, wanted.device, wanted.mains_hz)) as opened:
        seen = _watched(opened)
    if wanted.folder is not None and wanted.driver == "folder":
        from kiosk.camera.folder import image_files  # noqa: PLC0415  as above

        return f"{len(image_files(wanted.folder))} images in {wanted.folder}"
    return f"a picture of {seen.shape[1]} x {seen.shape[0]} was taken"


def _watched(opened: Camera) -> Grey:
    """A picture taken after a while, as a sensor needs one to find its exposure. DriverError when it shows nothing."""
    from kiosk.camera.vigil import DARK_WORDS, lit  # noqa: PLC0415  as above

    with closing(opened.frames()) as frames:
        grey = next(frames).grey
        for _ in range(_SETTLING_FRAMES if opened.live else 0):
            grey = next(frames).grey
    if not lit(grey):
        raise DriverError(DARK_WORDS)
    return grey


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _vcgencmd() -> str | None:
    command = shutil.which("vcgencmd")
    if command is None:
        return None
    try:
        return subprocess.run([command, "get_throttled"], capture_output=True, text=True, timeout=5, check=False).stdout  # noqa: S603  fixed words
    except (OSError, subprocess.TimeoutExpired):
        return ""


_WECHAT_REMEDIES = {
    Why.NOT_SENT: "No host can be reached: check cable or Wi-Fi.",
    Why.TIMEOUT: "The network is too slow or drops what is sent: check it, and the firewall.",
    Why.CUT: "The connection breaks: check the network, and whether a proxy stands between.",
    Why.SERVER: "WeChat Pay has trouble of its own: wait.",
    Why.BUSY: "WeChat Pay is busy: wait a minute.",
    Why.UNVERIFIED: "Compare platform_keys and api_v3_key with the merchant platform; a proxy may drop Wechatpay-* headers.",
    Why.REFUSED: "Compare merchant_serial, merchant_key and the merchant's numbers with the merchant platform; check the clock.",
    Why.UNLISTED: "Compare the merchant's numbers in kiosk.toml with the merchant platform.",
    Why.MALFORMED: "Something other than WeChat Pay answers: is there a portal or a proxy between?",
}
_WITHOUT_CAMERA = "Until then sell by QR."
_THROTTLED = {
    0: "the voltage is too low",
    1: "the processor is slowed down",
    2: "it is throttled",
    3: "it is near its heat limit",
}
_POWER_REMEDY = "Use the Raspberry Pi's own power supply and a short cable; give it air."

"""`kiosk doctor`: looks at everything a kiosk needs, and says what to do about what is not well.

`examine` gathers the facts and hands each to a small function that judges it. What a running kiosk holds (camera, ledger) is not
taken from it: then the kiosk is asked. Nothing is changed, but for the commit by which an opened ledger proves its disk.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from kiosk import config as configuration
from kiosk import service
from kiosk.clock import SteadyClock
from kiosk.config import CameraConfig, Config, LedgerConfig
from kiosk.control.unix_socket import Answer as Told
from kiosk.control.unix_socket import ControlFailed, ControlUnavailable, ask
from kiosk.core.errors import ConfigError, DriverError, KioskError, LedgerError
from kiosk.core.expiry import DAY
from kiosk.core.model import Answer
from kiosk.doctor.checks import Check, Verdict
from kiosk.support import judged, network
from kiosk.support.latency import SPEED_DAYS, Latency, latency

if TYPE_CHECKING:
    from kiosk.camera.decode import Grey
    from kiosk.camera.process import Camera

_SETTLING_FRAMES = 30  # a second: a sensor that was just started is dark or blinded


def examine(path: Path | None) -> list[Check]:
    """Look at everything. Without a right configuration only at what needs none."""
    try:
        config = configuration.load(path)
    except ConfigError as error:
        checks = [
            Check("config", Verdict.FAIL, problem, "Correct this in kiosk.toml, and look again.") for problem in error.problems
        ]
        return [*checks, judged.clock(service.clock_is_set(), None), *machine(None)]
    from kiosk.display import backlight  # noqa: PLC0415  as below
    from kiosk.doctor.display import brightness, customer, display  # noqa: PLC0415  as below
    from kiosk.doctor.keypad import keypad  # noqa: PLC0415  loads HTTP and cryptography, as the kiosk does
    from kiosk.doctor.ledger import ledger_checks  # noqa: PLC0415  only these checks need SQLite
    from kiosk.doctor.printer import printer  # noqa: PLC0415  as the keypad's
    from kiosk.doctor.sound import device, voice  # noqa: PLC0415  only these checks need a voice
    from kiosk.support import credentials as ending  # noqa: PLC0415  as the keypad's
    from kiosk.support import facts  # noqa: PLC0415  as the ledger's

    running = _ask_kiosk(config.control.socket)
    answer, keys, platform_ends_at = _ask_wechat(config)
    offset = None if answer is None or answer.server_time is None else answer.server_time - time.time_ns() // 1_000_000
    return [
        Check("config", Verdict.OK, str(config.path)),
        kiosk(running),
        *credentials(config.warnings),
        keys,
        *network.steps(config.wechat_pay.hosts, config.wechat_pay.ca_file),
        *([] if answer is None else [judged.wechat(answer)]),
        judged.clock(service.clock_is_set(), offset),
        *ending.checks(config, platform_ends_at, time.time_ns() // 1_000_000),
        *ledger_checks(config, running),
        facts.storage(config),
        camera(config.camera, running),
        keypad(config.keypad, running),
        *printer(config, running),
        display(config.display, has_module, os.environ),
        *(customer(config.display, os.environ, keys=config.keypad.driver == "touch") if has_module("pygame") else []),
        *([brightness(config.display, backlight.find())] if config.display.driver == "pygame" else []),
        device(config, running),
        voice(config),
        facts.reading(),
        facts.sales_speed(_scan_to_paid(config, running)),
        facts.start_speed(facts.start_latencies(config)[0]),
        *machine(config.ledger.path.parent),
    ]


def machine(home: Path | None) -> Iterator[Check]:
    """What is looked at whatever kiosk.toml says: the storage under `home`, if that is known, heat, power."""
    from kiosk.support import facts, hardware  # noqa: PLC0415  as above

    if home is not None:
        yield hardware.wear(home)
    yield hardware.temperature()
    yield facts.power()


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


def _ask_wechat(config: Config) -> tuple[Answer | None, Check, int | None]:
    """Its answer to a signed question (None when it cannot be signed), the check of the keys, and when its certificates end."""
    from kiosk.parts import make_provider  # noqa: PLC0415  loads HTTP and cryptography

    with TemporaryDirectory() as folder:  # its certificates, fetched afresh, are not put beside the kiosk's ledger
        try:
            provider = make_provider(replace(config, ledger=LedgerConfig(Path(folder, "kiosk.db"))), SteadyClock())
        except KioskError as error:
            return None, Check("keys", Verdict.FAIL, str(error), "Get the file again from the merchant platform."), None
        answer = provider.probe()
        provider.stop()
    well = Check("keys", Verdict.OK, "the merchant's key is an RSA key, the APIv3 key has its 32 characters")
    return answer, well, provider.platform_ends_at


def _scan_to_paid(config: Config, running: Told | None) -> Latency | None:
    """Of the running kiosk, or from the ledger itself; None when nobody can tell now."""
    from kiosk import ledgers  # noqa: PLC0415  only this check needs SQLite
    from kiosk.payment.timings import newest  # noqa: PLC0415  as above

    try:
        if running is not None:
            told = ask(config.control.socket, {"do": "latencies"}, 10.0).get("scan_to_paid")
            return Latency(**told) if isinstance(told, dict) else None
        with ledgers.to_ask(config) as ledger:
            since = time.time_ns() // 1_000_000 - SPEED_DAYS * DAY
            return latency(newest(lambda before: ledger.scan_to_paid(since, before)).straight)
    except (ControlUnavailable, ControlFailed, LedgerError, TypeError):  # its own check says what is wrong with it
        return None


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


_WITHOUT_CAMERA = "Until then sell by QR."

"""`python -m kiosk.scanner_unit`: the scanner as kiosk-scanner.service runs it, with systemd's socket, readiness and watchdog.

It serves one kiosk until that hangs up, and ends; systemd starts the next. So nothing of one kiosk's life is left for another's.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk import service
from kiosk.camera.drivers import load, open_camera
from kiosk.camera.link import PATIENCE_S, STALE_S
from kiosk.camera.unit import wait_for_kiosk
from kiosk.config import PLACES, CameraConfig, load_camera
from kiosk.core.errors import KioskError
from kiosk.setup.board import guess
from kiosk.setup.built import built

if TYPE_CHECKING:
    from kiosk.camera.process import Camera

_log = logging.getLogger(__name__)


def main() -> int:
    """Exit code 0 when the kiosk hung up, 1 when the camera cannot work, 2 when kiosk.toml is wrong."""
    words = argparse.ArgumentParser("python -m kiosk.scanner_unit", description="The scanner; kiosk-scanner.service starts it.")
    words.add_argument("--config", type=Path, required=True)
    given = words.parse_args()
    service.set_up_logging()
    try:
        camera = _camera(given.config)
        with service.listening_socket() as listener:
            service.notify_ready()  # callers wait in the queue; the decoders are loaded meanwhile
            from kiosk.camera.process import BEAT_S, confine, serve  # noqa: PLC0415  they take longer than all the rest

            confine()
            load(camera.driver)
            with wait_for_kiosk(listener, BEAT_S, service.watchdog) as line:
                return 0 if serve(line, lambda: _opened(camera), service.watchdog) else 1
    except KioskError as problem:
        _log.critical("the scanner cannot start", extra={"problem": str(problem)})
        return 2


def _camera(config: Path) -> CameraConfig:
    """As configured; while an appliance is set up, the one there is, as the set-up has it."""
    if config == PLACES[0] and not config.exists():
        board = built(guess(), config.parent)
        return CameraConfig(board.camera_driver, board.frames)
    return load_camera(config)


def _opened(camera: CameraConfig) -> Camera:
    """Opening may take as long as the kiosk waits for it; one that hangs later is killed when the kiosk gives it up."""
    service.watchdog_within(PATIENCE_S)
    opened = open_camera(camera.driver, camera.folder, camera.device, camera.mains_hz)
    service.watchdog_within(STALE_S)
    return opened


if __name__ == "__main__":
    sys.exit(main())

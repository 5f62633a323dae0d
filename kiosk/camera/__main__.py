"""`python -m kiosk.camera`: the scanner process, spoken to over a connected Unix socket that it inherits."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
from pathlib import Path

from kiosk.camera.drivers import DRIVERS, MAINS_HZ, load, open_camera
from kiosk.camera.process import confine, serve


def main() -> int:
    """Exit code 0 when the kiosk hung up, 1 when the camera does not work however often it is tried."""
    words = argparse.ArgumentParser("python -m kiosk.camera", description="The kiosk's scanner process; the kiosk starts it.")
    words.add_argument("--driver", required=True, choices=DRIVERS)
    words.add_argument("--folder", type=Path)
    words.add_argument("--device", type=Path)
    words.add_argument("--mains-hz", type=int, choices=MAINS_HZ, default=MAINS_HZ[0])
    words.add_argument("--fd", type=int, required=True, help="file descriptor of a connected Unix stream socket")
    given = words.parse_args()
    logging.basicConfig(level=logging.INFO, format="scanner: %(levelname)s: %(message)s", stream=sys.stderr)
    for sig in (signal.SIGINT, signal.SIGTERM):  # sent to the whole group they are for the kiosk, which then hangs up
        signal.signal(sig, signal.SIG_IGN)
    confine()
    load(given.driver)
    with socket.socket(fileno=given.fd) as line:
        return 0 if serve(line, lambda: open_camera(given.driver, given.folder, given.device, given.mains_hz)) else 1


if __name__ == "__main__":
    sys.exit(main())

"""At boot, before the kiosk: which release runs. `python -m kiosk.release.boot`, as root, from the package's own release."""

from __future__ import annotations

import logging
import sys

from kiosk.core.errors import KioskError
from kiosk.release.shelf import Shelf

_log = logging.getLogger(__name__)


def main() -> int:
    """Exit code 1 when it cannot be said: then the package's own runs, as nothing points elsewhere."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        record = Shelf().boot()
    except (OSError, KioskError) as error:
        _log.error("the release in the package runs: %s", error)
        return 1
    _log.info("release: %s", record.current or "the package's own")
    if record.attempt is not None:
        _log.info("last update: %s %s %s", record.attempt.version, record.attempt.state, record.attempt.problem or "")
    return 0


if __name__ == "__main__":
    sys.exit(main())

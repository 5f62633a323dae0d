"""How an appliance without kiosk.toml comes to its set-up, and who it is then."""

from __future__ import annotations

import os
from pathlib import Path

from kiosk import service
from kiosk.setup.app import SetupApp, places
from kiosk.setup.board import Board, guess
from kiosk.setup.built import built
from kiosk.setup.settings import Places
from kiosk.setup.wanted import SETTINGS
from kiosk.steward.client import SocketSteward, Steward


def run() -> int:
    """Set this machine up. Returns the exit code: the unit starts it again, and then it sells."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return lead(SocketSteward(), built(guess(), SETTINGS.parent), places(SETTINGS), Path(credentials) if credentials else None)


def lead(steward: Steward, board: Board, where: Places, credentials: Path | None) -> int:
    """Lead through the set-up until it is over or stopped."""
    service.set_up_logging()
    service.no_core_files()
    app = SetupApp(steward, board, where, credentials)
    with service.signals(app.stop):
        return app.run()

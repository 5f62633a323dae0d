"""What whoever built this machine knows of it and nobody can guess: board.toml beside kiosk.toml, where there is one.

Tables as kiosk.toml has them: a matrix on other pins, a screen on its side, a relay before WeChat Pay. They go before what the
board is guessed to be, and the merchant's data go before them. With mistakes in it the file is as good as none; the log says so.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from kiosk.setup.board import Board
from kiosk.setup.settings import NotMerchantData, read_tables

NAME = "board.toml"
_log = logging.getLogger(__name__)


def built(board: Board, settings: Path) -> Board:
    """The board, with what `settings`, the folder of kiosk.toml, has of it."""
    path = settings / NAME
    try:
        known = read_tables(path.read_text("utf-8"), NAME)
    except FileNotFoundError:
        return board
    except (OSError, UnicodeDecodeError, NotMerchantData) as problem:
        _log.warning("board.toml is left aside", extra={"problem": str(problem)})
        return board
    display, camera, keypad = (known.get(name, {}) for name in ("display", "camera", "keypad"))
    folder = camera.get("folder")
    return replace(
        board,
        screen=str(display.get("driver", board.screen)),
        size=_size(display.get("size")) or board.size,
        fullscreen=bool(display.get("fullscreen", board.fullscreen)),
        camera_driver=str(camera.get("driver", board.camera_driver)),
        frames=board.frames if folder is None else settings / str(folder),
        remote=keypad.get("remote", board.remote) is True,
        known=known,
    )


def _size(value: object) -> tuple[int, int] | None:
    match value:
        case [int(width), int(height)]:
            return width, height
        case _:
            return None

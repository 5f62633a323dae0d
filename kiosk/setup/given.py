"""What was given so far and is no secret, on the disk: whoever pulls the plug finds it again. Keys are never among it."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from kiosk.written import put

_LARGEST = 256 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Given:
    """`merchant`: the text of merchant.toml; `request`: of a key made here, in PEM; `keypad`: the one used last.

    `restarted`: the kiosk was started anew to get at its keys.
    """

    language: str | None = None
    zone: str | None = None
    merchant: str | None = None
    request: str | None = None
    keypad: str | None = None
    restarted: bool = False


class Kept:
    """A Given in a file. One thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.given = _read(path)

    def keep(self, given: Given) -> None:
        """From now on this; when it returns it is on the disk. OSError when it cannot be."""
        if given != self.given:
            put(self._path, json.dumps(asdict(given)).encode("ascii"), mode=0o600)
            self.given = given

    def forget(self) -> None:
        """The set-up is over."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        self.given = Given()


def _read(path: Path) -> Given:
    """What the file holds, as far as it is of the right kind; a damaged one is the same as none."""
    try:
        with path.open("rb") as file:
            raw = json.loads(file.read(_LARGEST))
    except FileNotFoundError:
        return Given()
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("what was given to the set-up cannot be read; it begins anew", extra={"problem": str(error)})
        return Given()
    values = raw if isinstance(raw, dict) else {}
    kinds = {field.name: bool if field.name == "restarted" else str for field in fields(Given)}
    return Given(**{name: values[name] for name, kind in kinds.items() if isinstance(values.get(name), kind)})

"""Secrets sealed by systemd-creds, to this machine and its TPM where it has one, each under the name it is opened by."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kiosk.steward.commands import Run
from kiosk.steward.words import StewardRefused
from kiosk.written import put, sync_folder, write

NEXT = "merchant_key.next.pem"  # sealed under the name of the key whose place it will take
_SECRETS_MOST_S = 30.0  # the first time a key of the machine is made


class Sealed:
    """`folder` as /etc/credstore.encrypted; `scratch` is in memory, and root's alone."""

    def __init__(self, folder: Path, scratch: Path, run: Run) -> None:
        self._folder, self._scratch, self._run = folder, scratch, run

    def has(self, name: str) -> bool:
        """Whether there is one of this name."""
        return (self._folder / name).exists()

    def seal(self, name: str, content: bytes, *, file: str | None = None) -> None:
        """Keep it, to be opened as `name`; in another file's name than that, when `file` says so."""
        words = ["systemd-creds", "encrypt", f"--name={name}", "-", "-"]
        done = self._run(words, content, _SECRETS_MOST_S)
        if not done.well or not done.out:
            raise StewardRefused(f"{name} could not be sealed, and was not kept: {done.words}")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(self._folder / (file or name), done.out, mode=0o600)

    def open(self, name: str, *, file: str | None = None) -> bytes:
        """The secret. StewardRefused when it cannot be opened here, as on another machine's card."""
        words = ["systemd-creds", "decrypt", f"--name={name}", str(self._folder / (file or name)), "-"]
        done = self._run(words, b"", _SECRETS_MOST_S)
        if not done.well:
            raise StewardRefused(f"{name} cannot be opened on this machine: {done.words}. Give it again.")
        return done.out

    def take_next(self) -> None:
        """The key that waited for its certificate takes its place."""
        (self._folder / NEXT).replace(self._folder / "merchant_key.pem")
        sync_folder(self._folder)

    @contextmanager
    def opened(self, names: tuple[str, ...]) -> Iterator[Path]:
        """A folder with those that are there, as systemd shows them to the kiosk; gone afterwards."""
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._scratch) as place:
            for name in names:
                if self.has(name):
                    write(Path(place) / name, self.open(name), mode=0o400)
            yield Path(place)

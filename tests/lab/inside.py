"""What is done with a machine of the lab, of either kind: its root before it boots, its units and its journal afterwards."""

from __future__ import annotations

from pathlib import Path

from tests.lab.layers import Layers


class Inside:
    """A machine in which commands can be run. `layers`: what it boots."""

    layers: Layers

    @property
    def root(self) -> Path:
        """The folder to write to before the boot."""
        return self.layers.root

    def before_boot(self, command: str, stdin: bytes = b"") -> None:
        """Run a shell command in the root while it may still be written to."""
        self.layers.do(command, stdin=stdin)

    def run(self, *words: str, well: bool = True, timeout_s: float = 30.0) -> str:
        """What a command in the machine prints, run as root; `well`: it must succeed."""
        raise NotImplementedError

    def shown(self, unit: str, *names: str) -> dict[str, str]:
        """Properties of a unit, as `systemctl show` tells them."""
        lines = self.run("systemctl", "show", unit, f"--property={','.join(names)}").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def pid(self, unit: str) -> int:
        """The unit's main process as the machine numbers it; 0 when there is none."""
        return int(self.shown(unit, "MainPID")["MainPID"])

    def journal(self, *words: str) -> str:
        """Of this boot."""
        return self.run("journalctl", "--no-pager", "--boot", "--output=short-monotonic", *words)

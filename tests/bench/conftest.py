"""The table of figures, printed at the end of the run; a row outside its bar fails the test that measured it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.bench.desk import Desk, XScreen, stopping
from tests.figures import tell


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was measured, of the kiosk and of what it is held against, their ratio, and the most it may be."""

    what: str
    kiosk: str
    against: str
    ratio: float
    bar: float | None

    @property
    def held(self) -> bool:
        return self.bar is None or self.ratio <= self.bar

    def cells(self) -> tuple[str, ...]:
        bar = "-" if self.bar is None else f"{self.bar:g}"
        verdict = "-" if self.bar is None else "held" if self.held else "NOT HELD"
        return (self.what, self.kiosk, self.against, f"{self.ratio:.2f}", bar, verdict)


_ROWS: list[Row] = []
_HEAD = ("what", "kiosk", "against", "ratio", "bar", "")


class Table:
    """Takes the rows of a run."""

    def row(self, what: str, kiosk: str, against: str, ratio: float, bar: float | None = None) -> None:
        """Note it, and fail when the bar is not held."""
        made = Row(what, kiosk, against, ratio, bar)
        _ROWS.append(made)
        tell("bench", **asdict(made), held=made.held)
        assert made.held, f"{what}: {kiosk} against {against} is {ratio:.2f}, and may be {bar:g}"


@pytest.fixture(scope="session")
def table() -> Table:
    return Table()


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XScreen]:
    """An X server as large as the kiosk's window."""
    with stopping(XScreen(tmp_path_factory.mktemp("x") / "screen")) as made:
        yield made


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A stand-in behind TLS."""
    with stopping(Desk(tmp_path_factory.mktemp("desk"))) as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, if anything was measured: other tests pass by here too."""
    if not _ROWS:
        return
    lines = [_HEAD, *(row.cells() for row in _ROWS)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    terminalreporter.write_line("")
    for line in lines:
        terminalreporter.write_line("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    load, cores = Path("/proc/loadavg").read_text("ascii").split()[0], os.cpu_count()
    terminalreporter.write_line(
        f"All of one run; medians; load {load} on {cores} cores at its end. Busy machines make poor figures."
    )

"""`python -m tests.lab [LEVEL...]`: the real components that run without a Pi, level by level. `make lab` runs all."""

from __future__ import annotations

import argparse
import importlib
import sys

from tests.lab.report import Report

LEVELS = ("container", "libcamera", "aarch64", "vm")
"""Modules of this package with a LEVEL, the quickest first."""


def main(words: list[str] | None = None) -> int:
    """Exit code 0 when all that was asked for ran well, 1 when a check failed, 3 when a level could not run here."""
    parser = argparse.ArgumentParser("python -m tests.lab", description=__doc__)
    parser.add_argument("levels", nargs="*", metavar="LEVEL", help=f"of {', '.join(LEVELS)}; without any: all")
    given = parser.parse_args(words)
    if unknown := set(given.levels) - set(LEVELS):
        parser.error(f"no level is called {', '.join(sorted(unknown))}; there are {', '.join(LEVELS)}")
    report = Report()
    for name in given.levels or LEVELS:
        report.play(importlib.import_module(f"tests.lab.{name}").LEVEL)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())

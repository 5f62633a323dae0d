"""`python -m tests.lab [LEVEL...]`: the real components that run without a Pi, level by level."""

from __future__ import annotations

import argparse
import importlib
import sys

from tests.lab.report import Report

LEVELS = ("container", "libcamera", "vm")
"""Modules of this package with a LEVEL, the quickest first: what fits into 25 minutes on two slow cores."""
BY_NAME = ("shop", "package", "update", "aarch64", "image", "wifi")
"""Those that run only when they are asked for; `shop` is the whole of it, from apt to a support bundle."""


def main(words: list[str] | None = None) -> int:
    """Exit code 0 when all that was asked for ran well, 1 when a check failed, 3 when a level could not run here."""
    parser = argparse.ArgumentParser("python -m tests.lab", description=__doc__)
    every = (*LEVELS, *BY_NAME)
    parser.add_argument("levels", nargs="*", metavar="LEVEL", help=f"of {', '.join(every)}; without any: {', '.join(LEVELS)}")
    given = parser.parse_args(words)
    if unknown := set(given.levels) - set(every):
        parser.error(f"no level is called {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    report = Report()
    for name in given.levels or LEVELS:
        report.play(importlib.import_module(f"tests.lab.{name}").LEVEL)
    if not given.levels:
        print(f"not asked for: {', '.join(BY_NAME)}; make lab LEVELS=...")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())

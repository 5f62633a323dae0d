"""`python -m kiosk` is the command `kiosk`."""

from __future__ import annotations

from kiosk.cli import main

main(prog_name="kiosk")

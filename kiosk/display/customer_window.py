"""The customer's screen as a window of its own: opened when its output is there, painted when what it shows has changed.

Whatever happens to it, the merchant's screen goes on. All of it is called by the one thread that owns the windows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from kiosk.core.errors import DriverError
from kiosk.core.screens import View
from kiosk.display.customer import Beside, CustomerView, seen
from kiosk.display.customer_painter import CustomerPainter, moment
from kiosk.display.light import Light, light
from kiosk.display.sdl import bare, outputs
from kiosk.display.window import SecondWindow

_LOG = logging.getLogger(__name__)
_LOOK_S = 2.0  # how often it is looked whether a screen was plugged in or pulled out


class CustomerWindow:
    """What `wanted` says, in the languages of merchant and customer. `fullscreen`: over all of its output, or not at all."""

    def __init__(
        self,
        wanted: Beside,
        languages: tuple[str, str],
        now: Callable[[], int],
        *,
        fullscreen: bool,
        dim_after_s: int,
    ) -> None:
        self._wanted = wanted
        self._languages = languages
        self._now = now
        self._whole = fullscreen or bare()
        self._dim_after_s = dim_after_s
        self._open: tuple[SecondWindow, CustomerPainter] | None = None
        self._there: tuple[tuple[int, int], ...] | None = None  # the outputs when it was looked last
        self._look_at = 0.0
        self._view: CustomerView | None = None  # the newest
        self._since = 0.0  # that long it has been
        self._painted: tuple[CustomerView, int, Light] | None = None

    def turn(self, view: View, at: float, *, again: bool) -> None:
        """Show what belongs to this view, if that is not what is shown. `at`: seconds of a steady clock; `again`: in any case."""
        if self._view is None or at >= self._look_at:
            self._look_at = at + _LOOK_S
            self._look()
        theirs = seen(view, self._wanted.shop)
        if theirs != self._view:
            self._view, self._since = theirs, at
        if self._open is None:
            return
        now = self._now()
        shone = light(theirs.screen, at - self._since, dim_after_s=self._dim_after_s, brightness=100, has_lamp=False)
        wanted = (theirs, moment(theirs, now), shone)
        if wanted == self._painted and not again:
            return
        window, painter = self._open
        if wanted != self._painted:
            painter.paint(theirs, now, rest=shone.rest)
            self._painted = wanted
        problem = None
        try:
            window.present(painter.canvas, shone.picture)
        except DriverError as error:
            problem = str(error)
        if problem is not None:  # the error is gone, and with it all that held on to SDL's things: now they may be freed
            self.close()  # until other outputs are there
            _say_missing(problem)

    def close(self) -> None:
        if self._open is not None:
            self._open[0].close()
        self._open = self._painted = None

    def _look(self) -> None:
        """Open or close the window, when other outputs are there than before; say so once."""
        there = outputs()
        if there == self._there:
            return
        self._there = there
        self.close()
        problem = self._problem(there)
        if problem is None:
            try:
                self._begin()
            except DriverError as error:
                problem = str(error)
        if problem is not None:
            _say_missing(problem)
        else:
            _LOG.info("the customer's screen is there", extra={"output": self._wanted.output})

    def _begin(self) -> None:
        wanted = self._wanted
        window = SecondWindow(wanted.size, output=wanted.output, fullscreen=self._whole, rotation=wanted.rotation)
        try:
            self._open = window, CustomerPainter(window.size, *self._languages)
        except DriverError:
            window.close()
            raise

    def _problem(self, there: tuple[tuple[int, int], ...]) -> str | None:
        """Why there is nowhere to show it, and what to do."""
        if not self._whole or (len(there) > 1 and self._wanted.output < len(there)):
            return None
        sizes = ", ".join(f"{width}x{height}" for width, height in there)
        later = ", and start the kiosk again: without a desktop SDL looks for screens only then" if bare() else ""
        return (
            f"output {self._wanted.output} is not there: SDL sees {len(there)} ({sizes}), one of them the merchant's. Plug the "
            f"customer's screen in, or correct [display.customer] output{later}"
        )


def _say_missing(problem: str) -> None:
    _LOG.warning("no customer's screen: the merchant's goes on", extra={"problem": problem})

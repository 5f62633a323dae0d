"""What the decisions need from the world, as protocols. The hands implement them; only app.py knows which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kiosk.core.commands import Examine, PinAct, ReadPast, Record, Sound
from kiosk.core.events import Event
from kiosk.core.model import Answer, Order, Refund, Sale
from kiosk.core.money import Money
from kiosk.core.past_nouns import PastOrder, Walked
from kiosk.core.scanning import LookFor, Outline
from kiosk.core.screens import View
from kiosk.core.secret import PaymentCode
from kiosk.core.shifts import Figures, Shift
from kiosk.core.slips import Slip

Post = Callable[[Event], None]
"""Puts an event into the kiosk's bounded inbox; any thread may call it."""


class Clock(Protocol):
    """The steady clock: Unix milliseconds that never jump while the process lives, but for `correct`."""

    def now(self) -> int:
        """Milliseconds of Unix time by the steady clock."""
        ...

    def correct(self, offset_ms: int) -> None:
        """Shift the clock by what a verified answer taught."""
        ...


class Provider(Protocol):
    """WeChat Pay, or a stand-in. No method raises for anything the other side or the network can do: it is in the Answer.

    Each blocks until answered or until its total deadline. Called from the lanes' threads, two at once.
    `left` is called once, just before the first byte of the request can leave.
    """

    def charge(self, order: Order, code: PaymentCode, left: Callable[[], None]) -> Answer: ...

    def place(self, order: Order, left: Callable[[], None]) -> Answer: ...

    def ask(self, order: Order) -> Answer: ...

    def reverse(self, order: Order) -> Answer: ...

    def close(self, order: Order) -> Answer: ...

    def refund(self, refund: Refund, order: Order) -> Answer: ...

    def ask_refund(self, refund: Refund, order: Order) -> Answer: ...

    def warm(self) -> Answer:
        """Have an open, idle connection ready for the next charge; cheap when there is one."""
        ...

    def probe(self) -> Answer:
        """Ask something signed and harmless: tells whether WeChat is reached and its verified time."""
        ...

    def stop(self) -> None:
        """Give up waiting at once: calls under way return Unknown."""
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a starting kiosk must know of its ledger."""

    generation: str  # two characters made when the ledger was; part of every number, so none is used twice
    counters: dict[str, int]  # the highest counter used for each yymmdd
    orders: tuple[Order, ...]  # all that are not final, and VOID orders still to be watched
    refunds: tuple[Refund, ...]  # all that are not DONE or ATTENTION
    sales: tuple[Sale, ...]  # those of `orders`, of `recent` and of the orders that `refunds` give back
    recent: tuple[Order, ...]  # the last 20 that were sent, newest first
    shift: Shift | None = None  # the newest, open or closed
    refused: tuple[tuple[Order, int], ...] = ()  # orders of which a refund came to ATTENTION, and when; the last ones


class Ledger(Protocol):
    """The durable truth. One connection, one thread."""

    def commit(self, records: Sequence[Record], at: int) -> None:
        """All of it, synced to disk, or LedgerError and none of it. `at`: time of the history rows."""
        ...

    def load(self, watched_since: int) -> Snapshot:
        """What a starting kiosk needs; VOID orders settled after `watched_since` count as watched."""
        ...

    def last_opened_at(self) -> int | None:
        """When the newest order that anybody tried to send was opened."""
        ...

    def order(self, out_trade_no: str) -> Order | None: ...

    def sale(self, sale_id: str) -> Sale | None: ...

    def refunds_of(self, out_trade_no: str) -> tuple[Refund, ...]: ...

    def past(self, wanted: ReadPast) -> tuple[tuple[PastOrder, ...], bool]:
        """The orders that are wanted of those that were sent, and whether there are older ones."""
        ...

    def walked(self, out_trade_no: str) -> tuple[Walked, ...]:
        """What happened to the order and its refunds, oldest first."""
        ...

    def shift_figures(self, z: int | None) -> Figures | None:
        """What the shift of this number counts, or the newest; None when there is none."""
        ...

    def given_back_by(self, operator: str, since: int) -> int:
        """What this operator gave back since then, in smallest units; what was refused is nothing."""
        ...

    def trouble(self) -> str | None:
        """Why nothing new may be begun although all that is under way is still written down, in words; asked each second."""
        ...

    def idle(self, now: int, quiet: Callable[[], bool]) -> None:
        """Called when nothing is going on: the moment for upkeep, as long as it stays `quiet`."""
        ...

    def close(self) -> None: ...


class Display(Protocol):
    """A screen. `run` owns the main thread; `show` may be called from any thread."""

    def show(self, view: View) -> None:
        """From now on, this; never blocks. Only the newest counts."""
        ...

    def show_camera(self, width: int, height: int, rgb: bytes, outlines: tuple[Outline, ...] = ()) -> None:
        """The newest camera picture (3 bytes a pixel, rows from the top), mirrored already; shown while scanning.

        `outlines`: what to mark on it, in its own pixels.
        """
        ...

    def play(self, sound: Sound) -> None:
        """Let it be heard, soon; silence when there is no sound device is reported once, never raised."""
        ...

    def announce(self, money: Money, at: int) -> None:
        """Say soon that this much was paid at `at` (ms of the steady clock), or nothing when that is not fresh any more."""
        ...

    def try_voice(self, at: int) -> None:
        """Say soon that the voice is being tried, as `announce` does: no amount."""
        ...

    def hush(self) -> None:
        """Stop saying, and do not begin to say, what was asked for so far. Tones go on."""
        ...

    def snapshot(self) -> bytes:
        """The picture now on the screen, as PNG."""
        ...

    def run(self, beat: Callable[[], None]) -> None:
        """Draw until `stop`; calls `beat` at every frame. Raises DriverError when the window cannot be opened."""
        ...

    def stop(self) -> None: ...


class Scanner(Protocol):
    """The link to the scanner process. Events go to `post`."""

    def start(self) -> None: ...

    def scan(self, ticket: str, look_for: LookFor = LookFor.PAYMENT, used: tuple[str, ...] = ()) -> None:
        """Look for this kind of code and report it with this ticket; `used`: digests of payment codes to refuse."""
        ...

    def pause(self) -> None:
        """Stop looking."""
        ...

    def stop(self) -> None: ...


class Keypad(Protocol):
    """A source of keys."""

    def start(self) -> None:
        """Take the device; raises DriverError when it cannot be opened. One that may come later is told of as Health."""
        ...

    def run(self, beat: Callable[[], None]) -> None:
        """Pass on what is pressed until `stop`, in a thread of its own; calls `beat` several times a second."""
        ...

    def stop(self) -> None: ...


class Printer(Protocol):
    """Paper. How it is, it tells as Health of Part.PRINTER."""

    def print(self, slip: Slip) -> None:
        """Have it printed soon, or not at all; never blocks, never raises. Any thread may call it."""
        ...

    def run(self, beat: Callable[[], None]) -> None:
        """Print until `stop`, in a thread of its own; calls `beat` several times a second, whatever the printer does."""
        ...

    def stop(self) -> None: ...


class Keyholder(Protocol):
    """Who knows the operators' PINs. What it finds it tells as events."""

    def take(self, act: PinAct) -> None:
        """Look at a PIN or keep a new one, soon; never blocks, never raises. Any thread may call it."""
        ...

    def run(self, beat: Callable[[], None]) -> None:
        """Do so until `stop`, in a thread of its own; calls `beat` several times a second."""
        ...

    def stop(self) -> None: ...


class Examiner(Protocol):
    """Who looks at everything while the kiosk sells on. What it finds it tells as events."""

    def take(self, act: Examine) -> None:
        """Begin, stop, or put together a bundle, soon; never blocks, never raises. Any thread may call it."""
        ...

    def run(self, beat: Callable[[], None]) -> None:
        """Do so until `stop`, in a thread of its own; calls `beat` several times a second, whatever is looked at."""
        ...

    def stop(self) -> None: ...

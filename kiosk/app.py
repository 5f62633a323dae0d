"""The composition root: the only file that knows which concrete parts make a kiosk. A start list, and the same list backwards.

The parts that look after money start first: open orders are asked for before a window is even loaded.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, assert_never
from zoneinfo import ZoneInfo

from kiosk import ledgers, service
from kiosk.books.answers import BooksAnswers
from kiosk.books.reconciler import Reconciler
from kiosk.camera import open_scanner
from kiosk.clock import SteadyClock
from kiosk.control.answers import Answers, refund_asked
from kiosk.control.owner_door import OwnerDoor, door
from kiosk.control.unix_socket import ControlServer
from kiosk.core import refunds
from kiosk.core.commands import Announce, Heard, Hush, Insert, Play, TryVoice
from kiosk.core.errors import KioskError
from kiosk.core.events import ClockSynchronized, Event, Health, Key, Part
from kiosk.core.scanning import Outline
from kiosk.core.screens import Network, Signs, Starting, View
from kiosk.keypad import KeyboardKeypad, ScriptedKeypad, TouchKeypad
from kiosk.listener import Listener
from kiosk.loop.lanes import LONGEST_CALL_S, lanes
from kiosk.loop.rows import InLoop
from kiosk.loop.runtime import Runtime
from kiosk.loop.supervision import Heartbeats, Supervisor
from kiosk.loop.training import Trainings
from kiosk.notifications import Notifications
from kiosk.operators.door import PinDoor
from kiosk.operators.keeper import PinKeeper
from kiosk.parts import make_keypad, make_provider, operator_pins, settings
from kiosk.recovery.lost_orders import LostOrders
from kiosk.release.running import Updates
from kiosk.support.running import Support

if TYPE_CHECKING:
    from kiosk.config import Config
    from kiosk.core.ports import Display, Ledger, Scanner
    from kiosk.payment.keeper import Keeper

_log = logging.getLogger(__name__)

SILENT_S = 10.0  # a part that gives no heartbeat for so long hangs
END_MOST_S = 10.0
LOOK_S = 0.1
SCREEN_FIRST_S = 3.0  # so long the network waits for the first picture, when no order is open


def run(config: Config) -> int:
    """Run the kiosk until SIGTERM, SIGINT or its window is closed. Returns the exit code."""
    zone = config.merchant.time_zone
    if isinstance(zone, ZoneInfo):  # the clock on the screen and in the log is the shop's
        os.environ["TZ"] = zone.key
        time.tzset()
    service.set_up_logging()
    service.no_core_files()
    service.one_heap()
    for warning in config.warnings:
        _log.warning("configuration", extra={"hint": warning})
    app = App(config)
    with service.signals(app.stop):
        return app.run()


class App:
    """One kiosk. `run` owns the calling thread, which has to be the main one for a real window."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._clock = SteadyClock()
        self._stopped = threading.Event()
        self._code = 0
        self._display: Display | None = None
        self._keeper: Keeper | None = None
        self._problems: dict[str, str | None] = {Part.CAMERA: None, Part.PRINTER: None}  # in words, while they do not work
        self._view = View(Starting(), Signs(Network.CONNECTING, clock_known=False, unresolved=0))
        self._supervisor = Supervisor(Heartbeats(time.monotonic), feed=self._feed, on_fatal=self._fatal)
        self._updates = Updates(config.ledger.path.parent)
        self._runtime = Runtime(self._updates.settings(settings(config)), self._open_ledger, self._clock, self._show, self._play)
        self._runtime.use_training(Trainings(ledgers.practice, only=config.till.training))
        self._provider = make_provider(config, self._clock, SCREEN_FIRST_S)
        self._lanes = lanes(self._provider, self._came_back, self._clock)
        self._runtime.use(self._lanes[0], self._lanes[-1])
        self._notifications = Notifications(self._provider.open_notification, self._runtime, config.merchant.numbers, self._clock)
        self._lost_orders = LostOrders(config, self._runtime, self._clock, partial(make_provider, config, self._clock))
        self._reconciler = Reconciler(config, self._runtime, self._clock, partial(make_provider, config, self._clock))
        if config.books.fetch:
            self._runtime.use_fetcher(self._reconciler.take)
        self._keypad = make_keypad(config.keypad, self._runtime.post)
        self._remote = ScriptedKeypad(self._runtime.post)
        self._support = Support(config, self._runtime, self._provider, self._runtime.post)
        self._runtime.use_examiner(self._support.lane)
        self._pins = operator_pins(config)
        self._keyholder = PinKeeper(self._pins, self._runtime.post)
        self._runtime.use_keyholder(self._keyholder)
        logging.getLogger().addHandler(self._support.log)

    def run(self) -> int:
        """Start everything in its order, draw until stopped, stop everything in the opposite order."""
        with contextlib.ExitStack() as backwards:
            backwards.callback(_say, "stopped")
            try:
                self._start_money(backwards)
                self._start_senses(backwards)
                display = self._open_display()  # last, because pygame is slow to load; nothing above waits for it
                if not self._stopped.is_set():
                    self._serve(display)
            finally:
                self._supervisor.stop()  # from here on a thread may end
                service.stopping()
                _say("stopping")
        return self._code

    def stop(self) -> None:
        """End the kiosk; any thread and any signal handler may call it."""
        self._stopped.set()
        if self._display is not None:
            self._display.stop()

    # -- parts -----------------------------------------------------------------------------------------------------

    def _start_money(self, backwards: contextlib.ExitStack) -> None:
        """The ledger and its loop, then the lanes to WeChat."""
        supervise = self._supervisor
        loop = supervise.spawn("loop", lambda: self._runtime.run(self._beat("loop")), SILENT_S)
        backwards.callback(self._end_loop, loop)
        working = [supervise.spawn(lane.name, partial(lane.run, self._beat(lane.name)), LONGEST_CALL_S) for lane in self._lanes]
        backwards.callback(self._end_lanes, working)
        self._lost_orders.start()
        backwards.callback(self._lost_orders.stop, END_MOST_S)
        self._reconciler.start()
        backwards.callback(self._reconciler.stop, END_MOST_S)
        supervise.start()

    def _start_senses(self, backwards: contextlib.ExitStack) -> None:
        """What WeChat notifies, the scanner's process, the keys, the socket for the other commands."""
        config = self._config
        self._start_listener(backwards)
        scanner = self._start_scanner()
        backwards.callback(scanner.stop)
        self._keypad.start()
        keys = self._supervisor.spawn("keypad", partial(self._keypad.run, self._beat("keypad")), SILENT_S)
        backwards.callback(keys.join, END_MOST_S)
        backwards.callback(self._keypad.stop)
        self._start_printer(backwards)
        self._supervisor.spawn("check-ups", partial(self._support.lane.run, self._beat("check-ups")), SILENT_S)
        backwards.callback(self._support.lane.stop)
        self._supervisor.spawn("pins", partial(self._keyholder.run, self._beat("pins")), SILENT_S)
        backwards.callback(self._keyholder.stop)
        remote = self._remote if config.keypad.remote else None
        answers = Answers(
            self._runtime,
            lambda: self._display,
            lambda: self._view,
            remote,
            self._notifications,
            lambda: self._problems,
            lambda: self._updates.well(self._view.signs, self._problems),
            lambda whole: self._support.tar(whole=whole),
            self._pins.keep,
            BooksAnswers(self._reconciler, config.ledger.path.parent, InLoop(self._runtime).read),
        )
        controls = {"control": ControlServer(config.control.socket, answers.answer)}
        if config.owner.host is not None:
            asked = OwnerDoor(config.path, answers.answer, self._runtime.post, PinDoor(self._pins).answer)
            controls["door"] = door(config.owner.door, asked.handle)
        for name, control in controls.items():
            control.open()
            self._supervisor.spawn(name, partial(control.serve, self._beat(name)), SILENT_S)
            backwards.callback(control.stop)

    def _serve(self, display: Display) -> None:
        """Draw until stopped."""
        patience_until = time.monotonic() + END_MOST_S
        while not self._runtime.opened.wait(LOOK_S) and time.monotonic() < patience_until:
            if self._stopped.is_set():  # another kiosk holds the ledger, say: then this one never was ready
                return
        self._tell_clock()
        self._supervisor.hearts.register("display", SILENT_S)
        display.run(self._drawn)
        self._supervisor.hearts.retire("display")

    def _open_ledger(self) -> Ledger:
        if self._keeper is None:  # in the loop's thread, so that its key is no reason to start late
            self._keeper = ledgers.keeper_of(self._config, self._beat("loop"))
        ledger = self._keeper.open(self._clock.now())
        if any(loss.recovered_at is None for loss in ledger.losses()):
            self._lost_orders.look()
        self._reconciler.look()
        return ledger

    def _start_listener(self, backwards: contextlib.ExitStack) -> None:
        """Listen for notifications, if kiosk.toml says where; without them WeChat is asked all the same."""
        wanted = self._config.notifications
        if wanted.host is None:
            return
        listener = Listener(wanted.host, wanted.port, wanted.path, self._notifications.take)
        listener.open()
        thread = self._supervisor.spawn("notifications", lambda: listener.serve(self._beat("notifications")), SILENT_S)
        backwards.callback(thread.join, END_MOST_S)
        backwards.callback(listener.stop)

    def _start_scanner(self) -> Scanner:
        camera = self._config.camera
        self._supervisor.hearts.register("scanner", SILENT_S)
        scanner = open_scanner(
            self._hear,
            self._show_camera,
            driver=camera.driver,
            folder=camera.folder,
            device=camera.device,
            mains_hz=camera.mains_hz,
            beat=self._beat("scanner"),
        )
        self._runtime.use_scanner(scanner)
        scanner.start()
        return scanner

    def _start_printer(self, backwards: contextlib.ExitStack) -> None:
        """Paper, if kiosk.toml names a printer. Nothing waits for it."""
        if self._config.printer is None:
            return
        from kiosk.printers import make_printer  # noqa: PLC0415  only where there is one

        printer = make_printer(self._config.printer, self._config.display, self._hear)
        self._runtime.use_printer(printer)
        thread = self._supervisor.spawn("printer", partial(printer.run, self._beat("printer")), SILENT_S)
        backwards.callback(thread.join, END_MOST_S)
        backwards.callback(printer.stop)

    def _open_display(self) -> Display:
        from kiosk.display import Beside, Sounds, open_display  # noqa: PLC0415  pygame is loaded when the money is looked after

        chosen, sound, theirs = self._config.display, self._config.sound, self._config.display.customer
        self._display = open_display(
            chosen.driver,
            size=chosen.size,
            fullscreen=chosen.fullscreen,
            merchant_language=chosen.merchant_language,
            customer_language=chosen.customer_language,
            now=self._clock.now,
            on_key=self._on_key,
            on_touch=self._on_touch,
            keys=self._config.keypad.driver == "touch",
            rotation=chosen.rotation,
            brightness=chosen.brightness,
            dim_after_s=chosen.dim_after_s,
            sounds=Sounds(
                sound.language(chosen.merchant_language, chosen.customer_language),
                sound.volume,
                sound.fresh_s * 1000,
                guide=sound.guided(chosen.customer_language),
                currency=self._config.merchant.currency,
            ),
            customer=None if theirs is None else Beside(self._config.merchant.name, theirs.size, theirs.output, theirs.rotation),
        )
        self._display.show(self._view)
        return self._display

    def _on_key(self, name: str, down: bool) -> None:  # noqa: FBT001  the shape of a key event
        if name == "quit":
            self.stop()
        elif isinstance(self._keypad, KeyboardKeypad):
            self._keypad.raw(name, down)

    def _on_touch(self, finger: int, key: Key | None, down: bool) -> None:  # noqa: FBT001  the shape of a finger's event
        if isinstance(self._keypad, TouchKeypad):
            self._keypad.finger(finger, key, down)

    def _came_back(self, event: Event) -> None:
        """Of the lanes."""
        self._updates.hear(event)
        self._runtime.post(event)

    def _show(self, view: View) -> None:
        self._updates.shown(self._view.screen, view.screen)
        self._view = view
        if view.signs.unresolved:
            self._provider.begin()
        service.status(_status(view))
        if self._display is not None:
            self._display.show(view)

    def _hear(self, event: Event) -> None:
        """Of scanner and printer."""
        if isinstance(event, Health):
            self._problems[event.part] = event.problem
            self._updates.hear(event)
        self._runtime.post(event)

    def _show_camera(self, width: int, height: int, rgb: bytes, outlines: tuple[Outline, ...]) -> None:
        if self._display is not None:
            self._display.show_camera(width, height, rgb, outlines)

    def _play(self, act: Heard) -> None:
        if self._display is None:
            return
        match act:
            case Play(sound):
                self._display.play(sound)
            case Announce(money, at):
                self._display.announce(money, at)
            case TryVoice(at):
                self._display.try_voice(at)
            case Hush():
                self._display.hush()
            case _:
                assert_never(act)

    def _tell_clock(self) -> None:
        if service.clock_is_set():
            self._runtime.post(ClockSynchronized(self._clock.behind_wall()))

    # -- life and death --------------------------------------------------------------------------------------------

    def _beat(self, name: str) -> Callable[[], None]:
        return lambda: self._supervisor.hearts.beat(name)

    def _drawn(self) -> None:
        """The display's beat: it comes after a picture."""
        if not self._updates.drawn:
            self._updates.drawn = True
            self._first_picture()
        self._supervisor.hearts.beat("display")

    def _first_picture(self) -> None:
        """From here on one can sell: the rest of the start is what nobody has waited for."""
        service.notify_ready()
        self._provider.begin()
        self._support.ready()
        gc.freeze()
        gc.enable()
        _say("ready")

    def _feed(self) -> None:
        service.watchdog()

    def _fatal(self, name: str) -> None:
        """A thread is dead: the process ends, its successor reads the rows. Whoever hangs is not waited for."""
        self._code = 1
        _log.critical("the kiosk stops", extra={"because_of": name})
        killer = threading.Timer(END_MOST_S, os._exit, [1])
        killer.daemon = True
        killer.start()
        self.stop()

    def _end_lanes(self, working: list[threading.Thread]) -> None:
        self._provider.stop()
        for lane in self._lanes:
            lane.stop()
        for thread in working:
            thread.join(END_MOST_S)

    def _end_loop(self, loop: threading.Thread) -> None:
        self._runtime.stop()
        loop.join(END_MOST_S)


def queue_refund(config: Config, out_trade_no: str, amount: int | None, reason: str | None = None) -> str:
    """Commit a refund into the ledger of a kiosk that does not run; it leaves when the kiosk does. Returns its out_refund_no.

    Raises KioskError with the reason when it cannot be asked for, LedgerBusy when a kiosk runs after all.
    """
    clock = SteadyClock()
    with contextlib.closing(ledgers.to_write(config, clock)) as ledger:
        asked = refund_asked(ledger, out_trade_no, amount, "", reason)
        if isinstance(asked, str):
            raise KioskError(asked)
        made = refunds.begin(asked.order, asked.before, amount, clock.now(), reason)
        if isinstance(made, refunds.Refusal):
            raise KioskError(made.problem)
        ledger.commit([Insert(made, "refund asked")], clock.now())
        return made.out_refund_no


def _say(what: str) -> None:
    _log.info("kiosk " + what)


def _status(view: View) -> str:
    signs = view.signs
    waiting = f", {signs.unresolved} unresolved" if signs.unresolved else ""
    training = "training: " if view.training else ""
    return f"{training}{type(view.screen).__name__}, network {signs.network}{waiting}"

"""The kiosk while it is set up: a screen, all keys there may be, the camera, and one loop. No ledger and no money.

Threads: the display's is the caller's; the loop decides and shows; one does the acts, which wait for the steward and for WeChat.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from kiosk import service
from kiosk.camera import open_scanner
from kiosk.clock import SteadyClock
from kiosk.control.owner_door import AT_SET_UP, door, only
from kiosk.control.unix_socket import Answer, ControlServer, Request
from kiosk.core.commands import Sound
from kiosk.core.errors import DriverError
from kiosk.core.events import CodeSeen, Event, Health, Part, Pressed, TextSeen
from kiosk.core.ports import Display, Keypad, Scanner
from kiosk.core.scanning import Outline
from kiosk.core.screens import Network, Signs, View
from kiosk.core.setup import START, turn
from kiosk.core.setup_nouns import Act, Facts, Failed, Happening, Known, Look, PageFacts, Setup, StartAnew, WantPage
from kiosk.core.setup_screens import Told
from kiosk.core.setup_view import screen
from kiosk.keypad import KeyboardKeypad, ScriptedKeypad, TouchKeypad, open_keypad
from kiosk.setup.board import Board
from kiosk.setup.deeds import Deeds
from kiosk.setup.given import Kept
from kiosk.setup.settings import NotMerchantData, Places
from kiosk.steward.client import Steward, StewardAway
from kiosk.steward.words import StewardRefused

RUN = Path("/run/kiosk")
LOOK_AGAIN_S = 3.0  # for a cable, or for what came over the owner's page
END_MOST_S = 10.0
_log = logging.getLogger(__name__)


class SetupApp:
    """One set-up, until it is over or stopped. `run` owns the main thread."""

    def __init__(self, steward: Steward, board: Board, places: Places, credentials: Path | None) -> None:
        self._board = board
        self._places = places
        self._clock = SteadyClock()
        self._deeds = Deeds(steward, Kept(places.given), board, places, credentials, self._clock)
        self._inbox: queue.Queue[Happening | None] = queue.Queue()
        self._acts: queue.Queue[Act | None] = queue.Queue()
        self._used: str | None = None  # the keypad of the last key
        self._setup = START
        self._view = View(screen(START, 0), _signs(START.facts, clock_known=False))
        self._display: Display | None = None
        self._scanner: Scanner | None = None
        self._keyboard = KeyboardKeypad(self._from("keyboard"))
        self._touch = TouchKeypad(self._from("touch"))
        self._remote = ScriptedKeypad(self._from(None))
        self._page: PageFacts | None = None
        self._camera: str | None = None
        self._keeping = threading.Lock()  # around what was given: the page's word comes in a thread of its own
        self._stopped = threading.Event()
        self._code = 0

    def run(self) -> int:
        """Lead through it. Returns the exit code; 0 too when the kiosk is to be started anew."""
        with contextlib.ExitStack() as backwards:
            display = self._open_display()
            self._start(backwards, "set-up", self._loop, lambda: self._inbox.put(None))
            self._start(backwards, "deeds", self._work, lambda: self._acts.put(None))
            self._start_keys(backwards)
            self._start_camera(backwards)
            self._start_control(backwards)
            service.notify_ready()
            _log.info("kiosk set-up ready")
            if not self._stopped.is_set():
                display.run(service.watchdog)
            service.stopping()
        return self._code

    def stop(self) -> None:
        """End it; any thread and any signal handler may call it."""
        self._stopped.set()
        if self._display is not None:
            self._display.stop()

    # -- parts -----------------------------------------------------------------------------------------------------

    def _start(self, backwards: contextlib.ExitStack, name: str, run: Callable[[], None], stop: Callable[[], None]) -> None:
        def top() -> None:
            try:
                run()
            except Exception:  # noqa: BLE001  a thread's top: the process ends, and its successor finds what was given
                _log.exception("the set-up stops")
                self._code = 1
                self.stop()

        thread = threading.Thread(target=top, name=name, daemon=True)
        thread.start()
        backwards.callback(thread.join, END_MOST_S)
        backwards.callback(stop)

    def _open_display(self) -> Display:
        from kiosk.display import Sounds, open_display  # noqa: PLC0415  pygame takes its time, and no help needs it

        board = self._board
        self._display = open_display(
            board.screen,
            size=board.size,
            fullscreen=board.fullscreen,
            merchant_language="en",
            customer_language="en",
            now=self._clock.now,
            on_key=self._on_key,
            on_touch=self._touch.finger,
            keys=board.touch,
            dim_after_s=0,
            sounds=Sounds(None, 100, 0),
        )
        self._display.show(self._view)
        return self._display

    def _start_keys(self, backwards: contextlib.ExitStack) -> None:
        """All of them; one that cannot be opened is not there."""
        drivers = [name for name, there in (("evdev", self._board.pads), ("matrix", self._board.pins)) if there]
        keypads: list[Keypad] = [self._keyboard, self._touch, self._remote]
        keypads += [open_keypad(driver, self._from(driver)) for driver in drivers]
        for keypad in keypads:
            try:
                keypad.start()
            except DriverError as problem:
                _log.info("a keypad that is not there", extra={"problem": str(problem)})
                continue
            self._start(backwards, "keypad", partial(keypad.run, lambda: None), keypad.stop)

    def _start_camera(self, backwards: contextlib.ExitStack) -> None:
        self._scanner = open_scanner(self._hear, self._show_camera, driver=self._board.camera_driver, folder=self._board.frames)
        self._scanner.start()
        backwards.callback(self._scanner.stop)

    def _start_control(self, backwards: contextlib.ExitStack) -> None:
        places = self._places
        for server in (ControlServer(places.control, self.answer), door(places.door, only(AT_SET_UP, self.answer))):
            server.open()
            self._start(backwards, "control", server.serve, server.stop)

    # -- what comes in ---------------------------------------------------------------------------------------------

    def _on_key(self, name: str, down: bool) -> None:  # noqa: FBT001  the shape of a key event
        if name == "quit":
            self.stop()
        else:
            self._keyboard.raw(name, down)

    def _from(self, driver: str | None) -> Callable[[Event], None]:
        """Where a keypad's events go. The one that is used is the till's, too."""

        def post(event: Event) -> None:
            if not isinstance(event, Pressed):
                return
            if driver is not None:
                self._used = driver
            self._inbox.put(event)

        return post

    def _hear(self, event: Event) -> None:
        """Of the scanner."""
        match event:
            case Health(Part.CAMERA, problem):
                self._camera = problem
                self._inbox.put(event)
            case TextSeen():
                self._inbox.put(event)
            case CodeSeen() | _:
                return  # nothing of it is asked for here

    def _show_camera(self, width: int, height: int, rgb: bytes, outlines: tuple[Outline, ...]) -> None:
        if self._display is not None:
            self._display.show_camera(width, height, rgb, outlines)

    def answer(self, request: Request) -> Answer:
        """The control socket: what a running kiosk answers, as far as there is any of it, and what the owner's page brings."""
        match request.get("do"):
            case "state":
                view = self._view
                named = {"screen": type(view.screen).__name__, "network": str(view.signs.network), "camera": self._camera}
                return {"ok": True, "setup": getattr(view.screen, "step", None), **named}
            case "screen":
                assert self._display is not None
                return {"ok": True, "png": base64.b64encode(self._display.snapshot()).decode("ascii")}
            case "key" if self._board.remote:
                try:
                    self._remote.press(str(request.get("key")))
                except ValueError as problem:
                    return {"problem": str(problem)}
                return {"ok": True}
            case "page":
                return self._take_page(request)
            case "merchant":
                return self._take_merchant(request)
            case other:
                return {"problem": f"do = {str(other)[:40]!r} is not known to a kiosk that is being set up"}

    def _take_page(self, request: Request) -> Answer:
        """Where the owner's page is, for the screen."""
        url, fingerprint, code = (str(request.get(name, ""))[:200] for name in ("url", "fingerprint", "code"))
        if not url.startswith("https://") or not (url + fingerprint + code).isprintable():
            return {"problem": "page wants url, fingerprint and code"}
        self._page = PageFacts(url, fingerprint, code)
        return {"ok": True}

    def _take_merchant(self, request: Request) -> Answer:
        """The merchant's data, from the owner's page."""
        try:
            with self._keeping:
                self._deeds.take_from_page(str(request.get("toml", "")))
        except NotMerchantData as error:
            return {"problem": str(error)}
        except OSError as error:
            return {"problem": f"it cannot be kept ({error.strerror}): look at the storage card"}
        return {"ok": True}

    # -- the loop --------------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        while (happening := self._inbox.get()) is not None:
            if isinstance(happening, Pressed) and self._display is not None:
                self._display.play(Sound.KEY)
            self._after(turn(self._setup, happening, self._clock.now()))

    def _after(self, result: tuple[Setup, tuple[Act, ...]]) -> None:
        self._setup, acts = result
        self._show()
        for act in acts:
            if isinstance(act, Look):
                self._look(act)
            elif isinstance(act, WantPage):
                self._want_page()
            else:
                self._acts.put(act)

    def _show(self) -> None:
        view = View(screen(self._setup, self._clock.now()), _signs(self._setup.facts, clock_known=self._deeds.clock_known))
        if view != self._view and self._display is not None:
            self._view = view
            service.status(f"set-up, step {self._setup.facts.step}")
            self._display.show(view)

    def _look(self, act: Look) -> None:
        assert self._scanner is not None
        if act.look_for is None:
            self._scanner.pause()
        else:
            self._scanner.scan(act.ticket, act.look_for)

    def _want_page(self) -> None:
        with contextlib.suppress(OSError):  # then the screen goes on saying that it is not open
            self._places.page_wanted.touch()

    def _work(self) -> None:
        """Do the acts; between them look how things are."""
        while True:
            self._look_round()
            try:
                act = self._acts.get(timeout=LOOK_AGAIN_S)
            except queue.Empty:
                continue
            if act is None:
                return
            with self._keeping:
                came = self._deeds.do(act, self._used)
            self._inbox.put(came)
            if isinstance(act, StartAnew) and not isinstance(came, Failed):
                if act.sell:  # from now on kiosk.toml says whether there is an owner's page
                    self._places.page_wanted.unlink(missing_ok=True)
                time.sleep(0.2)  # the screen says so
                self.stop()
                return

    def _look_round(self) -> None:
        try:
            self._inbox.put(Known(self._deeds.facts(), self._page))
        except (StewardAway, StewardRefused) as away:
            if self._setup == START:
                self._inbox.put(Failed(Told.STEWARD, str(away)))


def _signs(facts: Facts, *, clock_known: bool) -> Signs:
    return Signs(Network.ONLINE if facts.online else Network.OFFLINE, clock_known=clock_known, unresolved=0)


def places(settings: Path) -> Places:
    """Where things lie: where systemd says, else all of it beside kiosk.toml."""
    state = os.environ.get("STATE_DIRECTORY")
    at = Path(state) if state else settings.parent
    return Places(at, settings.parent, RUN / "control.sock" if RUN.is_dir() else at / "kiosk.db.sock")

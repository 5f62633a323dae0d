"""A real headless Chromium for end-to-end tests, through chromedriver's W3C WebDriver HTTP interface. Knows no page.

with Browser(tmp_path) as browser:
    browser.view(1440, 900)
    browser.open(url)
    browser.click("#ok")
    browser.wait("document.querySelector('#result').textContent === 'Paid'")
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import requests

# Nothing on this list may reach out of the machine or wait for a person.
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--force-prefers-reduced-motion",  # what moves is painted sixty times a second, by the processor
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--lang=en",
)
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver, 12.2: the key under which an element's id is given
ENTER, ESCAPE, BACKSPACE, TAB = "\ue007", "\ue00c", "\ue003", "\ue004"  # W3C WebDriver, 17.4.2: normalised key values


def missing() -> str | None:
    """Why no browser can be started here, or None."""
    lacking = [program for program in ("chromium", "chromedriver") if shutil.which(program) is None]
    return f"not installed: {', '.join(lacking)} (apt install chromium chromium-driver)" if lacking else None


class BrowserError(AssertionError):
    """What the driver refused, in its own words."""


class Browser:
    """One Chromium with one window; its profile and the driver's log lie in `folder`."""

    def __init__(
        self, folder: Path, deadline_s: float = 20.0, *, any_certificate: bool = False, flags: tuple[str, ...] = ()
    ) -> None:
        self._folder = folder
        self._flags = (*_FLAGS, *flags)
        self._any_certificate = any_certificate  # as a person who says "go on" to the browser's warning
        self._deadline_s = deadline_s
        self._http = requests.Session()
        self._http.trust_env = False  # a proxy of the environment has no business between this test and loopback

    def __enter__(self) -> Self:
        log = self._folder / "chromedriver.log"
        with log.open("wb") as out:
            self._driver = subprocess.Popen([shutil.which("chromedriver") or "chromedriver", "--port=0"], stdout=out, stderr=out)
        try:
            started = re.compile(r"successfully on port (\d+)")
            port = self._until(lambda: started.search(log.read_text()), f"chromedriver did not start, see {log}", patience=3)
            self._url = f"http://127.0.0.1:{port[1]}/session"
            options = {"binary": shutil.which("chromium"), "args": [*self._flags, f"--user-data-dir={self._folder / 'profile'}"]}
            wanted = {
                "acceptInsecureCerts": self._any_certificate,
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL"},
            }
            self._url += "/" + self._ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        except BaseException:
            self._driver.kill()
            self._driver.wait()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._ask("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait()

    def open(self, url: str) -> None:
        """Go there; returns when the page has loaded."""
        self._ask("POST", "/url", {"url": url})

    def view(self, width: int, height: int, *, dark: bool = False, scale: float = 1, touch: bool = False) -> None:
        """The page's own size in CSS pixels, and whether the system is set to dark colours."""
        metrics: dict[str, object] = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": touch}
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.devtools("Emulation.setEmulatedMedia", {"features": [scheme]})

    def click(self, css: str) -> None:
        """A real click in the middle of the element; fails when something lies over it."""
        self._ask("POST", f"/element/{self._find(css)}/click", {})

    def hold(self, css: str, until: str) -> None:
        """The mouse button down on the element until the expression is true, then up."""
        origin = {_ELEMENT: self._find(css)}
        moves = [{"type": "pointerMove", "origin": origin, "x": 0, "y": 0, "duration": 0}, {"type": "pointerDown", "button": 0}]
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": moves}
        self._ask("POST", "/actions", {"actions": [mouse]})
        try:
            self.wait(until)
        finally:
            self._ask("DELETE", "/actions")

    def type(self, css: str, text: str) -> None:
        """Keys into an element, which gets the focus."""
        self._ask("POST", f"/element/{self._find(css)}/value", {"text": text})

    def press(self, *keys: str) -> None:
        """Keys to whatever has the focus: characters, or ENTER, ESCAPE, BACKSPACE, TAB of this file."""
        moves = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": moves}]})

    def text(self, css: str) -> str:
        """The element's text as a person sees it; what is hidden is not in it."""
        return str(self._ask("GET", f"/element/{self._find(css)}/text"))

    def script(self, expression: str, *arguments: object) -> Any:
        """The value of a JavaScript expression; arguments are `arguments[0]` and so on."""
        return self._ask("POST", "/execute/sync", {"script": f"return ({expression})", "args": list(arguments)})

    def wait(self, expression: str) -> None:
        """Until the expression is true in the page, or fail with the expression and what the page then said."""
        self._until(lambda: self.script(expression), f"never true: {expression}")

    def wait_text(self, css: str, text: str) -> None:
        """Until the element is visible and shows this text somewhere in it."""
        shown = "((element, text) => element?.checkVisibility() && element.innerText.includes(text))"
        found = f"{shown}(document.querySelector(arguments[0]), arguments[1])"  # innerText alone tells of hidden things, too
        self._until(lambda: self.script(found, css, text), f"{css} never showed {text!r}")

    def complaints(self) -> list[str]:
        """What the page's console said since the last call, of severity warning and above."""
        entries = self._ask("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("WARNING", "SEVERE")]

    def screenshot(self, path: Path) -> None:
        """What the window shows now, as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self._ask("GET", "/screenshot")))

    def devtools(self, command: str, parameters: dict[str, object]) -> Any:
        """What the browser answers to a command of its DevTools protocol."""
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def _find(self, css: str) -> str:
        return str(self._ask("POST", "/element", {"using": "css selector", "value": css})[_ELEMENT])

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._http.request(method, self._url + path, json=body, timeout=self._deadline_s * 3)
        value = answer.json()["value"]
        if not answer.ok:
            raise BrowserError(f"{value['error']}: {value['message'].splitlines()[0]}")
        return value

    def _until(self, look: Any, complaint: str, patience: int = 1) -> Any:
        seconds = self._deadline_s * patience
        end, pause = time.monotonic() + seconds, 0.02
        while not (seen := look()):
            if time.monotonic() > end:
                raise BrowserError(f"{complaint} within {seconds:g} s")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.2)  # each look is work for three processes
        return seen

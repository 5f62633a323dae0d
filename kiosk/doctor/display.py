"""What `kiosk doctor` finds of the screens: the library and the fonts, where it draws and how, the lamp, and the customer's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kiosk.config.display import DisplayConfig
from kiosk.core.errors import DriverError
from kiosk.display import backlight, kms
from kiosk.doctor.checks import Check, Verdict


def display(wanted: DisplayConfig, has: Callable[[str], bool], environment: Mapping[str, str]) -> Check:
    """The library, the fonts of both languages, and a screen to draw on."""
    if not has("pygame"):
        return Check("display", Verdict.FAIL, "pygame cannot be imported", "Install it: sudo apt install python3-pygame")
    if (missing := _missing_font(wanted.merchant_language, wanted.customer_language)) is not None:
        return Check("display", Verdict.FAIL, missing, "Install the fonts: this sentence says how.")
    how = f"{wanted.driver} {wanted.size[0]} x {wanted.size[1]}"
    if wanted.rotation:
        how += f", turned by {wanted.rotation} degrees"
    if wanted.driver != "pygame":
        return Check("display", Verdict.OK, how)
    if kms.wanted(environment):
        problem = kms.problem(_drivers())
        if problem is None:
            return Check("display", Verdict.OK, f"{how}, without a desktop (KMSDRM), over the whole screen")
        found, _, remedy = problem.partition(": ")
        remedy = remedy[:1].upper() + remedy[1:]
        return Check("display", Verdict.WARN, f"{how}: {found}", f"{remedy}. On a desk without a screen use: kiosk demo")
    where = next(environment[name] for name in ("WAYLAND_DISPLAY", "DISPLAY", "SDL_VIDEODRIVER") if environment.get(name))
    return Check("display", Verdict.OK, f"{how} on {where}")


def customer(wanted: DisplayConfig, environment: Mapping[str, str], *, keys: bool = False) -> list[Check]:
    """Whether the customer's screen is there, if kiosk.toml names one. `keys`: the merchant's are drawn on their screen."""
    name, theirs = "customer's screen", wanted.customer
    if theirs is None:
        return []
    if wanted.driver != "pygame":
        return [Check(name, Verdict.WARN, f"the driver {wanted.driver} shows none", 'Set [display] driver = "pygame".')]
    how = f"output {theirs.output}"
    bare = kms.wanted(environment)
    if not bare and not wanted.fullscreen:
        return [Check(name, Verdict.OK, f"a window of {theirs.size[0]} x {theirs.size[1]}, on {how} if that is there")]
    try:
        there = [plug for plug, used in kms.plugs().items() if used] if bare else [f"{x} x {y}" for x, y in _screens()]
    except DriverError as error:
        return [Check(name, Verdict.WARN, f"{how}: {error}", "Run this where the kiosk's desktop is.")]
    turned = f", turned by {theirs.rotation} degrees" if theirs.rotation else ""
    seen = f"{how} of {len(there)} ({', '.join(there)}){turned}"
    if len(there) > max(1, theirs.output):
        return [
            Check(name, Verdict.OK, seen + ("; leave its touch unplugged, which may press the merchant's keys" if keys else ""))
        ]
    remedy = (
        "Plug the customer's screen in and switch it on, or correct [display.customer] output; the merchant's works without it."
    )
    return [Check(name, Verdict.WARN, f"{seen}: it is not there", remedy + (" Then start the kiosk again." if bare else ""))]


def brightness(wanted: DisplayConfig, lamp: backlight.Backlight | None) -> Check:
    """Whether the lamp behind the screen can be set."""
    dims = f"dimmed after {wanted.dim_after_s} s" if wanted.dim_after_s else "never dimmed"
    if lamp is None:
        return Check("brightness", Verdict.OK, f"no backlight that can be set, as with HDMI: the picture is {dims}")
    if lamp.problem is not None:
        found, _, remedy = lamp.problem.partition(": ")
        return Check("brightness", Verdict.WARN, found, remedy[:1].upper() + remedy[1:])
    return Check("brightness", Verdict.OK, f"{lamp.name}: {wanted.brightness} %, all of it for a QR, {dims}")


def _missing_font(*languages: str) -> str | None:
    from kiosk.display import fonts  # noqa: PLC0415  only this check looks for fonts

    try:
        fonts.check(*languages)
    except DriverError as error:
        return str(error)
    return None


def _screens() -> tuple[tuple[int, int], ...]:
    from kiosk.display import sdl  # noqa: PLC0415  as below

    return sdl.screens()


def _drivers() -> tuple[str, ...]:
    """What this machine's SDL can draw on."""
    from kiosk.display import sdl  # noqa: PLC0415  loads SDL, which alone knows

    return sdl.video_drivers()

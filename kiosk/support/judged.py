"""How facts are judged, alike for the prompt, the screen and a bundle: WeChat Pay's answer, clock, room, power."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from kiosk.core.checkup import Verdict
from kiosk.core.model import Answer, Pending, Unknown, Why
from kiosk.doctor.checks import Check

_CLOCK_WARN_MS = 30_000
_CLOCK_FAIL_MS = 300_000  # contract 11.4: WeChat refuses what is signed more than five minutes off
_FREE_FAIL_BYTES = 50 * 1024 * 1024
_FREE_WARN_BYTES = 500 * 1024 * 1024


def wechat(answer: Answer) -> Check:
    """What WeChat says to a signed, harmless question."""
    match answer.outcome:
        case Pending():
            return Check("wechat", Verdict.OK, "WeChat Pay answers, and its signature is right")
        case Unknown(why, detail):
            found = f"WeChat Pay gave no good answer: {why}" + (f" ({detail})" if detail else "")
            return Check("wechat", Verdict.FAIL, found, _WECHAT_REMEDIES.get(why, "Try again in a minute."))
        case other:
            return Check(
                "wechat", Verdict.FAIL, f"WeChat Pay gave an odd answer: {type(other).__name__}", "Try again in a minute."
            )


def clock(is_set: bool, offset_ms: int | None) -> Check:  # noqa: FBT001  two facts
    """`offset_ms`: how far WeChat's verified time is ahead of this machine's; None when it did not answer."""
    if offset_ms is not None and abs(offset_ms) >= _CLOCK_FAIL_MS:
        found = f"this machine's clock is {abs(offset_ms) // 1000} s {'behind' if offset_ms > 0 else 'ahead'}"
        return Check(
            "clock", Verdict.FAIL, found, "Switch on NTP: timedatectl set-ntp true. WeChat refuses what is 5 minutes off."
        )
    if offset_ms is not None and abs(offset_ms) >= _CLOCK_WARN_MS:
        return Check(
            "clock", Verdict.WARN, f"{abs(offset_ms) // 1000} s off WeChat's time", "Switch on NTP: timedatectl set-ntp true"
        )
    if is_set:
        return Check(
            "clock", Verdict.OK, "kept by NTP" + ("" if offset_ms is None else f", {abs(offset_ms)} ms off WeChat's time")
        )
    if offset_ms is not None:
        return Check("clock", Verdict.OK, f"not kept by NTP, yet right: {abs(offset_ms)} ms off WeChat's verified time")
    remedy = "Connect to the network: NTP sets it (timedatectl), and WeChat's first verified answer is clock enough."
    return Check("clock", Verdict.FAIL, "nobody has set it since the start", remedy)


def storage(folder: Path, free_bytes: int | None, writable: bool) -> Check:  # noqa: FBT001  facts
    """Room and permission to write; `free_bytes` None when the folder cannot be looked at."""
    if free_bytes is None:
        return Check("storage", Verdict.FAIL, f"{folder} is not there", "Make the folder, or correct [ledger] path.")
    free = f"{folder}: {free_bytes // (1024 * 1024)} MB free"
    if not writable:
        return Check(
            "storage", Verdict.FAIL, f"{folder} cannot be written to", "Mount it read-write; give it to the kiosk's user."
        )
    if free_bytes < _FREE_FAIL_BYTES:
        return Check("storage", Verdict.FAIL, free, "Free some space: without room no order can be kept, and none is sent.")
    if free_bytes < _FREE_WARN_BYTES:
        return Check("storage", Verdict.WARN, free, "Free some space before it is gone.")
    return Check("storage", Verdict.OK, free)


def power(throttled: str | None) -> Check:
    """`throttled` is what `vcgencmd get_throttled` says (Raspberry Pi documentation, vcgencmd), None where there is none."""
    if throttled is None:
        return Check("power", Verdict.OK, "no Raspberry Pi: not looked at")
    try:
        bits = int(throttled.strip().partition("=")[2], 16)
    except ValueError:
        return Check("power", Verdict.WARN, f"vcgencmd says {throttled.strip()[:60]!r}", "Run: vcgencmd get_throttled")
    now = [words for bit, words in _THROTTLED.items() if bits >> bit & 1]
    before = [words for bit, words in _THROTTLED.items() if bits >> (bit + 16) & 1]
    if now:
        return Check("power", Verdict.FAIL, "now: " + ", ".join(now), POWER_REMEDY)
    if before:
        return Check("power", Verdict.WARN, "since the start: " + ", ".join(before), POWER_REMEDY)
    return Check("power", Verdict.OK, "enough, and cool")


def free_bytes(folder: Path) -> int | None:
    """Room for files; None when the folder cannot be looked at."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def vcgencmd() -> str | None:
    """What the Raspberry Pi's firmware says; None where there is none, empty when it gives no answer."""
    command = shutil.which("vcgencmd")
    if command is None:
        return None
    try:
        return subprocess.run([command, "get_throttled"], capture_output=True, text=True, timeout=5, check=False).stdout  # noqa: S603  fixed words
    except (OSError, subprocess.TimeoutExpired):
        return ""


_WECHAT_REMEDIES = {
    Why.NOT_SENT: "No host can be reached: check cable or Wi-Fi.",
    Why.TIMEOUT: "The network is too slow or drops what is sent: check it, and the firewall.",
    Why.CUT: "The connection breaks: check the network, and whether a proxy stands between.",
    Why.SERVER: "WeChat Pay has trouble of its own: wait.",
    Why.BUSY: "WeChat Pay is busy: wait a minute.",
    Why.UNVERIFIED: "Compare platform_keys and api_v3_key with the merchant platform; a proxy may drop Wechatpay-* headers.",
    Why.REFUSED: "Compare merchant_serial, merchant_key and the merchant's numbers with the merchant platform; check the clock.",
    Why.UNLISTED: "Compare the merchant's numbers in kiosk.toml with the merchant platform.",
    Why.MALFORMED: "Something other than WeChat Pay answers: is there a portal or a proxy between?",
}
_THROTTLED = {
    0: "the voltage is too low",
    1: "the processor is slowed down",
    2: "it is throttled",
    3: "it is near its heat limit",
}
POWER_REMEDY = "Use the Raspberry Pi's own power supply and a short cable; give it air."

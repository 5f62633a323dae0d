"""What `kiosk doctor` finds of sound: a device to play on, and a voice for each language that something shall be spoken in."""

from __future__ import annotations

from pathlib import Path

from kiosk.config import Config
from kiosk.control.unix_socket import Answer as Told
from kiosk.core.errors import DriverError
from kiosk.core.money import Money
from kiosk.display import espeak
from kiosk.display.spoken import UNSPOKEN, received
from kiosk.doctor.checks import Check, Verdict

_CARDS = Path("/proc/asound/cards")  # ALSA's own list, a line with the number and name of each and another with more of it
_NO_DEVICE = "Connect a loudspeaker (audio jack, HDMI or USB); the kiosk's user must be in the group audio."


def device(config: Config, running: Told | None, cards: Path = _CARDS) -> Check:
    """Opens the sound device as the kiosk would, unless a running one has it. Nothing is played."""
    if config.display.driver != "pygame":
        return Check("sound", Verdict.OK, f"{config.display.driver} is silent: nobody sits at this machine")
    if running is not None:
        named = _names(cards)
        if named:
            return Check(
                "sound", Verdict.OK, f"{', '.join(named)}; the running kiosk plays on it, or has said in its log why not"
            )
        return Check("sound", Verdict.WARN, "there is no sound device: the kiosk is silent", _NO_DEVICE)
    try:
        from kiosk.display.loudspeaker import Speaker  # noqa: PLC0415  loads pygame
    except ImportError:
        return Check("sound", Verdict.WARN, "pygame cannot be imported", "Install it: sudo apt install python3-pygame")
    speaker = Speaker()
    speaker.close()
    if speaker.problem is not None:
        return Check("sound", Verdict.WARN, f"no sound device can be opened ({speaker.problem}): the kiosk is silent", _NO_DEVICE)
    return Check("sound", Verdict.OK, f"a sound device opens, the volume is {config.sound.volume}")


def voice(config: Config) -> Check:
    """Lets the voice say an amount in each language that something is spoken in, and hears whether anything comes."""
    languages = config.sound.languages(config.display.merchant_language, config.display.customer_language)
    if not languages:
        return Check("voice", Verdict.OK, "tones alone, by [sound] speak")
    speeches = {language: received(Money(1250, config.merchant.currency), language) for language in languages}
    for speech in speeches.values():
        try:
            samples = espeak.render(speech)
        except DriverError as error:
            found, _, remedy = str(error).partition(". ")
            return Check("voice", Verdict.WARN, f"{found}: only tones are heard", remedy)
        if not any(samples):
            remedy = "Run: sudo apt install --reinstall espeak-ng"
            return Check("voice", Verdict.WARN, f"the voice {speech.voice} is silent", remedy)
    for language in languages:
        if language in UNSPOKEN:
            found = f"no voice speaks {language}: English is spoken"
            return Check("voice", Verdict.WARN, found, 'Set [sound] speak to the other language, or speak and guide to "none".')
    spoken = "; in ".join(f"{language}, by the voice {speech.voice}" for language, speech in speeches.items())
    return Check("voice", Verdict.OK, f"spoken in {spoken}")


def _names(cards: Path) -> list[str]:
    """The cards' names: what stands behind the dash of each numbered line."""
    try:
        lines = cards.read_text("utf-8").splitlines()
    except OSError:
        return []
    return [line.partition("]: ")[2] for line in lines if "]: " in line]

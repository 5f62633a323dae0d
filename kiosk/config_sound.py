"""The table [sound] of kiosk.toml: in whose language amounts are spoken, how loud, and how old a payment may be to be spoken of.

Must not know a voice or a sound device.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.config_reader import Table

SPEAK = ("merchant", "customer", "none")


@dataclass(frozen=True, slots=True)
class SoundConfig:
    """`speak`: whose language, or none. `volume`: 0 to 100, of tones and voice. `fresh_s`: an older payment is not spoken of."""

    speak: str = "merchant"  # who must hear that the money is there, without a look at the screen
    volume: int = 100
    # Few seconds, yet enough for an answer that was lost: WeChat is asked again after 5 s, and its clock may be 5 s from ours.
    fresh_s: int = 10

    def language(self, merchant: str, customer: str) -> str | None:
        """The language that amounts are spoken in, of these two."""
        return {"merchant": merchant, "customer": customer}.get(self.speak)


_DEFAULT = SoundConfig()


def read_sound(table: Table) -> SoundConfig:
    """Read the table; what is wrong is noted in `table`."""
    return SoundConfig(
        speak=table.choice("speak", SPEAK, default=_DEFAULT.speak),
        volume=table.number(
            "volume",
            "Write how loud tones and voice are, from 0 for silence to 100.",
            bounds=(0, 100),
            default=_DEFAULT.volume,
        ),
        fresh_s=table.number(
            "fresh_s",
            "Write for how many seconds after a payment its amount may be spoken.",
            bounds=(2, 60),
            default=_DEFAULT.fresh_s,
        ),
    )

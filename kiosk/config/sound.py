"""The table [sound] of kiosk.toml: what is spoken and in whose language, how loud, and how old news may be to be spoken of.

Must not know a voice or a sound device.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.config.reader import Table

SPEAK = ("merchant", "customer", "none")
GUIDE = ("none", "customer")


@dataclass(frozen=True, slots=True)
class SoundConfig:
    """`speak`: in whose language paid amounts are spoken, or none; `guide`: and what a customer is to do.

    `volume`: 0 to 100, of tones and voice. `fresh_s`: what is older is not spoken of.
    """

    speak: str = "merchant"  # who must hear that the money is there, without a look at the screen
    guide: str = "none"  # a shop with somebody at the till needs none of it, and hears it all day
    volume: int = 100
    # Few seconds, yet enough for an answer that was lost: WeChat is asked again after 5 s, and its clock may be 5 s from ours.
    fresh_s: int = 10

    def language(self, merchant: str, customer: str) -> str | None:
        """The language that amounts are spoken in, of these two."""
        return {"merchant": merchant, "customer": customer}.get(self.speak)

    def guided(self, customer: str) -> str | None:
        """In which language a customer is told what to do."""
        return customer if self.guide == "customer" else None

    def languages(self, merchant: str, customer: str) -> tuple[str, ...]:
        """All that something is spoken in."""
        spoken = (self.language(merchant, customer), self.guided(customer))
        return tuple(dict.fromkeys(language for language in spoken if language is not None))


_DEFAULT = SoundConfig()


def read_sound(table: Table) -> SoundConfig:
    """Read the table; what is wrong is noted in `table`."""
    return SoundConfig(
        speak=table.choice("speak", SPEAK, default=_DEFAULT.speak),
        guide=table.choice("guide", GUIDE, default=_DEFAULT.guide),
        volume=table.number(
            "volume",
            "Write how loud tones and voice are, from 0 for silence to 100.",
            bounds=(0, 100),
            default=_DEFAULT.volume,
        ),
        fresh_s=table.number(
            "fresh_s",
            "Write for how many seconds after a payment its amount may be spoken, and after a step what to do.",
            bounds=(2, 60),
            default=_DEFAULT.fresh_s,
        ),
    )

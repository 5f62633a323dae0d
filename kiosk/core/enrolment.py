"""The form of an enrolment in QRs: what each part looks like, and how parts become the whole. What is in it, is sealed.

A part is `KE1/<set>/<number>/<of>/<text>`, all of it of the 45 characters that a QR packs densest. The set's name is taken from
the whole text, so that parts of two sets never mix and a wrong whole is noticed. Nothing of this form is a payment code.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

PASSPHRASE_DIGITS = 16  # 53 bits: with scrypt's work for each try, nobody who photographed the QRs tries them all
PART = 400  # characters of text in a part: a QR of version 13, read off a phone by a camera of 640 x 480
MOST_PARTS = 24
LONGEST = PART + 20
_PART = re.compile(r"KE1/([A-Z2-7]{8})/([0-9]{2})/([0-9]{2})/([A-Z2-7]{1,400})", re.ASCII)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class Part:
    """One QR of a set; `number` counts from 1."""

    of_set: str
    number: int
    of: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Collected:
    """The parts seen so far of one set."""

    of_set: str = ""
    texts: tuple[str | None, ...] = field(default=(), repr=False)

    @property
    def got(self) -> int:
        """How many there are."""
        return sum(text is not None for text in self.texts)

    @property
    def whole(self) -> str | None:
        """All of the text, when all parts are there and belong together."""
        if not self.texts or None in self.texts:
            return None
        text = "".join(text for text in self.texts if text is not None)
        return text if _name(text) == self.of_set else None

    def add(self, part: Part) -> Collected:
        """With this part. One of another set begins that one; so does one that says otherwise what was seen before."""
        known = self.of_set == part.of_set and len(self.texts) == part.of
        texts: list[str | None] = list(self.texts) if known else [None] * part.of
        if texts[part.number - 1] not in (None, part.text):
            texts = [None] * part.of
        texts[part.number - 1] = part.text
        return Collected(part.of_set, tuple(texts))


def read_part(text: str) -> Part | None:
    """The part that is this QR's text; None for anything else."""
    found = _PART.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return None
    number, of = int(found[2]), int(found[3])
    return Part(found[1], number, of, found[4]) if 1 <= number <= of <= MOST_PARTS else None


def parts(text: str) -> list[str]:
    """The texts of the QRs for a whole; ValueError when there would be too many."""
    pieces = [text[place : place + PART] for place in range(0, len(text), PART)]
    if len(pieces) > MOST_PARTS:
        raise ValueError(f"{len(pieces)} QR codes, and more than {MOST_PARTS} nobody holds before a camera")
    return [f"KE1/{_name(text)}/{number:02}/{len(pieces):02}/{piece}" for number, piece in enumerate(pieces, start=1)]


def _name(text: str) -> str:
    """Eight letters for 40 bits of the whole's SHA-256."""
    bits = int.from_bytes(hashlib.sha256(text.encode("ascii")).digest()[:5])
    return "".join(_LETTERS[bits >> 5 * place & 31] for place in range(8))

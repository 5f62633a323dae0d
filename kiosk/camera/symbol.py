"""What a decoder found in a picture: a value, and nothing of who found it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Format(StrEnum):
    """The two symbologies a phone's payment page shows; no other is ever looked for."""

    QR = "QRCode"
    CODE128 = "Code128"


@dataclass(frozen=True, slots=True)
class Symbol:
    """One code in one picture. `data` may be a payment code, so it is kept out of repr."""

    format: Format
    data: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The data as UTF-8, for classing and for people; what is not UTF-8 is replaced, so it never equals a payment code."""
        return self.data.decode("utf-8", "replace")

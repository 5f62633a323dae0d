"""A scan in words: what is looked for, what is wrong with what is seen, and where in the picture that is.

The scanner's process knows these and no other nouns of the kiosk; so nothing else is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LookFor(StrEnum):
    """What the camera is to find. Nothing else that it reads is handed over."""

    PAYMENT = "payment"
    RECEIPT = "receipt"
    ANYTHING = "anything"  # to try it out: only which kind of code it was is handed over
    WIFI = "wifi"  # while the kiosk is set up: the QR of a Wi-Fi
    ENROLMENT = "enrolment"  # and the parts of an enrolment


class Foreign(StrEnum):
    """A code that is no WeChat payment code, by what it most likely is: told to the merchant in words."""

    ALIPAY = "alipay"  # 16 to 24 digits beginning 25 to 30
    WECHAT_RECEIVE = "wechat_receive"  # a wxp:// or WeChat "receive money" or profile link: the customer opened the wrong page
    LINK = "link"  # any other URL
    PRODUCT = "product"  # EAN, UPC, a parcel's label
    OTHER = "other"


class ScanHint(StrEnum):
    """Why nothing usable was read, in the order of how sure it is."""

    TWO_CODES = "two_codes"  # two different payment codes in one view: neither is believed
    USED = "used"  # the code that was just used
    ALIPAY = "alipay"
    WECHAT_RECEIVE = "wechat_receive"
    LINK = "link"
    PRODUCT = "product"
    OTHER = "other"
    CLOSER = "closer"  # from here on nothing was read, and this may help: the code is too small
    FURTHER = "further"  # too large to be seen wholly or sharply
    MIDDLE = "middle"  # cut off by the edge of the picture
    STILL = "still"  # blurred
    GLARE = "glare"  # blown out
    BRIGHTER = "brighter"  # faint: the phone's screen shines too little
    NO_CAMERA = "no_camera"  # it does not work, for a reason that only the log tells
    UNPLUGGED = "unplugged"
    FROZEN = "frozen"  # one and the same picture
    COVERED = "covered"  # a black one


ABOUT_THE_CAMERA = frozenset({ScanHint.NO_CAMERA, ScanHint.UNPLUGGED, ScanHint.FROZEN, ScanHint.COVERED})


class Reading(StrEnum):
    """How far what the camera sees is understood."""

    UNREAD = "unread"  # it looks like a code, and is not read
    UNSURE = "unsure"  # a payment code that is not yet believed
    REFUSED = "refused"  # read, and not handed over: a ScanHint says why


@dataclass(frozen=True, slots=True)
class Outline:
    """Where something is in the camera's picture for the screen: four (x, y) in its pixels, clockwise from the upper left."""

    reading: Reading
    corners: tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]

"""Which servers are believed: those the public authorities vouch for, over TLS 1.2 or newer, at dates the kiosk believes in.

OpenSSL holds a certificate's dates against the machine's clock, which is months behind where the power was off and no time
server is reached; then nothing could be asked, not even the time. So when the two clocks differ, the dates of the server's
own certificate are held against the kiosk's, which is corrected by what WeChat has signed. Everything else OpenSSL checks.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

from kiosk.core.model import NOT_YET_VALID

SAME_CLOCK_MS = 60_000
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h; the module ssl has no name for it
_NOT_YET_VALID, _EXPIRED = 9, 10  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED

EXPIRED = "CertificateExpired"
DATES = frozenset({NOT_YET_VALID, EXPIRED})
"""What a server's certificate may be besides false: perhaps it is the clock that is wrong."""


class Dates(Enum):
    """Whose clock the dates of a certificate are held against."""

    MACHINE = "machine"
    KIOSK = "kiosk"
    NOBODY = "nobody"  # for one harmless question: what time is it


class WrongDate(ssl.SSLError):
    """`problem` is NOT_YET_VALID or EXPIRED."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Trust:
    """Whom one client believes, and by whose clock."""

    def __init__(self, authorities: Sequence[Path], now: Callable[[], int], wall: Callable[[], float] = time.time) -> None:
        """`authorities` are PEM files. `now` is the kiosk's clock (Unix ms), `wall` the machine's (Unix s)."""
        self._authorities = tuple(authorities)
        self._now = now
        self._wall = wall

    def dates(self) -> Dates:
        """The machine's clock, while the kiosk's agrees with it."""
        return Dates.MACHINE if abs(round(self._wall() * 1000) - self._now()) < SAME_CLOCK_MS else Dates.KIOSK

    def context(self, dates: Dates) -> ssl.SSLContext:
        """The context for connections whose dates are judged by this clock."""
        with _READING:
            return _context(self._authorities, timed=dates is Dates.MACHINE)

    def check(self, certificate: Mapping[str, Any], dates: Dates) -> None:
        """Raise WrongDate when this (a verified one, as `getpeercert` gives it) is not valid by the kiosk's clock."""
        if dates is not Dates.KIOSK:
            return
        now = self._now() / 1000
        if now < ssl.cert_time_to_seconds(certificate["notBefore"]):
            raise WrongDate(NOT_YET_VALID)
        if now > ssl.cert_time_to_seconds(certificate["notAfter"]):
            raise WrongDate(EXPIRED)


def problem(error: BaseException) -> str:
    """The name of what went wrong: that of the error's class, or which of its dates a certificate does not keep."""
    if isinstance(error, WrongDate):
        return error.problem
    if isinstance(error, ssl.SSLCertVerificationError):
        return {_NOT_YET_VALID: NOT_YET_VALID, _EXPIRED: EXPIRED}.get(error.verify_code, type(error).__name__)
    return type(error).__name__.removeprefix("_")


_READING = threading.Lock()  # the lanes begin at one time: who comes second takes what the first has read


@lru_cache(maxsize=4)  # to read the authorities takes a tenth of a second on a small machine, and a kiosk has several clients
def _context(authorities: tuple[Path, ...], *, timed: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which verifies chain and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for file in authorities:
        context.load_verify_locations(file)
    if not timed:
        context.verify_flags |= _NO_CHECK_TIME
    return context

"""The Authorization header of a request (contract 1.3). Time and nonce are arguments; knows no network and no message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiosk.payment.wechat.crypto import MerchantKey

SCHEME = "WECHATPAY2-SHA256-RSA2048"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: the number and certificate serial of whoever owns the key (the institution, never its sub-merchant)."""

    mchid: str
    serial: str  # of the MERCHANT certificate, upper-case hex
    key: MerchantKey

    def authorization(self, method: str, target: str, body: bytes, *, timestamp: int, nonce: str) -> str:
        """The header's value. `target` is path and query exactly as on the wire, `body` the exact bytes sent."""
        signature = self.key.sign(string_to_sign(method, target, body, timestamp=timestamp, nonce=nonce))
        return (
            f'{SCHEME} mchid="{self.mchid}",nonce_str="{nonce}",timestamp="{timestamp}",'
            f'serial_no="{self.serial}",signature="{signature}"'
        )


def string_to_sign(method: str, target: str, body: bytes, *, timestamp: int, nonce: str) -> bytes:
    """Five lines, each ended by LF, the last one too; a body that itself ends in LF gets another one."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"

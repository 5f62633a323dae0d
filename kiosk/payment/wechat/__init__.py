"""WeChat Pay: the global APIv3 over HTTP (Quick Pay and Native). `open_provider` is the door; the rest stays inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kiosk.core.model import Merchant
from kiosk.core.ports import Clock
from kiosk.payment.wechat.certificates import PlatformKeys
from kiosk.payment.wechat.crypto import MerchantKey, check_api_v3_key
from kiosk.payment.wechat.late import LateTransport
from kiosk.payment.wechat.messages import Shop, signing_number
from kiosk.payment.wechat.provider import Deadlines, WechatPay
from kiosk.payment.wechat.signer import Signer

if TYPE_CHECKING:
    from kiosk.payment.wechat.transport import Transport

__all__ = ["Deadlines", "WechatPay", "open_provider"]


def open_provider(  # noqa: PLR0913  each is one thing the owner configures, given by name
    *,
    merchant: Merchant,
    merchant_category_code: str,
    hosts: Sequence[str],
    merchant_key_pem: bytes,
    merchant_serial: str,
    api_v3_key: bytes,
    platform_keys: Literal["certificates"] | Sequence[tuple[str, bytes]],
    notify_url: str,
    description: str,
    device_id: str,
    clock: Clock,
    nonce: Callable[[], str],
    certificate_cache: Path | None,
    ca_file: Path | None = None,
    language: str = "en",
    deadlines: Deadlines | None = None,
    patience_s: float = 0.0,
) -> WechatPay:
    """Make the provider; reaches for no network. ConfigError when a key is not what its name says.

    `platform_keys`: "certificates", to be fetched and renewed, or pairs of id and PEM. `nonce` must be unpredictable: up to
    32 letters and digits. `certificate_cache` is a file in a folder that exists. `ca_file` is trusted besides the usual
    authorities. Proxies and certificate settings of the environment have no effect. `patience_s`: the first request waits for
    WechatPay.begin, at most so long.
    """

    def transport() -> Transport:
        from kiosk.payment.wechat import transport  # noqa: PLC0415  see late.py

        return transport.Transport(hosts, ca_file=ca_file, now=clock.now)

    check_api_v3_key(api_v3_key)
    given = () if platform_keys == "certificates" else tuple(platform_keys)
    return WechatPay(
        shop=Shop(merchant, merchant_category_code, description, notify_url, device_id),
        signer=Signer(signing_number(merchant), merchant_serial, MerchantKey(merchant_key_pem)),
        keys=PlatformKeys(given=given, api_v3_key=api_v3_key, cache=certificate_cache, now=clock.now()),
        api_v3_key=api_v3_key,
        transport=LateTransport(transport, patience_s),
        clock=clock,
        nonce=nonce,
        language=language,
        deadlines=deadlines,
    )

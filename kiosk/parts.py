"""Parts as kiosk.toml names them, made and not yet opened: the client of WeChat Pay, the keypad, what the decisions are told."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from kiosk.core.selling import Selling
from kiosk.core.state import Settings, ShiftHabits
from kiosk.keypad import Wiring, open_keypad
from kiosk.operators.keeper import FOLDER, OperatorPins
from kiosk.payment.wechat import WechatPay, open_provider

if TYPE_CHECKING:
    from kiosk.clock import SteadyClock
    from kiosk.config import Config
    from kiosk.config.keypad import KeypadConfig
    from kiosk.core.ports import Keypad, Post


def settings(config: Config) -> Settings:
    """What the decisions need of the configuration."""
    return Settings(
        merchant=config.merchant.numbers,
        shop=config.merchant.name,
        currency=config.merchant.currency,
        kiosk_id=config.merchant.kiosk_id,
        zone=config.merchant.time_zone,
        default_tender=config.till.default_tender,
        max_amount=config.till.max_amount,
        result_ms=config.till.result_ms,
        shifts=None if config.shifts is None else ShiftHabits(config.shifts.close_at),
        day_starts=config.merchant.day_starts,
        receipts=None if config.printer is None else config.printer.receipts,
        selling=Selling(
            quick=config.till.quick_amounts,
            memo=config.till.memo,
            tips=config.till.tips,
            guard_times=config.till.guard_times,
            repeat_ms=config.till.repeat_seconds * 1000,
            trains=config.till.mode != "public",
        ),
        operators=config.operators,
        refunds=config.refunds,
    )


def operator_pins(config: Config) -> OperatorPins:
    """The operators' PINs, beside the ledger."""
    return OperatorPins(config.ledger.path.parent / FOLDER, tuple(one.name for one in config.operators))


def make_keypad(config: KeypadConfig, post: Post) -> Keypad:
    """The keypad as configured; nothing is opened yet."""
    return open_keypad(
        config.driver,
        post,
        script=config.script,
        device=config.device,
        wiring=Wiring(config.rows, config.columns, config.keys, config.settle_ms, config.freed_pins),
        debounce_ms=config.debounce_ms,
        stuck_ms=config.stuck_s * 1000,
    )


def make_provider(config: Config, clock: SteadyClock, patience_s: float = 0.0) -> WechatPay:
    """The client of WeChat Pay as configured. ConfigError when a key is not what its name says. `patience_s`: open_provider's."""
    wechat = config.wechat_pay
    return open_provider(
        merchant=config.merchant.numbers,
        merchant_category_code=config.merchant.merchant_category_code,
        hosts=wechat.hosts,
        merchant_key_pem=wechat.merchant_key,
        merchant_serial=wechat.merchant_serial,
        api_v3_key=wechat.api_v3_key,
        platform_keys=[(key.id, key.pem) for key in wechat.platform_keys] or "certificates",
        notify_url=wechat.notify_url,
        description=config.merchant.name,
        device_id=config.merchant.kiosk_id,
        clock=clock,
        nonce=lambda: secrets.token_hex(16),
        certificate_cache=config.ledger.path.parent / "certificates.json",
        ca_file=wechat.ca_file,
        patience_s=patience_s,
    )

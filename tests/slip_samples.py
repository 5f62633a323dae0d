"""Slips, and what they are set with, for the tests and the README (`python -m tests.slip_samples docs/receipts.png`)."""

from __future__ import annotations

import os
import sys
import time

from PIL import Image

from kiosk.core.model import Refund, RefundState, Tender
from kiosk.core.money import Money
from kiosk.core.slips import Bill, Receipt, Sample
from kiosk.display import fonts, qr
from kiosk.display.words import words_of
from kiosk.printer.layout import House, lay_out
from kiosk.printer.raster import render

AT = 1_767_600_000_000  # 2026-01-05 08:00 UTC
NUMBER = "K07-260105-aa0001"
CODE_URL = "weixin://wxpay/bizpayurl?pr=Qx9Example0zz"
MONEY = Money(1250, "HKD")

RECEIPT = Receipt(
    "海港小食 Harbour Snacks", MONEY, Tender.QUICK_PAY, NUMBER, "4200002026010512345678901234", AT, Money(1157, "CNY")
)
REFUND = Refund(f"{NUMBER}-R1", NUMBER, Money(500, "HKD"), AT + 3_600_000, RefundState.DONE)
COPY = Receipt(
    "Harbour Snacks", Money(123_450, "HKD"), Tender.NATIVE, "KIOSK_0008-260105-aa00011", "4" * 32, AT, None, (REFUND,), copy=True
)
SUM = Receipt(
    "Harbour Snacks",
    Money(1785, "HKD"),
    Tender.QUICK_PAY,
    NUMBER,
    "4200002026010512345678901234",
    AT,
    Money(1652, "CNY"),
    rate_e8=92_560_000,
    lines=(850, 350, 425),
    tip=160,
    memo="0042",
)
TRAINING = Receipt(
    "Harbour Snacks", MONEY, Tender.QUICK_PAY, "TRAINING-260105-TR0001", "TRAINING-1", AT, Money(1157, "CNY"), training=True
)
SAMPLE = Sample("Harbour Snacks", AT)
BILL = Bill("Harbour Snacks", MONEY, NUMBER, CODE_URL, AT + 300_000)


def house(merchant: str = "en", customer: str = "zh_CN") -> House:
    """What a kiosk in these two languages sets its slips with."""
    return House(words_of(customer), words_of(merchant), fonts.pieces, qr.modules)


def _write_picture(path: str) -> None:
    """An original, a copy after a refund, and a bill, beside each other at half their size."""
    os.environ["TZ"] = "Asia/Hong_Kong"
    time.tzset()
    pairs = ((RECEIPT, house()), (COPY, house("ja", "th")), (BILL, house("ko", "zh_TW")))
    slips = [render(lay_out(slip, made), made, 384) for slip, made in pairs]
    desk = Image.new("L", (sum(slip.width + 24 for slip in slips) + 24, max(slip.height for slip in slips) + 48), 200)
    left = 24
    for slip in slips:
        desk.paste(slip.convert("L"), (left, 24))
        left += slip.width + 24
    desk.resize((desk.width // 2, desk.height // 2), Image.Resampling.BOX).quantize(8).save(path, optimize=True)


if __name__ == "__main__":
    _write_picture(sys.argv[1])

"""Views of every screen, for tests and for the pictures of the documents (tests/pictures.py)."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image

from kiosk.core import screens
from kiosk.core.checkup import COLOURS, Bundle, BundleEnd, Finding, Kind, Verdict
from kiosk.core.checkup_screens import Checkup, ColourTest, KeyTest, ReadTest
from kiosk.core.events import Key
from kiosk.core.expiry import DAY, Expiring, Lasting
from kiosk.core.model import Decline
from kiosk.core.money import Money
from kiosk.core.scanning import ScanHint
from kiosk.core.slips import PrinterTrouble
from tests import shift_samples

SIZES = ((1024, 600), (800, 480), (480, 320), (320, 240))
OTHER_SIZES = ((1920, 1080), (1280, 720), (1280, 800), (640, 480), (480, 272), (720, 720))
"""Screens people also have: nothing runs out of them either."""
UPRIGHT_SIZES = ((480, 800), (600, 1024), (320, 480), (720, 1280))
TOUCHED_SIZES = ((800, 480), (1024, 600), (480, 800), (320, 480), (640, 480))
"""With the keys on the screen."""
NOW = 1_790_000_000_000
CODE_URL = "weixin://wxpay/bizpayurl?pr=Qx9Example0zz"
TAIL = "A3F7"
MONEY = Money(1250, "HKD")

ONLINE = screens.Signs(screens.Network.ONLINE, clock_known=True, unresolved=0)
ONE_OPEN = screens.Signs(screens.Network.ONLINE, clock_known=True, unresolved=1)
OFFLINE = screens.Signs(screens.Network.OFFLINE, clock_known=True, unresolved=12, offline_since=NOW - 3_600_000)
CONNECTING = screens.Signs(screens.Network.CONNECTING, clock_known=False, unresolved=0)

OFFERS = tuple((Key(digit), Money(500 * int(digit), "HKD")) for digit in "12345678")
TIPS = tuple((percent, Money(1250 * percent // 100, "HKD")) for percent in (5, 10, 15))

_FOUND = tuple(Finding(kind, (Verdict.FAIL, Verdict.WARN)[place % 2], "2026-12-24") for place, kind in enumerate(Kind))
_WELL = tuple(Finding(kind, Verdict.OK, "p95 1234 ms") for kind in Kind)
_TYPICAL = (
    Finding(Kind.POWER, Verdict.FAIL),
    Finding(Kind.MERCHANT_CERTIFICATE, Verdict.WARN, "2026-10-15"),
    Finding(Kind.LINK, Verdict.OK, "wlan0 84 %"),
    Finding(Kind.WECHAT, Verdict.OK, "212 ms"),
    Finding(Kind.SALES_SPEED, Verdict.OK, "p50 0.84 s, p95 1.92 s (412)"),
)
_SOON = Expiring(Lasting.MERCHANT, NOW + 24 * DAY, 24, loud=False)
_PAGES = range(0, len(_FOUND), 3)

MAIN: dict[str, screens.View] = {
    "starting": screens.View(screens.Starting(), CONNECTING),
    "idle": screens.View(screens.Idle("Harbour Snacks"), ONLINE),
    "keying": screens.View(screens.Keying(MONEY), ONLINE),
    "quick_amounts": screens.View(
        screens.QuickAmounts(Money(3200, "HKD"), OFFERS, (1500, 500, 1200), limit=Money(500_000, "HKD")), ONLINE
    ),
    "same_customer": screens.View(screens.SameCustomer(MONEY), ONE_OPEN),
    "paid_already": screens.View(screens.PaidAlready(MONEY), ONLINE),
    "unusual_amount": screens.View(screens.UnusualAmount(Money(125_000, "HKD"), MONEY), ONLINE),
    "noting": screens.View(screens.Noting(MONEY, "0042"), ONLINE),
    "tipping": screens.View(screens.Tipping(MONEY, TIPS, NOW + 42_000), ONLINE),
    "scanning": screens.View(screens.Scanning(MONEY, NOW + 42_000), ONLINE),
    "charging": screens.View(screens.Charging(MONEY, TAIL), ONLINE),
    "password": screens.View(screens.Password(MONEY, TAIL, NOW + 31_000), ONLINE),
    "placing": screens.View(screens.Placing(MONEY), ONLINE),
    "qr": screens.View(screens.ShowingQr(MONEY, CODE_URL, NOW + 175_000), ONLINE),
    "qr_paying": screens.View(screens.ShowingQr(MONEY, CODE_URL, NOW + 175_000, paying=True), ONLINE),
    "cancelling": screens.View(screens.Cancelling(MONEY, TAIL), ONLINE),
    "paid": screens.View(screens.PaidScreen(MONEY, TAIL, Money(1157, "CNY")), ONLINE),
    "declined": screens.View(screens.DeclinedScreen(MONEY, Decline.BALANCE, TAIL), ONLINE),
    "unresolved": screens.View(screens.Unresolved(MONEY, TAIL), OFFLINE),
    "cancelled": screens.View(screens.CancelledScreen(MONEY, TAIL), ONLINE),
    "attention": screens.View(screens.AttentionScreen(MONEY, TAIL), ONLINE),
    "seeking_receipt": screens.View(screens.SeekingReceipt(NOW + 42_000), ONLINE),
    "updating": screens.View(screens.Updating(), ONLINE),
    "checkup": screens.View(Checkup(_TYPICAL, 0, 9, 2, busy=True, prints=True), ONLINE),
    "read_test": screens.View(ReadTest(NOW + 42_000, ("QRCode", "Code128")), ONLINE),
    "key_test": screens.View(KeyTest(frozenset((Key.D1, Key.OK, Key.MENU)), Key.OK), ONLINE),
    "colour_test": screens.View(ColourTest("edges"), ONLINE),
    "owners_page": screens.View(screens.OwnersPage("https://192.168.1.5:8443/", "AB12CD34EF567890" * 4, "20481367"), ONLINE),
    "shift_report": screens.View(screens.ShiftReport(shift_samples.Z, NOW, older=True, newer=True, prints=True), ONLINE),
    "shift_closing": screens.View(screens.ShiftClosing(shift_samples.X), ONE_OPEN),
    "no_shift": screens.View(screens.NoShift(), ONLINE),
    "out_of_order": screens.View(
        screens.OutOfOrder(
            "kiosk.db cannot be written: the card is full. Free some space or put in a new card, then restart the kiosk."
        ),
        OFFLINE,
    ),
}
"""One view of each screen."""

MORE: dict[str, screens.View] = {
    "idle_updated": screens.View(screens.Idle("Harbour Snacks", screens.News("1.4.0", screens.UpdateEnd.WELL)), ONLINE),
    "idle_undone": screens.View(screens.Idle("Harbour Snacks", screens.News("1.4.0", screens.UpdateEnd.UNDONE)), OFFLINE),
    "idle_offline": screens.View(screens.Idle("海港小食 Harbour Snacks"), OFFLINE),
    "idle_attention": screens.View(
        screens.Idle("Harbour Snacks"),
        screens.Signs(screens.Network.OFFLINE, clock_known=True, unresolved=12, offline_since=NOW, attention=3),
    ),
    "keying_attention": screens.View(
        screens.Keying(MONEY), screens.Signs(screens.Network.ONLINE, clock_known=True, unresolved=0, attention=1)
    ),
    "idle_connecting": screens.View(screens.Idle("Harbour Snacks"), CONNECTING),
    "idle_clock": screens.View(
        screens.Idle("ร้านอาหารริมน้ำ"), screens.Signs(screens.Network.ONLINE, clock_known=False, unresolved=3)
    ),
    "idle_clock_doubted": screens.View(
        screens.Idle("Harbour Snacks"),
        screens.Signs(screens.Network.OFFLINE, clock_known=False, unresolved=2, offline_since=NOW, clock_doubted=True),
    ),
    "idle_long_name": screens.View(screens.Idle("สวนอาหารริมน้ำบ้านสวนเจ้าพระยา 香港仔海鮮大酒樓"), ONLINE),
    "keying_nothing": screens.View(screens.Keying(Money(0, "HKD")), ONLINE),
    "keying_much": screens.View(screens.Keying(Money(999_999_999, "HKD")), ONLINE),
    "keying_sum": screens.View(screens.Keying(Money(1650, "HKD"), lines=(850, 350, 450)), ONLINE),
    "keying_sum_next": screens.View(screens.Keying(Money(1_250_00, "HKD"), lines=(850, 350, 450, 12_345, 0), board=True), ONLINE),
    "keying_too_many": screens.View(
        screens.Keying(Money(1650, "HKD"), screens.AmountHint.TOO_MANY, lines=(850, 350, 450)), ONLINE
    ),
    "quick_nothing": screens.View(screens.QuickAmounts(Money(0, "HKD"), OFFERS[:3]), ONLINE),
    "quick_all": screens.View(
        screens.QuickAmounts(
            Money(99_999_900, "KRW"),
            tuple((Key(d), Money(1_234_500, "KRW")) for d in "1234567890"),
            (5,),
            screens.AmountHint.TOO_LARGE,
            Money(100_000_000, "KRW"),
        ),
        ONLINE,
    ),
    "noting_nothing": screens.View(screens.Noting(MONEY, ""), ONLINE),
    "noting_long": screens.View(screens.Noting(Money(999_999_999, "HKD"), "123456789012"), ONLINE),
    "tipping_amounts": screens.View(
        screens.Tipping(Money(123_456_789, "KRW"), tuple((None, Money(1000 * n, "KRW")) for n in (1, 2, 5, 10)), NOW + 5000),
        ONLINE,
    ),
    "tipping_own": screens.View(screens.Tipping(Money(999_999, "HKD"), TIPS, NOW + 42_000, Money(150, "HKD")), ONLINE),
    "unusual_won": screens.View(screens.UnusualAmount(Money(123_456_789, "KRW"), Money(1_234_567, "KRW")), ONLINE),
    "paid_rate": screens.View(screens.PaidScreen(MONEY, TAIL, Money(1157, "CNY"), rate_e8=92_560_000), ONLINE),
    "idle_board": screens.View(screens.Idle("Harbour Snacks", board=True), ONLINE),
    "keying_yen": screens.View(screens.Keying(Money(1250, "JPY")), ONLINE),
    "keying_won": screens.View(screens.Keying(Money(123_456_789, "KRW")), ONE_OPEN),
    "scanning_much": screens.View(screens.Scanning(Money(999_999_999, "HKD"), NOW + 60_000), OFFLINE),
    "qr_much": screens.View(screens.ShowingQr(Money(999_999_999, "HKD"), CODE_URL, NOW + 300_000), OFFLINE),
    "qr_too_long": screens.View(screens.ShowingQr(MONEY, "weixin://wxpay/" + "x" * 1500, NOW + 300_000), ONLINE),
    "paid_same_currency": screens.View(screens.PaidScreen(Money(1250, "CNY"), TAIL, Money(1250, "CNY")), ONLINE),
    "paid_other_refunded": screens.View(screens.PaidScreen(MONEY, TAIL, Money(1157, "CNY"), other_refunded=True), ONLINE),
    "cancelled_refunding": screens.View(screens.CancelledScreen(MONEY, TAIL, refunding=True), ONLINE),
    "scanning_before_clock": screens.View(
        screens.Scanning(MONEY, NOW + 9_000), screens.Signs(screens.Network.ONLINE, clock_known=False, unresolved=123)
    ),
    "paid_prints": screens.View(screens.PaidScreen(MONEY, TAIL, Money(1157, "CNY"), prints=True), ONLINE),
    "owners_page_long": screens.View(
        screens.OwnersPage("https://[2001:db8:1234:5678:9abc:def0:1234:5678]:8443/", "AB12CD34EF567890" * 4), ONLINE
    ),
    "qr_prints": screens.View(screens.ShowingQr(MONEY, CODE_URL, NOW + 175_000, prints=True), ONLINE),
    "keying_printer": screens.View(screens.Keying(MONEY), replace(ONE_OPEN, printer=PrinterTrouble.PAPER)),
    "idle_printer_and_attention": screens.View(
        screens.Idle("Harbour Snacks"),
        screens.Signs(screens.Network.ONLINE, clock_known=True, unresolved=12, attention=3, printer=PrinterTrouble.AWAY),
    ),
    **{
        f"idle_printer_{one}": screens.View(screens.Idle("Harbour Snacks"), replace(ONLINE, printer=one))
        for one in PrinterTrouble
    },
    **{
        f"paid_printer_{one}": screens.View(
            screens.PaidScreen(MONEY, TAIL, Money(1157, "CNY"), prints=True), replace(ONLINE, printer=one)
        )
        for one in PrinterTrouble
    },
    **{
        f"keying_{hint}": screens.View(screens.Keying(Money(12_345_678, "HKD"), hint, Money(500_000, "HKD")), OFFLINE)
        for hint in screens.AmountHint
    },
    **{f"scanning_{hint}": screens.View(screens.Scanning(MONEY, NOW + 9_000, hint), ONE_OPEN) for hint in ScanHint},
    **{f"declined_{reason}": screens.View(screens.DeclinedScreen(MONEY, reason, TAIL), ONLINE) for reason in Decline},
}
"""Each hint, each reason, and the awkward amounts and names."""

ALONE: dict[str, screens.View] = {
    **{
        f"shift_x_{page}": screens.View(screens.ShiftReport(shift_samples.X, NOW, page, older=True, prints=True), ONE_OPEN)
        for page in range(6)
    },
    **{
        f"shift_z_{page}": screens.View(screens.ShiftReport(shift_samples.Z, NOW, page, newer=True), ONLINE)
        for page in range(1, 6)
    },
    "shift_z_empty": screens.View(screens.ShiftReport(shift_samples.EMPTY, NOW, hint=screens.AmountHint.LEDGER), ONLINE),
    "shift_z_yen": screens.View(screens.ShiftReport(shift_samples.YEN, NOW, hint=screens.AmountHint.CLOCK, newer=True), ONLINE),
    "shift_z_settled": screens.View(screens.ShiftReport(shift_samples.SETTLED, NOW, older=True), ONLINE),
    "shift_closing_much": screens.View(screens.ShiftClosing(shift_samples.MANY, 1), OFFLINE),
    "shift_closing_settled": screens.View(screens.ShiftClosing(shift_samples.SETTLED), ONLINE),
    "no_shift_hint": screens.View(screens.NoShift(screens.AmountHint.CLOCK), ONLINE),
    **{f"checkup_{page}": screens.View(Checkup(_FOUND[page:], page // 3, 9, 25, busy=False), ONLINE) for page in _PAGES},
    "checkup_well": screens.View(Checkup(_WELL, 0, 9, 0, busy=False), ONLINE),
    "checkup_begun": screens.View(Checkup(_WELL[:2], 0, 2, 0, busy=True), ONLINE),
    "checkup_hands": screens.View(Checkup((), 8, 9, 1, busy=False, prints=True), ONLINE),
    **{
        f"checkup_bundle_{end}": screens.View(
            Checkup(_WELL, 0, 9, 0, busy=False, bundle=Bundle(end, "kiosk-K07-20261126-1730.tar.gz")), ONLINE
        )
        for end in BundleEnd
    },
    **{f"colour_test_{shows}": screens.View(ColourTest(shows), ONLINE) for shows in COLOURS[1:]},
    "idle_expiring": screens.View(screens.Idle("Harbour Snacks"), replace(ONLINE, expiring=_SOON)),
    **{
        f"idle_expiring_{what}_{days}": screens.View(
            screens.Idle("Harbour Snacks"), replace(ONLINE, expiring=Expiring(what, NOW + days * DAY, days, loud=days < 8))
        )
        for what in Lasting
        for days in (30, 5, -2)
    },
    "idle_expiring_printer": screens.View(
        screens.Idle("Harbour Snacks"), replace(ONLINE, expiring=_SOON, printer=PrinterTrouble.PAPER)
    ),
}
"""What is for the merchant alone: the customer's language changes nothing of it, and it is drawn once in each language."""

VIEWS = MAIN | MORE
"""All but those of the set-up, which speak to one person: tests/set_up_views.py."""


TRAINING: dict[str, screens.View] = {f"training_{name}": replace(view, training=True) for name, view in MAIN.items()}
"""The same in a training: every screen must show it."""


def camera_picture(width: int = 320, height: int = 240) -> tuple[int, int, bytes]:
    """A counter with a phone held over it, as width, height, RGB: enough to see scale and aspect."""
    image = Image.new("RGB", (width, height), (96, 84, 74))
    image.paste((52, 46, 44), (0, height * 3 // 4, width, height))
    image.paste((18, 18, 20), (width * 3 // 8, height // 8, width * 5 // 8, height * 7 // 8))
    image.paste((246, 246, 244), (width * 3 // 8 + 6, height // 8 + 8, width * 5 // 8 - 6, height * 7 // 8 - 8))
    image.paste((40, 168, 92), (width * 3 // 8 + 6, height // 8 + 8, width * 5 // 8 - 6, height // 4 + 6))
    for bar in range(0, width // 4 - 28, 7):
        left = width * 3 // 8 + 14 + bar
        image.paste((10, 10, 10), (left, height * 3 // 8, left + 2 + bar % 4, height // 2))
    return width, height, image.tobytes()

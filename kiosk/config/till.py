"""The table [till] of kiosk.toml: how the shop sells.

Must not know a screen: what a habit looks like is core/keying.py's and the display's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.config.reader import Table
from kiosk.core.events import Key
from kiosk.core.model import Tender
from kiosk.core.money import exponent, known_currency
from kiosk.core.selling import MOST_OFFERS, Offer

TENDERS = tuple(str(tender) for tender in Tender)
MODES = {"counter": 0, "public": 8}
"""How the kiosk stands there, and for how many seconds a payment stays on its screen then; 0: until a key."""


@dataclass(frozen=True, slots=True)
class TillConfig:
    """Habits of the till. `max_amount` and `quick_amounts` in smallest units; `training`: nothing is real, ever."""

    default_tender: Tender
    max_amount: int
    mode: str = "counter"
    result_seconds: int = 0  # 0: as the mode has it
    quick_amounts: dict[Key, int] = field(default_factory=dict)
    memo: bool = False
    tips: tuple[Offer, ...] = ()
    guard_times: int = 10
    repeat_seconds: int = 0
    training: bool = False

    @property
    def result_ms(self) -> int:
        """How long a payment stays on the screen; 0: until a key."""
        return (self.result_seconds or MODES[self.mode]) * 1000


def read_till(table: Table, currency: str) -> TillConfig:
    """Read the table; what is wrong is noted in `table`."""
    limit = table.number(
        "max_amount",
        "Write the largest amount of one sale in the currency's smallest unit, as 500000 for HKD 5000.00.",
        bounds=(1, 10**10),
        default=_max_amount(currency),
    )
    return TillConfig(
        default_tender=Tender(table.choice("default_tender", TENDERS, default=Tender.QUICK_PAY)),
        max_amount=limit,
        mode=table.choice("mode", tuple(MODES), default="counter") or "counter",
        result_seconds=table.number(
            "result_seconds",
            "Write how long a payment stays on the screen; 0 is as the mode has it, at a counter until a key is pressed.",
            bounds=(0, 3600),
            default=0,
        ),
        quick_amounts=_quick(table, limit),
        memo=table.flag(
            "memo", "Write true when each sale is to be asked for a number of the shop's own, or false.", default=False
        ),
        tips=_tips(table, limit),
        guard_times=table.number(
            "guard_times",
            "Write how many times the usual an amount may be before it is asked about, as 10; 0 is never.",
            bounds=(0, 1000),
            default=10,
        ),
        repeat_seconds=table.number(
            "repeat_seconds",
            "Write for how long after a payment the same amount is asked about, as 10; 0 is never.",
            bounds=(0, 600),
            default=0,
        ),
        training=table.flag(
            "training", "Write true for a kiosk to learn on, where nothing is real, or leave the key out.", default=False
        ),
    )


def _quick(table: Table, limit: int) -> dict[Key, int]:
    remedy = 'Write amounts in smallest units, as [1500, 2500], or by their key, as { "1" = 1500, "7" = 2500 }; ten at most.'
    if not table.has("quick_amounts"):
        return {}
    value = table.peek("quick_amounts")
    by_key = dict(zip("1234567890", value, strict=False)) if isinstance(value, list) else value
    if not isinstance(by_key, dict) or (isinstance(value, list) and len(value) > len(by_key)):
        table.wrong("quick_amounts", value, "is no list of ten amounts, and no table of them", remedy)
        return {}
    found = {}
    for key, amount in by_key.items():
        if not (len(key) == 1 and key.isascii() and key.isdigit()):
            table.wrong("quick_amounts", key, "is no key of a digit", remedy)
        elif type(amount) is not int or not 1 <= amount <= limit:
            table.wrong("quick_amounts", amount, f"is not an amount between 1 and max_amount, {limit}", remedy)
        else:
            found[Key(key)] = amount
    return dict(sorted(found.items()))


def _tips(table: Table, limit: int) -> tuple[Offer, ...]:
    remedy = f'Write what the customer is offered, as ["5%", "10%", 500], {MOST_OFFERS} at most; [] is not to ask.'
    if not table.has("tips"):
        return ()
    offers = table.items("tips", remedy, may_be_empty=True)
    if len(offers) > MOST_OFFERS:
        table.wrong("tips", offers, f"has more than {MOST_OFFERS}", remedy)
        return ()
    return tuple(offer for one in offers if (offer := _offer(table, one, limit, remedy)) is not None)


def _offer(table: Table, one: object, limit: int, remedy: str) -> Offer | None:
    if type(one) is int and 1 <= one <= limit:
        return Offer(amount=one)
    if isinstance(one, str) and one.endswith("%"):
        number = one[:-1].strip()
        if number.isascii() and number.isdigit() and 1 <= int(number[:4]) <= 100:  # noqa: PLR2004  per cent
            return Offer(percent=int(number))
    table.wrong("tips", one, "is neither 1% to 100% nor an amount", remedy)
    return None


def _max_amount(currency: str) -> int:
    """The default: enough for a shop, and less than one 0 keyed too many makes of a common sale."""
    units: int = 10 ** (exponent(currency) if known_currency(currency) else 2)
    return _MAX_WHOLE_UNITS.get(currency, 5_000) * units


_MAX_WHOLE_UNITS = {
    "HUF": 250_000,
    "JPY": 100_000,
    "ISK": 100_000,
    "AMD": 250_000,
    "KZT": 300_000,
    "KRW": 1_000_000,
    "MNT": 2_000_000,
    "KHR": 3_000_000,
    "IDR": 10_000_000,
    "VND": 20_000_000,
}

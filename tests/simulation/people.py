"""The merchant, who looks at the screen and presses keys, and the customers with their phones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.core import past_screens, screens
from kiosk.core.commands import Charge, Place
from kiosk.core.events import CodeSeen, Key, Notified, Pressed, RefundAsked, ShiftAsked
from kiosk.core.model import Order, OrderState
from kiosk.core.screens import AmountHint
from kiosk.core.secret import PaymentCode
from kiosk.core.shifts import Aim, Reading

if TYPE_CHECKING:
    from tests.simulation.world import World

VISITS = (1, 1, 1, 1, 1, 1, 2, 2, 3)
AMOUNTS = (1, 1, 2, 2, 5, 7, 9, 12, 20, 20, 21)  # one is too large
GIVES_UP = 8  # actions for one customer
SHIFT_ENDS = 0.08  # how often somebody closes it before a customer
LATER = (0, 0, 0, 0, 10_000, 60_000, 150_000, 420_000)  # how long the bad luck lasts after the last customer
_LEAVING = (Key.OK, Key.CANCEL, Key.D1, Key.SCAN, Key.QR, Key.MENU)
_LOOKING_BACK = (Key.D1, Key.D2, Key.D0, Key.OK, Key.QR, Key.CLEAR, Key.MENU, Key.CANCEL, Key.CANCEL)
_AT_A_SHIFT = (Key.OK, Key.OK, Key.D1, Key.D0, Key.CLEAR, Key.MENU, Key.CANCEL)
_IMPATIENT = (Key.CANCEL, Key.CANCEL, Key.CANCEL, Key.QR, Key.SCAN, Key.QR, Key.SCAN, Key.OK, Key.D1)


class Merchant:
    """Serves one customer after the other, sometimes with little patience, then waits for the calm."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.luck = world.luck
        self.visits = self.luck.pick(VISITS, "visits")
        self.visit = 0
        self.done = 0  # actions of this visit
        self.begun = False  # the amount was keyed
        self.amount = 0
        self.same = self.luck.draw("always the same amount") < 0.3
        self.moment = 0  # of the newest plan to act; older ones are forgotten
        self.phones = 0
        self.ticket: str | None = None  # the one a phone was held up for last
        self.shown: dict[str, set[PaymentCode]] = {}  # which codes were held up for which

    @property
    def name(self) -> str:
        """Whose turn it is, as "b"."""
        return "abcdefgh"[self.visit]

    def look(self) -> None:
        """The screen has changed: react to it, or lose patience with it a while later."""
        world, luck = self.world, self.luck
        self.moment += 1
        moment, what = self.moment, f"{self.name}{self.done}"
        pause = luck.between(200, 3000, f"pause {what}", 2)
        if isinstance(world.screen, screens.ShowingQr | screens.Cancelling):
            pause += luck.between(0, 40_000, f"patience {what}", 3)
        elif isinstance(world.screen, screens.Charging | screens.Password | screens.Placing | screens.Unresolved):
            pause += luck.between(0, 75_000, f"patience {what}", 2)
        elif isinstance(world.screen, screens.Keying) and world.screen.hint is not None:
            pause += luck.between(1000, 30_000, f"patience {what}")
        world.at(world.now + pause, lambda: self.acts() if moment == self.moment else None)

    def acts(self) -> None:  # noqa: C901, PLR0912, PLR0915  one arm a screen
        """One action, or the decision to wait."""
        world, luck = self.world, self.luck
        if world.dark or self.visit >= self.visits:
            return
        if self.done >= GIVES_UP:
            self._next()
            return
        self.done += 1
        what = f"{self.name}{self.done}"
        chance = luck.draw(f"act {what}")
        screen = world.screen
        if self.begun and isinstance(screen, screens.Idle) and chance < 0.9:
            self._next()
            return
        match screen:
            case screens.Idle():
                if chance < SHIFT_ENDS:
                    self._end_shift(what)
                self._key_amount(what)
            case screens.ShiftReport() | screens.NoShift() | screens.ShiftClosing():
                self._press(what, luck.pick(_AT_A_SHIFT, f"key {what}"))
            case past_screens.History() | past_screens.Searching() | past_screens.More():
                self._press(what, luck.pick(_LOOKING_BACK, f"key {what}"))
            case past_screens.SaleOpened():
                self._press(what, luck.pick((Key.QR, Key.QR, Key.D0, Key.SCAN, Key.CANCEL), f"key {what}"))
            case past_screens.WhoIsIt():
                self._press(what, luck.pick((Key.D1, Key.D2, Key.CANCEL), f"key {what}"))
            case past_screens.PinAsked():
                self._key_pin(what, screen)
            case past_screens.RefundAmount():
                self._press(what, luck.pick((Key.OK, Key.OK, Key.D1, Key.D9, Key.CLEAR), f"key {what}"))
            case past_screens.RefundWhy() | past_screens.RefundLook():
                self._press(what, luck.pick((Key.OK, Key.D1, Key.D6, Key.CANCEL, Key.MENU), f"key {what}"))
            case screens.Keying() | screens.QuickAmounts():
                self._begin(what, chance)
            case screens.Noting() | screens.Tipping():
                keys = (Key.OK, Key.OK, Key.OK, Key.D1, Key.D2, Key.D0, Key.CLEAR, Key.CANCEL)
                self._press(what, luck.pick(keys, f"key {what}"))
            case screens.SameCustomer() | screens.PaidAlready() | screens.UnusualAmount():
                self._press(what, Key.OK if chance < 0.7 else Key.CANCEL)
            case screens.Scanning() if chance < 0.85:
                self._show_code(what)
            case screens.Scanning():
                self._press(what, luck.pick((Key.CANCEL, Key.QR, Key.QR, Key.OK), f"key {what}"))
            case screens.DeclinedScreen() | screens.CancelledScreen():
                again = (Key.SCAN, Key.QR) if chance < 0.5 else (Key.OK, Key.CANCEL, Key.MENU, Key.D2)
                self._press(what, luck.pick(again, f"key {what}"))
            case screens.PaidScreen() | screens.AttentionScreen():
                if chance < 0.3:
                    self._refund(what)
                self._press(what, luck.pick((Key.OK, Key.OK, Key.CANCEL, Key.D1, Key.QR), f"key {what}"))
            case screens.Unresolved() | screens.Cancelling():
                self._press(what, luck.pick(_LEAVING, f"key {what}"))
            case _ if chance < 0.75:
                self._press(what, luck.pick(_IMPATIENT, f"key {what}"))
            case _:
                pass
        self.look()

    def _end_shift(self, what: str) -> None:
        """By command: over all that is unresolved, or over nothing."""
        over = frozenset(self.world.kiosk.orders) if self.luck.draw(f"{what} hands over") < 0.7 else frozenset()
        if self.luck.happens(f"{what} ends the shift"):
            self.world.happen(ShiftAsked("t", Reading(Aim.CLOSE, hand_over=over, token="t")), f"{what} shift ends")

    def _next(self) -> None:
        self.visit += 1
        self.done, self.begun = 0, False
        if self.visit < self.visits:
            self.look()
        else:
            self.moment += 1
            self.world.last_customer_left(self.luck.pick(LATER, "how long it goes on"))

    def _press(self, what: str, key: Key) -> None:
        if self.luck.happens(f"{what} presses {key}"):
            self.world.happen(Pressed(key), f"{what} {key}")

    def _key_pin(self, what: str, screen: past_screens.PinAsked) -> None:
        """The right one, a wrong one, or none."""
        pin = self.luck.pick((self.world.pin_of(screen.who), self.world.pin_of(screen.who), "1111", ""), f"PIN {what}")
        for digit in pin:
            self._press(f"{what} {digit}", Key(digit))
        self._press(what, Key.OK if pin else Key.CANCEL)

    def _key_amount(self, what: str) -> None:
        if not self.luck.happens(f"{what} keys an amount"):
            return
        if not (self.same and self.amount):
            self.amount = self.luck.pick(AMOUNTS, f"amount {what}")
        self.begun = True
        if self.luck.draw(f"quick {what}") < 0.2:
            self.world.happen(Pressed(Key.SCAN), f"{what} board")
        for digit in str(self.amount):
            self.world.happen(Pressed(Key(digit)), f"{what} {digit}")
        self._begin(what, self.luck.draw(f"begin {what}"))

    def _begin(self, what: str, chance: float) -> None:
        self.begun = True
        if isinstance(self.world.screen, screens.Keying) and self.world.screen.hint is AmountHint.TOO_LARGE:
            self._press(what, Key.CLEAR)
            return
        screen = self.world.screen
        if isinstance(screen, screens.Keying) and screen.lines and self.luck.draw(f"more {what}") < 0.5:
            self._press(what, Key.D1)
        key = Key.OK if chance < 0.5 else Key.SCAN if chance < 0.65 else Key.QR if chance < 0.95 else Key.CLEAR
        self._press(what, Key.MENU if self.luck.draw(f"plus {what}") < 0.15 else key)

    def _show_code(self, what: str) -> None:
        """A phone in front of the camera; sometimes an old code, sometimes two phones, sometimes seen once more."""
        ticket = self.world.ticket
        if ticket is None or not self.luck.happens(f"{what} shows a code"):
            return
        old = self.phones > 0 and self.luck.draw(f"old code {what}") < 0.1
        self.phones += not old
        if self.ticket is not None and self.ticket != ticket and self.luck.strikes("seen again", f"late {what}"):
            self.world.happen(CodeSeen(self.ticket, _code(self.phones + 1000)), f"{what} late scan")
        self.ticket = ticket
        self.shown.setdefault(ticket, set()).add(_code(self.phones))
        self.world.happen(CodeSeen(ticket, _code(self.phones)), f"{what} code")
        if self.luck.strikes("seen again", what):
            self.phones += self.luck.draw(f"two phones {what}") < 0.5
            again = CodeSeen(ticket, _code(self.phones))
            self.shown[ticket].add(again.code)
            pause = self.luck.between(0, 9000, f"seen again {what}", 2)
            self.world.later(pause, lambda: self.world.happen(again, f"{what} code again"))

    def _refund(self, what: str) -> None:
        """Part or all of a payment goes back; sometimes more than there is, sometimes at once again."""
        world, luck = self.world, self.luck
        anything = luck.draw(f"what {what} gives back") < 0.1
        paid = [row for row in world.rows.orders.values() if anything or row.state is OrderState.PAID]
        if not paid or not luck.happens(f"{what} gives money back"):
            return
        row = luck.pick(paid, f"refund of {what}")
        for time in range(luck.pick((1, 1, 2), f"refunds {what}")):
            order, sale = world.ledger.order(row.out_trade_no), world.ledger.sale(row.sale_id)
            if order is None or sale is None or world.dark:
                return
            half = max(1, order.money.amount // 2)
            amount = luck.pick((None, half, 1, order.money.amount), f"how much {what} {time}")
            before = world.ledger.refunds_of(order.out_trade_no)
            world.happen(RefundAsked(order, sale, before, amount, token=""), f"{what} refund {time}")


def _code(phone: int) -> PaymentCode:
    return PaymentCode(f"13{phone:016d}")


def answers_the_charge(world: World, charge: Charge) -> str:
    """What the card behind this code does; with a password, the customer types it, or fails, or goes."""
    number, tag = charge.order.out_trade_no, world.tag(charge.order)
    fate = world.luck.pick(("paid", "paid", "paid", "password", "password", "declined", "payerror"), f"fate {tag}")
    if fate == "password":
        types = world.luck.draw(f"types {tag}")
        wait = world.luck.between(1000, 60_000, f"typing {tag}")
        if types < 0.7:
            world.later(wait, lambda: pays(world, number, tag))
        elif types < 0.8:
            world.later(wait, lambda: world.bank.fail(number, world.now))
    return fate


def scans_the_qr(world: World, place: Place) -> None:
    """A customer may scan it: at once, late, when it is about to expire, or never; a second one may try, too."""
    tag = world.tag(place.order)
    if world.luck.draw(f"scans {tag}") < 0.75 and place.order.tries == 0:
        for phone in range(world.luck.pick((1, 1, 2), f"phones {tag}")):
            wait = world.luck.between(1000, 380_000, f"scanning {tag} {phone}", 5)
            world.later(wait, lambda: pays(world, place.order.out_trade_no, tag))


def pays(world: World, number: str, tag: str) -> None:
    """The customer does what the phone asks for; WeChat may tell the kiosk, once, twice, late or never."""
    row = world.rows.orders.get(number)
    if row is None or not world.luck.happens(f"{tag} pays"):
        return
    if world.bank.pay(number, world.now):
        world.tell(tag, "the customer pays")
        for time in range(world.luck.pick((0, 0, 1, 2), f"notified {tag}")):
            wait = world.luck.between(100, 20_000, f"told {tag} {time}", 2)
            world.later(wait, lambda: world.happen(Notified(number), f"{tag} notified"))


def tells_wrongly(world: World, row: Order) -> None:
    """A notification that is early, old or repeated, or names an order of nobody."""
    tag = world.tag(row)
    if world.luck.strikes("told wrongly", tag):
        other = world.luck.draw(f"of whom {tag}") < 0.2
        number = "K07-260101-zz0001" if other else row.out_trade_no
        wait = world.luck.between(10, 90_000, f"told wrongly {tag}", 2)
        world.later(wait, lambda: world.happen(Notified(number), f"{tag} told wrongly"))

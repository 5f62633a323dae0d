"""The provider as the lanes see it, over real HTTP: signed out, verified in, one of six outcomes, and no code anywhere else."""

from __future__ import annotations

import base64
import gc
import io
import itertools
import json
import logging
import re
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from kiosk.core.model import (
    Answer,
    Decline,
    Declined,
    Direct,
    Ended,
    NotFound,
    Order,
    OrderState,
    Paid,
    Pending,
    Refund,
    Tender,
    Unknown,
    Why,
)
from kiosk.core.money import Money
from kiosk.core.ports import Provider
from kiosk.core.secret import PaymentCode
from kiosk.payment.wechat import Deadlines, WechatPay, open_provider
from kiosk.payment.wechat.notification import Closed, Notice, Refused
from kiosk.payment.wechat.statements import Lack, NoStatement
from kiosk.payment.wechat.verifier import Flaw
from tests.wechat_stub import (
    API_V3_KEY,
    NOW,
    Authority,
    Platform,
    Received,
    StillClock,
    Stub,
    closed_door,
    private_pem,
    raw_reply,
    rsa_key,
    seal,
)

CODE = "134567890123456789"
MERCHANT = Direct("wx1234567890abcdef", "1900009999")
ORDER = Order("K07-260105-a00001", "s", Tender.QUICK_PAY, Money(1750, "USD"), NOW, OrderState.SENT, expires_at=NOW + 300_000)
REFUND = Refund("R-K07-260105-a00001", ORDER.out_trade_no, Money(1750, "USD"), NOW)
PLATFORM = Platform()
OLD = Platform("old", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1")
NEW = Platform("new", "01A2B3C4EFDC096DE15EBE81A47057A7232F1B8E")
PAID = {
    "id": "4200009999202601050000000123",
    "out_trade_no": ORDER.out_trade_no,
    "trade_state": "SUCCESS",
    "amount": {"total": 1750, "currency": "USD"},
}


def opened(*hosts: str, keys: object = None, clock: StillClock | None = None, cache: Path | None = None, **more) -> WechatPay:
    counter = itertools.count()
    return open_provider(
        merchant=MERCHANT,
        merchant_category_code="5814",
        hosts=hosts,
        merchant_key_pem=private_pem(rsa_key("merchant")),
        merchant_serial="4A5B",
        api_v3_key=API_V3_KEY,
        platform_keys=keys or [PLATFORM.given],
        notify_url="https://pay.example.net/notify",
        description="Harbour Snacks",
        device_id="K07",
        clock=clock or StillClock(),
        nonce=lambda: f"nonce{next(counter)}",
        certificate_cache=cache,
        **more,
    )


def charge(provider: Provider, left=lambda: None) -> Answer:
    return provider.charge(ORDER, PaymentCode(CODE), left)


def listing(*platforms: Platform, signer: Platform | None = None) -> bytes:
    return (signer or platforms[0]).reply(200, {"data": [platform.listed() for platform in platforms]})


# --- what goes out ---


def test_every_request_is_signed_over_its_own_bytes() -> None:
    """The merchant's signature holds over method, target, time, nonce and the body that arrived; each nonce is new."""
    with Stub(lambda _: PLATFORM.reply(200, PAID)) as stub:
        provider = opened(stub.url)
        charge(provider)
        provider.place(ORDER, lambda: None)
        provider.ask(ORDER)
        provider.reverse(ORDER)
        provider.close(ORDER)
        provider.refund(REFUND, ORDER)
        provider.ask_refund(REFUND, ORDER)
        assert len(stub.received) == 7
        form = (
            r'WECHATPAY2-SHA256-RSA2048 mchid="1900009999",nonce_str="(\w+)",timestamp="(\d+)",serial_no="4A5B",signature="(.+)"'
        )
        nonces = set()
        for request in stub.received:
            found = re.fullmatch(form, request.headers["authorization"])
            assert found
            nonce, timestamp, signature = found.groups()
            assert timestamp == str(NOW // 1000)
            nonces.add(nonce)
            string = f"{request.method}\n{request.target}\n{timestamp}\n{nonce}\n".encode() + request.body + b"\n"
            rsa_key("merchant").public_key().verify(base64.b64decode(signature), string, padding.PKCS1v15(), hashes.SHA256())
            assert request.headers["accept"] == "application/json"
            assert request.headers["accept-encoding"] == "identity"
            assert request.headers["accept-language"] == "en"
            assert request.headers["user-agent"].startswith("kiosk/")
            assert request.headers["wechatpay-serial"] == PLATFORM.serial
            assert request.headers.get("content-type") == ("application/json" if request.body else None)
        assert len(nonces) == 7


# --- what comes in ---


@pytest.mark.parametrize(
    ("call", "reply", "outcome"),
    [
        ("charge", (200, PAID), Paid(PAID["id"], Money(1750, "USD"))),
        ("charge", (403, {"code": "NOT_ENOUGH"}), Declined(Decline.BALANCE)),
        ("place", (200, {"code_url": "weixin://x"}), Pending()),
        ("ask", (404, {"code": "ORDER_NOT_EXIST"}), NotFound()),
        ("ask", (200, PAID), Paid(PAID["id"], Money(1750, "USD"))),
        ("reverse", (204, None), Pending()),
        ("close", (400, {"code": "ORDER_CLOSED"}), Ended(OrderState.CLOSED)),
        ("refund", (200, {"id": "503", "out_refund_no": REFUND.out_refund_no}), Pending()),
        ("ask_refund", (200, {"id": "503", "status": "SUCCESS"}), Ended(OrderState.REFUNDED)),
    ],
)
def test_each_call_reads_its_answer(call: str, reply: tuple, outcome: object) -> None:
    """Verified answers go through the call's own table, with WeChat's time and the fact that it was reached."""
    with Stub(lambda _: PLATFORM.reply(*reply)) as stub:
        provider = opened(stub.url)
        answer = {
            "charge": lambda: charge(provider),
            "place": lambda: provider.place(ORDER, lambda: None),
            "ask": lambda: provider.ask(ORDER),
            "reverse": lambda: provider.reverse(ORDER),
            "close": lambda: provider.close(ORDER),
            "refund": lambda: provider.refund(REFUND, ORDER),
            "ask_refund": lambda: provider.ask_refund(REFUND, ORDER),
        }[call]()
        assert answer.outcome == outcome
        assert (answer.server_time, answer.reached) == (NOW, True)


def unsigned(status: int, data: object) -> bytes:
    return raw_reply(status, json.dumps(data).encode(), {})


def changed(header: str, value: str) -> bytes:
    body = json.dumps(PAID).encode()
    return raw_reply(200, body, PLATFORM.headers(body) | {header: value})


SIGNTEST = "WECHATPAY/SIGNTEST/" + PLATFORM.signature(b"", "1")[19:]
NOT_WECHATS = {
    "unsigned 200": (unsigned(200, PAID), Why.UNVERIFIED),
    "probe": (changed("Wechatpay-Signature", SIGNTEST), Why.UNVERIFIED),
    "signature of another body": (changed("Wechatpay-Signature", PLATFORM.signature(b"{}", str(NOW // 1000))), Why.UNVERIFIED),
    "unknown serial": (changed("Wechatpay-Serial", "ABCDEF0123"), Why.UNVERIFIED),
    "301 s old": (PLATFORM.reply(200, PAID, at=NOW // 1000 - 301), Why.UNVERIFIED),
    "folded nonce": (changed("Wechatpay-Nonce", "abc\r\n def"), Why.UNVERIFIED),
    "204 unsigned": (raw_reply(204, b"", {}), Why.UNVERIFIED),
    "redirect": (raw_reply(302, b"", {"Location": "/"}), Why.UNVERIFIED),
    "unsigned 404": (unsigned(404, {"code": "ORDER_NOT_EXIST"}), Why.UNVERIFIED),
    "unsigned 403": (unsigned(403, {"code": "NOT_ENOUGH"}), Why.UNVERIFIED),
    "unsigned 401": (unsigned(401, {"code": "SIGN_ERROR"}), Why.UNVERIFIED),
    "unsigned 429": (unsigned(429, {}), Why.BUSY),
    "unsigned 502": (unsigned(502, {}), Why.SERVER),
    "too large": (PLATFORM.reply(200, b"x" * 70_000), Why.MALFORMED),
}


@pytest.mark.parametrize(("reply", "why"), NOT_WECHATS.values(), ids=NOT_WECHATS.keys())
def test_what_is_not_verified_is_unknown_for_every_call(reply: bytes, why: Why) -> None:
    """Money neither moved nor stayed because of it; it does not even count as having reached WeChat."""
    with Stub(lambda _: reply) as stub:
        provider = opened(stub.url)
        answers = [charge(provider), provider.place(ORDER, lambda: None), provider.ask(ORDER), provider.reverse(ORDER)]
        answers += [provider.close(ORDER), provider.refund(REFUND, ORDER), provider.ask_refund(REFUND, ORDER)]
        for answer in answers:
            assert isinstance(answer.outcome, Unknown)
            assert (answer.outcome.why, answer.reached, answer.server_time, answer.echo) == (why, False, None, None)


def test_299_seconds_are_not_too_old() -> None:
    """The other side of the window."""
    with Stub(lambda _: PLATFORM.reply(200, PAID, at=NOW // 1000 - 299)) as stub:
        assert isinstance(charge(opened(stub.url)).outcome, Paid)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"trade_state":"SUCCESS"}', Why.MALFORMED),
        (b'{"trade_state":"SUCCESS","trade_state":"SUCCESS"}', Why.MALFORMED),
        (b"\x1f\x8b gzip", Why.MALFORMED),
        (b"[" * 60_000, Why.MALFORMED),
        (b"", Why.MALFORMED),
    ],
)
def test_verified_nonsense_is_malformed(body: bytes, why: Why) -> None:
    """WeChat signed it, and still it says nothing."""
    with Stub(lambda _: PLATFORM.reply(200, body)) as stub:
        answer = charge(opened(stub.url))
        assert isinstance(answer.outcome, Unknown)
        assert (answer.outcome.why, answer.reached) == (why, True)


def test_no_network_is_not_sent_and_left_is_not_called() -> None:
    """The one Unknown after which the sale may be tried again at once."""
    lefts: list[int] = []
    with closed_door() as closed:
        answer = charge(opened(closed), lambda: lefts.append(1))
    assert answer == Answer(Unknown(Why.NOT_SENT, "ConnectionRefusedError"))
    assert lefts == []


def test_a_lost_answer_is_cut_and_the_charge_leaves_once() -> None:
    """Two hosts, one of which takes the charge and hangs up: one charge in the world."""
    lefts: list[int] = []
    with Stub(lambda _: None) as first, Stub(lambda _: PLATFORM.reply(200, PAID)) as second:
        answer = charge(opened(first.url, second.url), lambda: lefts.append(1))
        assert answer == Answer(Unknown(Why.CUT, "RemoteDisconnected"))
        assert (len(first.received), len(second.received), lefts) == (1, 0, [1])


def test_a_deadline_is_kept_and_named() -> None:
    """Silence ends in TIMEOUT."""
    over = threading.Event()
    with Stub(lambda _: lambda _: over.wait(20)) as stub:
        answer = charge(opened(stub.url, deadlines=Deadlines(charge_s=3)))
        over.set()
    assert answer == Answer(Unknown(Why.TIMEOUT, "TimeoutError"))


def test_stop_lets_both_lanes_go() -> None:
    """Calls under way come back as Unknown, without waiting for their deadlines."""
    over, begun = threading.Event(), threading.Barrier(3)

    def silence(_: Received):
        begun.wait(10)
        return lambda _: over.wait(30)

    with Stub(silence) as stub:
        provider = opened(stub.url, deadlines=Deadlines(charge_s=60, ask_s=60))
        answers: list[Answer] = []
        lanes = [
            threading.Thread(target=lambda: answers.append(charge(provider))),
            threading.Thread(target=lambda: answers.append(provider.ask(ORDER))),
        ]
        for lane in lanes:
            lane.start()
        begun.wait(10)
        provider.stop()
        for lane in lanes:
            lane.join(10)
        over.set()
        assert [answer.outcome.why for answer in answers] == [Why.CUT, Why.CUT]
        assert provider.ask(ORDER).outcome.why is Why.NOT_SENT


def test_two_lanes_at_once_do_not_mix_their_answers() -> None:
    """Each thread gets what belongs to its own question, over and over."""

    def echo(request: Received) -> bytes:
        number = request.target.split("/")[-1].split("?")[0]
        return PLATFORM.reply(200, PAID | {"out_trade_no": number})

    with Stub(echo) as stub:
        provider = opened(stub.url)
        wrong: list[object] = []

        def lane(name: str) -> None:
            for turn in range(40):
                order = Order(f"{name}-{turn:06}", "s", Tender.NATIVE, Money(1750, "USD"), NOW, OrderState.SENT)
                answer = provider.ask(order)
                if answer.echo is None or answer.echo.out_trade_no != order.out_trade_no:
                    wrong.append(answer)

        lanes = [threading.Thread(target=lane, args=(name,)) for name in ("counter", "office")]
        for thread in lanes:
            thread.start()
        for thread in lanes:
            thread.join()
        assert wrong == []
        assert (len(stub.received), stub.connections) == (80, 2)


def test_it_speaks_tls_with_the_given_authority(tmp_path) -> None:
    """ca_file reaches the connection."""
    authority = Authority(tmp_path)
    with Stub(lambda _: PLATFORM.reply(200, PAID), authority.server()) as stub:
        now = StillClock(time.time_ns() // 1_000_000)  # by which the server's certificate is valid
        answer = charge(opened(stub.url, ca_file=authority.file, clock=now))
        assert answer.outcome == Unknown(Why.UNVERIFIED, "stale")  # read and judged: the stub signs at another time


# --- warm and probe ---


def test_warm_is_cheap_when_the_line_is_warm() -> None:
    """The first warm asks something; the next does not, and the charge uses that very connection."""
    with Stub(
        lambda request: PLATFORM.reply(404 if request.method == "GET" else 200, {"code": "ORDER_NOT_EXIST"} | PAID)
    ) as stub:
        provider = opened(stub.url)
        assert provider.warm() == Answer(Pending(), server_time=NOW, reached=True)
        assert provider.warm() == Answer(Pending(), reached=True)
        assert len(stub.received) == 1
        charge(provider)
        assert (stub.connections, len(stub.received)) == (1, 2)


def test_warm_replaces_a_line_that_was_hung_up(until) -> None:
    """An idle connection that the server closed is noticed, and a new one is there for the charge."""
    with Stub(lambda _: PLATFORM.reply(404, {"code": "ORDER_NOT_EXIST"})) as stub:
        provider = opened(stub.url)
        provider.warm()
        stub.hang_up()
        until(lambda: provider.warm().server_time)  # asks again as soon as the close has arrived
        assert (stub.connections, len(stub.received)) == (2, 2)


def test_warm_asks_again_after_a_while_and_after_unverified_answers() -> None:
    """A line is warm for warm_for_s, and only if something verified came over it."""
    with Stub(lambda _: PLATFORM.reply(404, {"code": "ORDER_NOT_EXIST"})) as stub:
        provider = opened(stub.url, deadlines=Deadlines(warm_for_s=0))
        provider.warm()
        provider.warm()
        assert len(stub.received) == 2
    with Stub(lambda _: unsigned(404, {"code": "ORDER_NOT_EXIST"})) as stub:
        provider = opened(stub.url)
        assert [provider.warm().reached, provider.warm().reached] == [False, False]
        assert len(stub.received) == 2
    replies = iter([PLATFORM.reply(200, PAID), unsigned(200, PAID), PLATFORM.reply(404, {"code": "ORDER_NOT_EXIST"})])
    with Stub(lambda _: next(replies)) as stub:
        provider = opened(stub.url)
        charge(provider)
        provider.ask(ORDER)
        assert provider.warm().reached
        assert len(stub.received) == 3


def test_a_probe_says_what_is_wrong() -> None:
    """A verified refusal reaches WeChat and is no success; no network is no network."""
    with Stub(lambda _: PLATFORM.reply(401, {"code": "SIGN_ERROR"})) as stub:
        assert opened(stub.url).probe() == Answer(Unknown(Why.REFUSED, "SIGN_ERROR"), server_time=NOW, reached=True)
    with closed_door() as closed:
        assert opened(closed).probe() == Answer(Unknown(Why.NOT_SENT, "ConnectionRefusedError"))


@pytest.mark.parametrize("date", [{}, {"Date": "yesterday"}, {"Date": "Mon, 05 Jan 99999999999 18:04:11 GMT"}])
def test_a_probe_learns_no_time_from_a_date_that_is_none(date: dict[str, str]) -> None:
    """The answer is not signed, and its date is only a hint."""
    with Stub(lambda _: raw_reply(401, b"{}", date)) as stub:
        answer = opened(stub.url).probe()
    assert (answer.server_time, answer.reached) == (None, False)


@pytest.mark.parametrize("signed_401", [True, False])
@pytest.mark.parametrize("by_list", [True, False])
def test_a_probe_learns_the_time_when_ours_is_wrong(signed_401: bool, by_list: bool) -> None:
    """A kiosk whose clock is days behind is refused at first, and still learns the verified time; then all is well."""
    platform = OLD if by_list else PLATFORM

    def strict(request: Received) -> bytes:
        timestamp = int(re.search(r'timestamp="(\d+)"', request.headers["authorization"])[1])
        if abs(timestamp - NOW // 1000) > 300:
            date = {"Date": format_datetime(datetime.fromtimestamp(NOW // 1000, UTC), usegmt=True)}
            body = b'{"code":"SIGN_ERROR"}'
            return raw_reply(401, body, (platform.headers(body) if signed_401 else {}) | date)
        return listing(OLD) if by_list else platform.reply(404, {"code": "ORDER_NOT_EXIST"})

    clock = StillClock(NOW - 3 * 86_400_000)
    with Stub(strict) as stub:
        provider = opened(stub.url, clock=clock, keys="certificates" if by_list else None)
        answer = provider.probe()
        assert answer == Answer(Unknown(Why.UNVERIFIED, "stale"), server_time=NOW, reached=True)
        clock.correct(answer.server_time - clock.now())
        assert provider.probe() == Answer(Pending(), server_time=NOW, reached=True)


@pytest.mark.parametrize("years", [-10, 10])
@pytest.mark.parametrize("by_list", [True, False])
@pytest.mark.parametrize("tls", [True, False])
def test_a_probe_learns_the_time_when_ours_is_years_off(tmp_path, years: int, by_list: bool, tls: bool) -> None:
    """No certificate is valid by such a clock, neither the server's nor one in the list: the time is learnt all the same."""
    authority = Authority(tmp_path)
    true = time.time_ns() // 1_000_000 - years * 365 * 86_400_000  # the machine's and the kiosk's clock agree, and are wrong
    platform = replace(OLD if by_list else PLATFORM, now=true // 1000)

    def strict(request: Received) -> bytes:
        timestamp = int(re.search(r'timestamp="(\d+)"', request.headers["authorization"])[1])
        if abs(timestamp - true // 1000) > 300:
            date = {"Date": format_datetime(datetime.fromtimestamp(true // 1000, UTC), usegmt=True)}
            return raw_reply(401, b'{"code":"SIGN_ERROR"}', date)
        return listing(platform) if by_list else platform.reply(404, {"code": "ORDER_NOT_EXIST"})

    clock = StillClock(time.time_ns() // 1_000_000)
    context = authority.server(days=10 - years * 365) if tls else None
    with Stub(strict, context) as stub:
        provider = opened(stub.url, clock=clock, keys="certificates" if by_list else None, ca_file=authority.file)
        answer = provider.probe()
        assert (answer.server_time, answer.reached) == (true // 1000 * 1000, True)
        clock.correct(answer.server_time - clock.now())
        assert provider.probe() == Answer(Pending(), server_time=true // 1000 * 1000, reached=True)


@pytest.mark.parametrize(("days", "problem"), [(-1, "CertificateExpired"), (40, "CertificateNotYetValid")])
def test_a_certificate_out_of_date_is_not_excused_by_a_clock_that_is_right(tmp_path, days: int, problem: str) -> None:
    """What WeChat signs says that our time is true: then it is the server that is not to be believed."""
    authority = Authority(tmp_path)
    clock = StillClock(time.time_ns() // 1_000_000)
    platform = replace(PLATFORM, now=clock.now() // 1000)
    with Stub(lambda _: platform.reply(404, {"code": "ORDER_NOT_EXIST"}), authority.server(days=days)) as stub:
        answer = opened(stub.url, clock=clock, ca_file=authority.file).probe()
        assert answer == Answer(Unknown(Why.NOT_SENT, problem))


def test_a_knock_at_a_dead_door_is_not_waited_for_when_the_next_is_answered() -> None:
    """The first knock was lost; another beside it is heard, and what was lost holds nothing up."""
    over = threading.Event()
    silent = lambda _: lambda __: over.wait(20)  # noqa: E731  a function of a function
    with Stub(silent) as stub:
        provider = opened(stub.url, deadlines=Deadlines(probe_s=0.1, beside_s=0.05))
        assert isinstance(provider.probe().outcome, Unknown)  # from now on in doubt
        provider = opened(stub.url, deadlines=Deadlines(probe_s=20, ask_s=0.1, beside_s=0.05))
        provider.ask(ORDER)
        before = len(stub.received)

        def answer(_: Received):
            return silent(_) if len(stub.received) < before + 3 else PLATFORM.reply(404, {"code": "ORDER_NOT_EXIST"})

        stub.answer = answer
        assert provider.probe() == Answer(Pending(), server_time=NOW, reached=True)
        assert len(stub.received) >= before + 3  # one more may have left before the answer was read
        over.set()
        provider.stop()
        for each in threading.enumerate():  # or their last words are read by another test
            if each.name == "knock":
                each.join(20)


def test_in_doubt_what_may_be_asked_again_has_less_time_and_a_charge_has_not() -> None:
    """After an exchange of which nothing came, until anything comes."""
    over = threading.Event()
    with Stub(lambda _: lambda __: over.wait(20)) as stub:
        provider = opened(stub.url, deadlines=Deadlines(ask_s=3, undo_s=60, refund_s=60, charge_s=60, doubt_s=0.01))
        assert provider.ask(ORDER).outcome == Unknown(Why.TIMEOUT, "TimeoutError")
        for call in (provider.reverse, provider.close, lambda order: provider.refund(REFUND, order)):
            assert call(ORDER).outcome.why in {Why.TIMEOUT, Why.NOT_SENT}  # within 20 s, not 60
        stub.answer = lambda _: lambda connection: over.wait(0.1) or connection.sendall(PLATFORM.reply(200, PAID))
        assert isinstance(charge(provider).outcome, Paid)
        over.set()


# --- platform certificates ---


class Rotating:
    """A platform that lists `certificates`, and signs everything else with `speaks`."""

    def __init__(self, *certificates: Platform) -> None:
        self.certificates = list(certificates)
        self.speaks = certificates[0]
        self.fetches = 0

    def __call__(self, request: Received) -> bytes:
        if request.target == "/v3/global/certificates":
            self.fetches += 1
            return listing(*self.certificates)
        return self.speaks.reply(200, PAID)


def test_an_unknown_serial_is_fetched_for_once_and_then_verified() -> None:
    """The first answer ever is signed by a stranger: one fetch, and it is Paid; the next needs none."""
    platform = Rotating(OLD)
    with Stub(platform) as stub:
        provider = opened(stub.url, keys="certificates")
        assert isinstance(charge(provider).outcome, Paid)
        assert isinstance(provider.ask(ORDER).outcome, Paid)
        assert platform.fetches == 1
        assert "wechatpay-serial" not in stub.received[0].headers


def test_a_rotation_passes_unnoticed_and_the_old_key_still_counts() -> None:
    """The new certificate is fetched when it first speaks; what the old one signs is verified as before."""
    platform, clock = Rotating(OLD), StillClock()
    with Stub(platform) as stub:
        provider = opened(stub.url, keys="certificates", clock=clock)
        assert provider.probe().reached
        platform.certificates, platform.speaks = [NEW], NEW
        assert isinstance(provider.ask(ORDER).outcome, Paid)
        platform.speaks = OLD
        assert isinstance(provider.ask(ORDER).outcome, Paid)
        assert platform.fetches == 2


def test_unknown_serials_cause_one_fetch_a_minute() -> None:
    """Whoever invents serials does not make the kiosk hammer WeChat; after a minute it looks again."""
    platform, clock = Rotating(OLD), StillClock()
    platform.speaks = Platform("stranger", "77777777")
    with Stub(platform) as stub:
        provider = opened(stub.url, keys="certificates", clock=clock)
        for _ in range(5):
            assert provider.ask(ORDER).outcome == Unknown(Why.UNVERIFIED, "unknown_serial")
        assert platform.fetches == 1
        clock.correct(61_000)
        later = Platform("old", OLD.serial, now=clock.now() // 1000)
        platform.certificates = [later]
        provider.ask(ORDER)
        provider.ask(ORDER)
        assert platform.fetches == 2


def test_with_a_given_key_nothing_is_ever_fetched() -> None:
    """Public-key mode has no list (contract 1.8)."""
    platform = Rotating(OLD)
    with Stub(platform) as stub:
        assert opened(stub.url).ask(ORDER).outcome == Unknown(Why.UNVERIFIED, "unknown_serial")
        assert platform.fetches == 0


@pytest.mark.parametrize(
    "reply",
    [
        listing(OLD, signer=Platform("stranger", "77777777")),
        listing(OLD, signer=Platform("stranger", OLD.serial)),
        OLD.reply(200, {"data": [OLD.listed(key=b"another-apiv3-key-of-32-letters!")]}),
        OLD.reply(200, {"data": [OLD.listed(days=-1)]}),
        OLD.reply(200, {"data": []}),
        OLD.reply(200, {"data": [OLD.listed() | {"encrypt_certificate": {"algorithm": "another"}}]}),
        OLD.reply(200, {"data": "x"}),
        OLD.reply(200, {"data": [3, {}, {"serial_no": OLD.serial, "encrypt_certificate": seal(b"no PEM", "certificate")}]}),
        unsigned(200, {"data": [OLD.listed()]}),
        unsigned(404, {"code": "RESOURCE_NOT_EXISTS"}),
        OLD.reply(200, {"data": [OLD.listed()]}, at=NOW // 1000 - 400),
    ],
    ids=[
        "stranger",
        "forged",
        "sealed otherwise",
        "expired",
        "empty",
        "an unknown seal",
        "no list",
        "junk",
        "unsigned",
        "404",
        "stale",
    ],
)
def test_a_list_that_proves_nothing_is_not_believed(reply: bytes) -> None:
    """No key comes in that WeChat did not seal, sign and date; one fetch, no loop."""
    fetches = []

    def platform(request: Received) -> bytes:
        if request.target == "/v3/global/certificates":
            fetches.append(request)
            return reply
        return OLD.reply(200, PAID)

    with Stub(platform) as stub:
        answer = charge(opened(stub.url, keys="certificates"))
        assert answer == Answer(Unknown(Why.UNVERIFIED, "unknown_serial"))
        assert len(fetches) == 1


def test_a_certificate_does_not_go_by_another_serial() -> None:
    """serial_no must be the certificate's own, or the entry does not count."""
    mislabelled = Platform("old", NEW.serial)

    def platform(request: Received) -> bytes:
        listed = request.target == "/v3/global/certificates"
        return mislabelled.reply(200, {"data": [OLD.listed() | {"serial_no": NEW.serial}]} if listed else PAID)

    with Stub(platform) as stub:
        assert charge(opened(stub.url, keys="certificates")) == Answer(Unknown(Why.UNVERIFIED, "unknown_serial"))


def test_an_empty_list_that_wechat_signed_is_none() -> None:
    """The keys that are known stay, and serve."""
    platform = Rotating(OLD)
    with Stub(platform) as stub:
        provider = opened(stub.url, keys="certificates")
        assert provider.platform_ends_at is None
        assert provider.probe().reached
        ends_at = provider.platform_ends_at
        assert ends_at is not None
        platform.certificates = []
        stub.answer = lambda request: OLD.reply(200, {"data": []}) if "certificates" in request.target else platform(request)
        assert provider.probe() == Answer(Unknown(Why.UNVERIFIED, Flaw.FORM.value))
        assert isinstance(provider.ask(ORDER).outcome, Paid)
        assert provider.platform_ends_at == ends_at


def test_a_cache_that_cannot_be_read_costs_a_fetch(tmp_path, caplog) -> None:
    """Its owner is somebody else, or it is a folder."""
    cache = tmp_path / "certificates.json"
    cache.mkdir()
    platform = Rotating(OLD)
    with Stub(platform) as stub:
        assert isinstance(charge(opened(stub.url, keys="certificates", cache=cache)).outcome, Paid)
    assert platform.fetches == 1
    assert "cannot be read" in caplog.text


def test_without_time_left_no_certificate_is_fetched() -> None:
    """The call that met the stranger is over by then."""
    platform = Rotating(OLD)
    with Stub(platform) as stub:
        assert not opened(stub.url, keys="certificates")._refetch(time.monotonic() - 1)
    assert platform.fetches == 0


# --- settlements ---


def batch(number: int) -> dict[str, object]:
    amount = {"currency": "HKD", "pay": 1250, "refund": 0, "fee": 25, "settled": 1225}
    days = {"settlement_date": "20260107", "trade_start_date": "20260105", "trade_end_date": "20260106"}
    return {"batch_id": f"B{number}", **days, "amount": amount}


def test_settlements_come_page_by_page_until_all_are_there() -> None:
    """Or until a page is empty, whatever the count says; a page that is refused makes none of them."""
    pages = [[batch(1), batch(2)], [batch(3)]]
    told = {"left": list(pages), "total_count": 3}

    def platform(_: Received) -> bytes:
        return PLATFORM.reply(200, {"data": told["left"].pop(0) if told["left"] else [], "total_count": told["total_count"]})

    with Stub(platform) as stub:
        provider = opened(stub.url)
        provider.begin()
        found = provider.settlements("2026-01-05", "2026-01-07")
        assert [each.batch_id for each in found] == ["B1", "B2", "B3"]
        assert len(stub.received) == 2
        told.update(left=list(pages), total_count=9)
        assert len(provider.settlements("2026-01-05", "2026-01-07")) == 3
        stub.answer = lambda _: PLATFORM.reply(403, {"code": "NO_AUTH"})
        refused = provider.settlements("2026-01-05", "2026-01-07")
        assert isinstance(refused, NoStatement)
        assert refused.lack is Lack.REFUSED


def test_settlements_signed_by_a_stranger_have_the_certificates_fetched_once() -> None:
    """As for any other answer."""
    platform = Rotating(OLD)
    with Stub(platform) as stub:
        stub.answer = lambda request: (
            platform(request) if "certificates" in request.target else OLD.reply(200, {"data": [batch(1)], "total_count": 1})
        )
        found = opened(stub.url, keys="certificates").settlements("2026-01-05", "2026-01-07")
        assert [each.batch_id for each in found] == ["B1"]
        assert platform.fetches == 1


def test_a_restart_needs_no_fetch(tmp_path) -> None:
    """The cache knows the keys; it holds them sealed, so that another APIv3 key, or a writer without it, gets nothing in."""
    cache = tmp_path / "certificates.json"
    platform = Rotating(OLD, NEW)
    with Stub(platform) as stub:
        opened(stub.url, keys="certificates", cache=cache).probe()
        assert platform.fetches == 1
        platform.speaks = NEW
        assert isinstance(charge(opened(stub.url, keys="certificates", cache=cache)).outcome, Paid)
        assert platform.fetches == 1
        assert b"BEGIN CERTIFICATE" not in cache.read_bytes()
        for spoilt in (b"", b"{", b"\xff", json.dumps({"data": [NEW.listed(key=b"k" * 32)]}).encode()):
            cache.write_bytes(spoilt)
            before = platform.fetches
            assert isinstance(charge(opened(stub.url, keys="certificates", cache=cache)).outcome, Paid)
            assert platform.fetches == before + 1


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path, caplog) -> None:
    """A full or missing disk costs a fetch after the next restart, no sale."""
    with Stub(Rotating(OLD)) as stub:
        provider = opened(stub.url, keys="certificates", cache=tmp_path / "missing" / "certificates.json")
        assert isinstance(charge(provider).outcome, Paid)
        assert "could not be cached" in caplog.text


def test_warm_renews_the_list_every_twelve_hours() -> None:
    """On a call that no sale waits for."""
    platform, clock = Rotating(OLD), StillClock()
    with Stub(platform) as stub:
        provider = opened(stub.url, keys="certificates", clock=clock)
        provider.warm()
        provider.warm()
        assert platform.fetches == 1
        clock.correct(12 * 3_600_000)
        platform.certificates = [Platform("old", OLD.serial, now=clock.now() // 1000)]
        provider.warm()
        assert platform.fetches == 2


def test_lanes_that_meet_an_unknown_serial_together_fetch_once() -> None:
    """The second waits for the first one's fetch and uses it."""
    platform, both = Rotating(OLD), threading.Barrier(2)

    def together(request: Received) -> bytes:
        if request.target != "/v3/global/certificates":
            both.wait(10)
        return platform(request)

    with Stub(together) as stub:
        provider = opened(stub.url, keys="certificates")
        answers: list[Answer] = []
        lanes = [threading.Thread(target=lambda: answers.append(provider.ask(ORDER))) for _ in range(2)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        assert [type(answer.outcome) for answer in answers] == [Paid, Paid]
        assert platform.fetches == 1


# --- notifications ---


def notification(platform: Platform, data: object = PAID) -> tuple[dict[str, str], bytes]:
    envelope = {
        "id": "0b6f3c0e-4c53-5f0e-9a53-2f3d1f0c9a11",
        "event_type": "TRANSACTION.SUCCESS",
        "resource_type": "encrypt-resource",
        "resource": {"original_type": "transaction"} | seal(json.dumps(data).encode(), "transaction"),
    }
    body = json.dumps(envelope).encode()
    return platform.headers(body), body


def test_a_notification_is_opened_and_names_its_order() -> None:
    """Verified, opened, read like the answer to a query; an unknown serial is fetched for."""
    with Stub(Rotating(OLD)) as stub:
        notice = opened(stub.url, keys="certificates").open_notification(*notification(OLD))
    assert isinstance(notice, Notice)
    assert (notice.out_trade_no, notice.event_type) == (ORDER.out_trade_no, "TRANSACTION.SUCCESS")
    assert notice.about.outcome == Paid(PAID["id"], Money(1750, "USD"))


def test_a_forged_notification_is_refused() -> None:
    """Signed by a stranger, or changed on the way."""
    provider = opened("http://127.0.0.1:1")
    headers, body = notification(Platform("stranger"))
    assert provider.open_notification(headers, body) == Refused(Flaw.SIGNATURE)
    headers, body = notification(PLATFORM)
    assert provider.open_notification(headers, body.replace(b"TRANSACTION", b"TRANSACTIOM")) == Refused(Flaw.SIGNATURE)


def test_a_notification_that_holds_no_object_is_refused() -> None:
    """Signed and sealed by WeChat, and yet nothing that can be read."""
    headers, body = notification(PLATFORM, [1])
    assert opened("http://127.0.0.1:1").open_notification(headers, body) == Refused(Closed.MALFORMED)


# --- secrets ---


def test_the_payment_code_is_nowhere_but_in_the_body(caplog) -> None:
    """However the charge ends, and however loud the logs: no record, no repr and no exception shows the code."""
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "urllib3.connection", "urllib3.connectionpool", "requests", "kiosk"):
        caplog.set_level(logging.DEBUG, logger=name)
    printed = io.StringIO()
    seen: list[str] = []
    back = f"HTTP/1.1 200 OK\r\n{CODE} {CODE}\r\nX-{CODE}: {CODE}\r\n\r\n{CODE}".encode()
    sign_error = {"code": CODE, "message": CODE, "detail": {"sign_information": {"truncated_sign_message": CODE}}}
    reactions = [
        PLATFORM.reply(200, PAID | {"attach": CODE}),
        PLATFORM.reply(401, sign_error),
        PLATFORM.reply(200, {"trade_state": CODE}),
        PLATFORM.reply(500, CODE.encode()),
        unsigned(401, sign_error),
        None,
        lambda connection: connection.sendall(back),
        lambda connection: connection.sendall(f"{CODE}\r\n".encode()),
        lambda connection: connection.sendall(back[:40]),
    ]
    arrived = 0
    for reaction in reactions:
        with Stub(lambda _, reaction=reaction: reaction) as stub:
            provider = opened(stub.url)
            answer = charge(provider)
            seen += [repr(answer), repr(provider), str(answer)]
            arrived += CODE.encode() in stub.received[0].body
            assert CODE not in stub.received[0].target + str(stub.received[0].headers)
    assert arrived == len(reactions)
    with closed_door() as closed:
        seen.append(repr(charge(opened(closed))))

    def failing() -> None:
        raise KeyError("our own mistake")

    with Stub(lambda _: None) as stub:
        try:
            charge(opened(stub.url), failing)
        except KeyError as error:
            traceback.print_exception(error, file=printed)
    for record in caplog.records:
        seen += [record.getMessage(), str(record.__dict__), logging.Formatter().format(record)]
    assert caplog.records
    assert not [text for text in seen if CODE in text]
    assert "KeyError" in printed.getvalue()
    assert CODE not in printed.getvalue()
    gc.collect()


def test_each_call_leaves_one_line_of_facts(caplog) -> None:
    """Call, status, outcome, milliseconds, Request-ID: what WeChat's support asks for."""
    caplog.set_level(logging.INFO, "kiosk")
    with Stub(lambda _: PLATFORM.reply(403, {"code": "NO_AUTH"})) as stub:
        opened(stub.url).ask(ORDER)
    (record,) = [record for record in caplog.records if record.name.startswith("kiosk")]
    facts = record.__dict__
    assert record.getMessage() == "WeChat Pay answered"
    assert (facts["call"], facts["status"], facts["outcome"], facts["why"], facts["code"]) == (
        "ask",
        403,
        "unknown",
        "refused",
        "NO_AUTH",
    )
    assert facts["Request-ID"] == "08F7-268435461"
    assert isinstance(facts["ms"], int)


def test_the_import_is_light() -> None:
    """Neither screen nor camera comes along with the payment; and the library for HTTP with the first request (late.py)."""
    command = "import sys, kiosk.payment.wechat; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", command], check=True, capture_output=True, text=True).stdout.split()
    assert "kiosk.payment.wechat.late" in loaded
    assert not {"requests", "urllib3", "pygame", "numpy", "PIL", "flask", "cryptography.x509"} & set(loaded)

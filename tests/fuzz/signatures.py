"""Forgeries through the kiosk's own verifier and opener: `python -m tests.fuzz.signatures --count N`. None may pass.

Each kind of forgery is a way somebody might go about it. What a mutation leaves as it was is no forgery and is not counted.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import string
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kiosk.payment.wechat.certificates import PlatformKeys
from kiosk.payment.wechat.crypto import PlatformKey, open_sealed, platform_key
from kiosk.payment.wechat.notification import Notice, open_notification
from kiosk.payment.wechat.verifier import WINDOW_S, check, check_statement
from tests.figures import tell
from tests.wechat_stub import API_V3_KEY, NONCE, NOW, Platform, as_body, seal

NAMES = ("Timestamp", "Nonce", "Signature", "Serial")
_BASE64 = string.ascii_letters + string.digits + "+/="
_ODD = ["\n", " ", "\t", "\x00", ",", "=", "\r\n", "１", "é", "A", "0"]


@dataclass(frozen=True, slots=True)
class Signed:
    """What WeChat once truly sent: the four headers by their short names, and the body."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Tally:
    """What came of it: how many of each kind were tried, and which passed."""

    tried: Counter[str] = field(default_factory=Counter)
    passed: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Forger:
    """Two genuine messages of the key in use, some of keys that are not, and ways to make something else of them."""

    def __init__(self, seed: int = 0) -> None:
        self.chance = random.Random(seed)
        self.platform = Platform(name="platform", serial="5157F09EFDC096DE15EBE81A47057A7232F1B8E1")
        self.expired = Platform(name="expired", serial="4A17F09EFDC096DE15EBE81A47057A7232F1B8E2")
        self.stranger = Platform(name="stranger", serial="6B27F09EFDC096DE15EBE81A47057A7232F1B8E3")
        self.key = platform_key(*self.platform.given)
        self.keys = PlatformKeys(api_v3_key=API_V3_KEY)
        listed = as_body({"data": [self.platform.listed(), self.expired.listed(days=-1)]})
        taken = self.keys.take(self.platform.headers(listed), listed, NOW)
        assert taken.flaw is None
        assert self.key_of(self.platform.serial) is not None
        assert self.key_of(self.expired.serial) is None
        self.genuine = [self.sign(self.platform, text) for text in _BODIES]
        self.others = {name: self.sign(who, _BODIES[0]) for name, who in (("expired", self.expired), ("stranger", self.stranger))}
        self.stale = [self.sign(self.platform, _BODIES[0], at=NOW // 1000 + by) for by in (-WINDOW_S, WINDOW_S, -3600, 86400)]
        self.sealed = seal(_PLAIN, "transaction")
        for each in self.genuine:
            assert self.accepts(each), "the genuine one must pass, or nothing here means anything"

    def key_of(self, serial: str) -> PlatformKey | None:
        """As the provider asks."""
        return self.keys.key_of(serial, NOW)

    def sign(self, who: Platform, body: bytes, at: int = NOW // 1000) -> Signed:
        """Truly signed by `who`."""
        headers = who.headers(body, at=at)
        return Signed({name: headers[f"Wechatpay-{name}"] for name in NAMES}, body)

    def accepts(self, message: Signed) -> bool:
        """Whether the product's verifier takes it, be it as an answer, as a notification, as a list or as a statement."""
        headers = {f"Wechatpay-{name}": value for name, value in message.headers.items()}
        if check(headers, message.body, self.key_of, NOW).flaw is None:
            return True
        if self.chance.random() < 0.02:  # the other doors lead to the same check: a sample
            opened = open_notification(headers, message.body, key_of=self.key_of, api_v3_key=API_V3_KEY, now=NOW)
            of_a_day = check_statement(headers | {"Wechatpay-Statement-Sha1": "0" * 40}, self.key_of, NOW)
            return isinstance(opened, Notice) or of_a_day.flaw is None or self.keys.take(headers, message.body, NOW).flaw is None
        return False

    # -- ways ------------------------------------------------------------------------------------------------------

    def body(self) -> Signed | None:
        """A byte of the body changed, dropped, added, or the end moved."""
        was = self._any()
        return _unless_same(was, body=self._bytes(was.body))

    def signature_bytes(self) -> Signed | None:
        """The signature itself changed, well-formed in Base64."""
        was = self._any()
        raw = self._bytes(base64.b64decode(was.headers["Signature"]))
        return _unless_same(was, Signature=base64.b64encode(raw).decode())

    def signature_text(self) -> Signed | None:
        """The spelling of the signature changed."""
        was = self._any()
        return _unless_same(was, Signature=self._text(was.headers["Signature"], _BASE64))

    def second_spelling(self) -> Signed | None:
        """The same bytes in other Base64: the letter before the padding has bits to spare."""
        was = self._any()
        signature = was.headers["Signature"]
        return _unless_same(was, Signature=signature[:-3] + self.chance.choice(_BASE64) + signature[-2:])

    def timestamp(self) -> Signed | None:
        """Another time, in form or not."""
        was = self._any()
        chosen = str(int(was.headers["Timestamp"]) + self.chance.randrange(-400, 400))
        return _unless_same(was, Timestamp=self.chance.choice([chosen, self._text(was.headers["Timestamp"], string.digits)]))

    def nonce(self) -> Signed | None:
        """Another nonce."""
        was = self._any()
        return _unless_same(was, Nonce=self._text(was.headers["Nonce"], string.ascii_letters + string.digits))

    def serial(self) -> Signed | None:
        """Empty, another's, or nearly the right one."""
        was = self._any()
        others = ["", " ", self.expired.serial, self.stranger.serial, was.headers["Serial"][:-1], "0" + was.headers["Serial"]]
        return _unless_same(was, Serial=self.chance.choice([*others, self._text(was.headers["Serial"], string.hexdigits)]))

    def missing_header(self) -> Signed | None:
        """One of the four is not there."""
        was = self._any()
        gone = self.chance.choice(NAMES)
        return Signed({name: value for name, value in was.headers.items() if name != gone}, was.body)

    def of_another_message(self) -> Signed | None:
        """Every part is genuine, but they do not belong together."""
        one, other = self.chance.sample(self.genuine, 2)
        names = self.chance.sample(NAMES[:3], self.chance.randrange(1, 4))
        body = self.chance.choice([one.body, other.body])
        made = Signed({**one.headers, **{name: other.headers[name] for name in names}}, body)
        return None if made in self.genuine else made

    def moved_fence(self) -> Signed | None:
        """The first lines of the body passed off as the end of the nonce, or the nonce's end as the time's: same signed bytes."""
        was = self.genuine[-1]
        lines = was.body.split(b"\n")
        by = self.chance.randrange(1, len(lines))
        moved = b"\n".join(lines[:by]).decode()
        fence = self.chance.choice(["\n", "\r\n", "\n\n"])
        nonce = f"{was.headers['Nonce']}{fence}{moved}"
        headers = {**was.headers, "Nonce": nonce}
        if self.chance.random() < 0.3:
            headers = {**headers, "Timestamp": f"{was.headers['Timestamp']}\n{nonce}", "Nonce": moved}
        return Signed(headers, b"\n".join(lines[by:]))

    def another_key(self) -> Signed | None:
        """Truly signed by an expired or an unknown key, under its own serial or under the one in use."""
        was = self.others[self.chance.choice(list(self.others))]
        serial = self.chance.choice([was.headers["Serial"], self.platform.serial, self.platform.serial.lower(), ""])
        return Signed({**was.headers, "Serial": serial}, was.body)

    def algorithm(self) -> Signed | None:
        """The header that names the algorithm says something else, and the signature is none."""
        was = self._any()
        named = self.chance.choice(["none", "HS256", "WECHATPAY2-SM2-WITH-SM3", "WECHATPAY2-SHA256-RSA1024", "", "RSA-PSS"])
        empty = base64.b64encode(bytes(self.chance.choice([0, 1, 32, 64, 128, 255, 257]))).decode()
        return Signed(
            {**was.headers, "Signature-Type": named, "Signature": self.chance.choice([empty, named, was.headers["Nonce"]])},
            was.body,
        )

    def probe(self) -> Signed | None:
        """WeChat's own test: a prefix that is Base64 like any other (contract 1.5)."""
        was = self._any()
        signature = was.headers["Signature"]
        cut = self.chance.choice([signature, signature[19:], signature[20:], self._text(signature, _BASE64), ""])
        return Signed({**was.headers, "Signature": "WECHATPAY/SIGNTEST/" + cut}, was.body)

    def stale_replay(self) -> Signed | None:
        """Truly signed, and 300 seconds or more from now; as it is, or with a time that would be fresh."""
        was = self.chance.choice(self.stale)
        fresh = str(NOW // 1000 + self.chance.randrange(-299, 300))
        return Signed({**was.headers, "Timestamp": self.chance.choice([was.headers["Timestamp"], fresh])}, was.body)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _any(self) -> Signed:
        return self.chance.choice(self.genuine)

    def _bytes(self, data: bytes) -> bytes:
        start = self.chance.randrange(len(data) + 1)
        end = min(len(data), start + self.chance.randrange(4))
        return data[:start] + self.chance.randbytes(self.chance.randrange(4)) + data[end:]

    def _text(self, text: str, letters: str) -> str:
        start = self.chance.randrange(len(text) + 1)
        end = min(len(text), start + self.chance.randrange(3))
        middle = self.chance.choice([*_ODD, "", self.chance.choice(letters), self.chance.choice(letters)])
        return text[:start] + middle + text[end:]

    def envelope(self) -> bool | None:
        """Whether a changed AES-GCM envelope (cipher, tag, nonce, associated data, key) opens."""
        sealed, key = dict(self.sealed), API_V3_KEY
        match self.chance.randrange(5):
            case 0 | 1:
                raw = self._bytes(base64.b64decode(str(sealed["ciphertext"])))
                sealed["ciphertext"] = base64.b64encode(raw).decode()
            case 2:
                sealed["ciphertext"] = self._text(str(sealed["ciphertext"]), _BASE64)
            case 3:
                part = self.chance.choice(["nonce", "associated_data"])
                sealed[part] = self._text(str(sealed[part]), string.ascii_letters + string.digits)
            case _:
                key = self._bytes(key)[:32].ljust(32, b"A")
        if sealed == self.sealed and key == API_V3_KEY:
            return None
        try:
            open_sealed(key, str(sealed["nonce"]), str(sealed["associated_data"]), str(sealed["ciphertext"]))
        except ValueError:
            return False
        return True


def forge(count: int, seed: int = 0) -> Tally:
    """Try `count` forgeries, each kind in its turn."""
    forger, tally = Forger(seed), Tally()
    ways: list[Callable[[], Signed | None]] = [
        *(
            forger.body,
            forger.signature_bytes,
            forger.signature_text,
            forger.second_spelling,
            forger.timestamp,
            forger.nonce,
            forger.serial,
        ),
        *(forger.missing_header, forger.of_another_message, forger.moved_fence, forger.another_key, forger.algorithm),
        *(forger.probe, forger.stale_replay),
    ]
    began, made = time.monotonic(), 0
    while made < count:
        for way in ways:
            message = way()
            if message is not None:
                made += 1
                tally.tried[way.__name__] += 1
                if forger.accepts(message):
                    tally.passed.append(f"{way.__name__}: {message!r}")
        for _ in range(5):
            opened = forger.envelope()
            if opened is not None:
                made += 1
                tally.tried["envelope"] += 1
                if opened:
                    tally.passed.append("envelope")
    tally.seconds = time.monotonic() - began
    return tally


def _unless_same(was: Signed, body: bytes | None = None, **headers: str) -> Signed | None:
    made = Signed({**was.headers, **headers}, was.body if body is None else body)
    return None if made == was or _differs_in_case_only(was, made) else made


def _differs_in_case_only(was: Signed, made: Signed) -> bool:
    """A serial is hex: its case means nothing, and it is not signed."""
    return made.body == was.body and {**made.headers, "Serial": made.headers["Serial"].upper()} == dict(was.headers)


_PLAIN = as_body({"out_trade_no": "K07-260105-aa000001", "trade_state": "SUCCESS", "amount": {"total": 1250, "currency": "HKD"}})
_BODIES = (
    _PLAIN,
    b"",
    as_body({"id": "n-1", "event_type": "TRANSACTION.SUCCESS", "resource": seal(_PLAIN, "transaction")}),
    as_body({"code": "ORDER_NOT_EXIST", "message": NONCE}),
    b'{\n"trade_state":"SUCCESS",\n"a":"' + NONCE.encode() + b'"\n}',
)


def main() -> int:
    """0 when none passed."""
    words = argparse.ArgumentParser(
        "python -m tests.fuzz.signatures", description="Forgeries through the kiosk's verifier and opener."
    )
    words.add_argument("--count", type=int, default=100_000)
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--json", action="store_true")
    given = words.parse_args()
    tally = forge(given.count, given.seed)
    tried = sum(tally.tried.values())
    tell("signatures", tried=tried, accepted=len(tally.passed))
    if given.json:
        facts = {
            "tried": tried,
            "accepted": len(tally.passed),
            "seconds": round(tally.seconds, 1),
            "per_s": round(tried / tally.seconds),
        }
        print(json.dumps({**facts, "kinds": dict(tally.tried)}))
    else:
        for kind, number in tally.tried.items():
            print(f"{kind:20} {number:>9}")
        print(f"{tried} tried, {len(tally.passed)} accepted, {tried / tally.seconds:.0f}/s")
    for passed in tally.passed[:20]:
        print(f"accepted: {passed[:400]}", file=sys.stderr)
    return 1 if tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())

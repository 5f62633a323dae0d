"""A merchant of our own for the stand-in's tests: signs, sends, verifies and decrypts with code independent of both sides."""

from __future__ import annotations

import base64
import http.client
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kiosk.sandbox.bank import Bank, wall_ms
from kiosk.sandbox.keys import Keys
from kiosk.sandbox.records import Merchant
from kiosk.sandbox.server import SandboxServer
from tests.lent_keys import lent

DIRECT = Merchant(appid="wx1234567890abcdef", mchid="1900009999", sub_mchid=None)
INSTITUTION = Merchant()
PAY = "/v3/global/micropay/transactions/pay"
NATIVE = "/v3/global/transactions/native"
REFUNDS = "/v3/global/refunds"


class Now:
    """The true time of a test: stands still until it is moved."""

    def __init__(self) -> None:
        self.ms = wall_ms()

    def __call__(self) -> int:
        return self.ms

    def forward(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


@dataclass
class Answer:
    """An answer as it came."""

    status: int
    headers: http.client.HTTPMessage
    raw: bytes
    verified: bool

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        return self.json["code"]

    @property
    def number(self) -> int:
        return int(self.headers["Request-ID"].rpartition("-")[2])


class Stand:
    """A served bank with a merchant in front of it."""

    def __init__(self, folder: Path, merchant: Merchant = INSTITUTION) -> None:
        self.folder = folder
        self.now = Now()
        self.keys = Keys(lent(folder))
        self.bank = Bank(merchant, now=self.now)
        self.server = SandboxServer(self.bank, self.keys)
        self.merchant = merchant
        pem = (folder / "merchant_key.pem").read_bytes()
        self._key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
        self.platform = serialization.load_pem_public_key((folder / "platform_public_key.pem").read_bytes())
        self.api_v3_key = (folder / "api_v3_key.txt").read_text().encode()
        self.server.start()

    @property
    def trouble(self):
        return self.bank.trouble

    # --- requests

    def authorization(self, method: str, target: str, body: bytes, **changed: str) -> str:
        items = {
            "mchid": self.merchant.mchid,
            "nonce_str": secrets.token_hex(16),
            "timestamp": str(self.now() // 1000),
            "serial_no": self.keys.merchant_serial,
        } | changed
        lines = [method, target, items["timestamp"], items["nonce_str"], ""]
        message = "\n".join(lines).encode() + body + b"\n"
        sign = self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        items.setdefault("signature", base64.b64encode(sign).decode())
        return "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{name}="{value}"' for name, value in items.items())

    def connect(self, timeout: float = 10) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", int(self.server.url.rpartition(":")[2]), timeout=timeout)

    def send(
        self, connection: http.client.HTTPConnection, method: str, target: str, body: Any = None, **headers: str | None
    ) -> None:
        """Send a signed request; a header given as None is left out. `_` in names stands for `-`."""
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        every: dict[str, str | None] = {
            "Authorization": self.authorization(method, target, raw),
            "Accept": "application/json",
            "User-Agent": "kiosk-test/1",
            "Accept-Language": "en",
        }
        if raw:
            every["Content-Type"] = "application/json"
        every |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in every.items():
            if value is not None:
                connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(raw)))
        connection.endheaders(raw)

    def call(self, method: str, target: str, body: Any = None, *, timeout: float = 10, **headers: str | None) -> Answer:
        connection = self.connect(timeout)
        try:
            self.send(connection, method, target, body, **headers)
            response = connection.getresponse()
            raw = response.read()
            return Answer(response.status, response.headers, raw, self.verified(response.headers, raw))
        finally:
            connection.close()

    def verified(self, headers: Any, raw: bytes, key: Any = None) -> bool:
        """Contract 1.4, with the fixed platform key, the serial and a window of five minutes."""
        names = ("Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Signature", "Wechatpay-Serial")
        timestamp, nonce, signature, serial = (headers[name] for name in names)
        if None in (timestamp, nonce, signature, serial) or headers["Wechatpay-Signature-Type"] != "WECHATPAY2-SHA256-RSA2048":
            return False
        if serial not in (self.keys.current.serial, self.keys.pub_key_id) and key is None:
            return False
        if abs(self.now() / 1000 - int(timestamp)) > 300:
            return False
        try:
            (key or self.platform).verify(
                base64.b64decode(signature), f"{timestamp}\n{nonce}\n".encode() + raw + b"\n", padding.PKCS1v15(), hashes.SHA256()
            )
        except (InvalidSignature, ValueError):
            return False
        return True

    def decrypt(self, resource: dict[str, str]) -> bytes:
        sealed = base64.b64decode(resource["ciphertext"])
        return AESGCM(self.api_v3_key).decrypt(resource["nonce"].encode(), sealed, resource["associated_data"].encode())

    # --- bodies and the usual calls

    def charge_body(self, number: str, code: str, **changed: Any) -> dict[str, Any]:
        return {
            **self.merchant.ids(),
            "description": "Kiosk 07 - snacks",
            "out_trade_no": number,
            "trade_type": "MICROPAY",
            "merchant_category_code": "5814",
            "payer": {"auth_code": code},
            "amount": {"total": 1250, "currency": "HKD"},
            "attach": "k07/123",
            "scene_info": {"device_id": "KIOSK07"},
        } | changed

    def native_body(self, number: str, **changed: Any) -> dict[str, Any]:
        body = self.charge_body(number, "", trade_type="NATIVE", notify_url="https://pay.example.net/wechat/notify")
        del body["payer"]
        return body | changed

    def refund_body(self, number: str, refund_no: str, refund: int = 1250, **changed: Any) -> dict[str, Any]:
        return {
            **self.merchant.ids(),
            "out_trade_no": number,
            "out_refund_no": refund_no,
            "amount": {"refund": refund, "total": 1250, "currency": "HKD"},
        } | changed

    @property
    def params(self) -> str:
        return "&".join(f"{name}={value}" for name, value in self.merchant.numbers().items())

    def charge(self, number: str, code: str | None = None, *, headers: dict[str, str] | None = None, **changed: Any) -> Answer:
        body = self.charge_body(number, code or self.bank.new_code(), **changed)
        return self.call("POST", PAY, body, **(headers or {}))

    def place(self, number: str, **changed: Any) -> Answer:
        return self.call("POST", NATIVE, self.native_body(number, **changed))

    def query(self, number: str) -> Answer:
        return self.call("GET", f"/v3/global/transactions/out-trade-no/{number}?{self.params}")

    def close(self, number: str) -> Answer:
        return self.call("POST", f"/v3/global/transactions/out-trade-no/{number}/close", self.merchant.numbers())

    def reverse(self, number: str) -> Answer:
        return self.call("POST", f"/v3/global/micropay/transactions/out-trade-no/{number}/reverse", self.merchant.numbers())

    def refund(self, number: str, refund_no: str, refund: int = 1250, **changed: Any) -> Answer:
        return self.call("POST", REFUNDS, self.refund_body(number, refund_no, refund, **changed))

    def refund_query(self, refund_no: str) -> Answer:
        return self.call("GET", f"{REFUNDS}/out-refund-no/{refund_no}?{self.params}")

    def state(self, number: str) -> str:
        return self.query(number).json["trade_state"]

    def order(self, number: str) -> dict[str, Any]:
        """As the bank's own ledger has it."""
        return next(each for each in self.bank.orders() if each["out_trade_no"] == number)

"""The signatures and seals of WeChat Pay's own client libraries, and our golden strings, come out to the byte (contract 15)."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
from datetime import UTC, datetime

import pytest

from kiosk.core.errors import ConfigError
from kiosk.payment.wechat.certificates import PlatformKeys
from kiosk.payment.wechat.crypto import MerchantKey, check_api_v3_key, open_sealed, platform_key, read_certificate
from kiosk.payment.wechat.notification import Closed, Notice, Refused, open_notification
from kiosk.payment.wechat.signer import Signer, string_to_sign
from kiosk.payment.wechat.verifier import Check, Flaw, check, check_statement, signed_string
from tests import wechat_vectors as vectors
from tests.wechat_stub import private_pem, rsa_key

KEY = platform_key("D7CE59D1F522D701", vectors.PUBLIC_KEY)


END = int(datetime(2028, 9, 16, 12, tzinfo=UTC).timestamp()) * 1000


def only(serial: str):
    return lambda asked: KEY if asked == serial else None


def test_v1_opens_and_any_change_closes_it() -> None:
    """AES-256-GCM: the published text comes out; with another nonce, associated data, key or text, nothing does."""
    key, nonce, data, sealed = (
        b"a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb",
        "uluk4a9R25RW",
        "associatedData",
        "ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=",
    )
    assert open_sealed(key, nonce, data, sealed) == b"message"
    for wrong in [
        (key[::-1], nonce, data, sealed),
        (key, nonce[::-1], data, sealed),
        (key, nonce, data + "x", sealed),
        (key, nonce, data, "v" + sealed[1:]),
        (key, nonce, data, "not base64"),
        (key, "", data, sealed),
        (key[:-1], nonce, data, sealed),
    ]:
        with pytest.raises(ValueError, match="does not open"):
            open_sealed(*wrong)


def test_v2_opens_with_a_key_of_16_bytes() -> None:
    """The code path takes any AES key length; the length of the owner's key is checked elsewhere."""
    sealed = "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC"
    assert open_sealed(b"testAPIv3Key0000", "wCq51qZv4Yfg", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8", sealed) == b"Hello World"


def test_v3_and_v4_verify_and_their_neighbours_do_not() -> None:
    """RSASSA-PKCS1-v1_5 with SHA-256 over six bytes; one other byte, and it is not WeChat's."""
    assert KEY.verifies(vectors.V3_SIGNATURE, b"source")
    assert not KEY.verifies(vectors.V3_SIGNATURE, b"Source")
    assert not KEY.verifies(vectors.V5_SIGNATURE, b"source")
    assert not KEY.verifies("", b"source")
    assert not KEY.verifies("é", b"source")
    assert not KEY.verifies(vectors.V3_SIGNATURE + "\n", b"source")


V5_HEADERS = {
    "Wechatpay-Timestamp": "1624523846",
    "Wechatpay-Nonce": "EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz",
    "Wechatpay-Serial": "D7CE59D1F522D701",
    "Wechatpay-Signature": vectors.V5_SIGNATURE,
}
V5_NOW = 1624523846_000


def test_v5_a_whole_callback_is_verified_and_opened() -> None:
    """Headers, a body with Chinese in it, a seal with a 16-byte key."""
    assert len(vectors.V5_BODY) == 568
    opened = open_notification(
        V5_HEADERS, vectors.V5_BODY, key_of=only("D7CE59D1F522D701"), api_v3_key=b"testMchAPIv3Key0", now=V5_NOW
    )
    assert isinstance(opened, Notice)
    assert opened.notice_id == "3119dfba-e649-5eec-ab1e-3412bc4d2e17"
    assert opened.event_type == "PAYSCORE.USER_OPEN_SERVICE"
    assert opened.out_trade_no is None
    assert opened.about.echo is not None
    assert ("mchid", "1234567890") in opened.about.echo.merchant_numbers
    assert opened.signed_at == V5_NOW


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"headers": {**V5_HEADERS, "Wechatpay-Serial": "OTHER"}}, Flaw.UNKNOWN_SERIAL),
        ({"headers": {}}, Flaw.UNSIGNED),
        ({"body": vectors.V5_BODY + b" "}, Flaw.SIGNATURE),
        ({"now": V5_NOW + 301_000}, Flaw.STALE),
        ({"api_v3_key": b"testMchAPIv3Key1"}, Closed.UNREADABLE),
        ({"body": b"x" * 70_000}, Closed.TOO_LARGE),
    ],
)
def test_v5_changed_is_refused(change: dict, problem: Flaw | Closed) -> None:
    """Each way in which a callback can be wrong is named."""
    given = {"headers": V5_HEADERS, "body": vectors.V5_BODY, "api_v3_key": b"testMchAPIv3Key0", "now": V5_NOW} | change
    refused = open_notification(
        given["headers"], given["body"], key_of=only("D7CE59D1F522D701"), api_v3_key=given["api_v3_key"], now=given["now"]
    )
    assert refused == Refused(problem)


def test_v10_a_published_certificate_comes_out() -> None:
    """The sealed certificate opens to the published bytes, and its serial and end are read from it."""
    pem = open_sealed(b"a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb", "14b16c03dc1b", "certificate", vectors.V10_CIPHERTEXT)
    assert hashlib.sha256(pem).hexdigest() == "8693813ac0735cb54b6e67f25086a5924c103712255b8857049b8e502d564eb4"
    certificate = read_certificate(pem)
    assert certificate.serial == 0x5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC
    assert END <= certificate.expires_at < END + 2 * 86_400_000  # 2028-09-17, whatever the time zone


def test_v10_a_list_signed_by_nobody_is_not_taken(tmp_path) -> None:
    """Opening with the APIv3 key is not enough: the list is verified too, with the keys that are in it."""
    entry = {
        "serial_no": "5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC",
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": "14b16c03dc1b",
            "associated_data": "certificate",
            "ciphertext": vectors.V10_CIPHERTEXT,
        },
    }
    keys = PlatformKeys(api_v3_key=b"a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb", cache=tmp_path / "cache")
    now = 1700000000_000
    headers = V5_HEADERS | {"Wechatpay-Timestamp": "1700000000", "Wechatpay-Serial": entry["serial_no"]}
    assert keys.take(headers, json.dumps({"data": [entry]}).encode(), now).flaw is Flaw.SIGNATURE
    assert keys.key_of(entry["serial_no"], now) is None
    (tmp_path / "cache").write_text(json.dumps({"data": [entry]}))
    cached = PlatformKeys(api_v3_key=b"a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb", cache=tmp_path / "cache", now=now)
    assert cached.key_of(entry["serial_no"].lower(), now) is not None
    assert cached.key_of(entry["serial_no"], END + 2 * 86_400_000) is None


def test_v11_and_v12_strings_to_sign() -> None:
    """Five lines, each ended by LF; a body that ends in LF gets another; the query belongs to the second line."""
    get = string_to_sign("GET", "/v3/certificates", b"", timestamp=1624523846, nonce="A1B2C3D4E5F6G7")
    assert get == b"GET\n/v3/certificates\n1624523846\nA1B2C3D4E5F6G7\n\n"
    post = string_to_sign("POST", "/v3/certificates", b"Hello World!\n", timestamp=1624523846, nonce="A1B2C3D4E5F6G7")
    assert post == b"POST\n/v3/certificates\n1624523846\nA1B2C3D4E5F6G7\nHello World!\n\n"
    target = "/v3/pay/transactions/id/1217752501201407033233368018?mchid=1230000109"
    query = string_to_sign("GET", target, b"", timestamp=1652750623, nonce="eBYqCOxa0QudMnPvVilkTzOg3gHh5Z3u")
    assert query == f"GET\n{target}\n1652750623\neBYqCOxa0QudMnPvVilkTzOg3gHh5Z3u\n\n".encode()


def test_v11_the_header_has_the_five_items_in_order() -> None:
    """mchid, nonce_str, timestamp, serial_no, signature; the signature is over the string, by the merchant's key."""
    signer = Signer("1234567890", "0123456789ABC", MerchantKey(private_pem(rsa_key("merchant"))))
    header = signer.authorization("GET", "/v3/certificates", b"", timestamp=1624523846, nonce="A1B2C3D4E5F6G7")
    found = re.fullmatch(
        r'WECHATPAY2-SHA256-RSA2048 mchid="1234567890",nonce_str="A1B2C3D4E5F6G7",timestamp="1624523846",'
        r'serial_no="0123456789ABC",signature="([^"]+)"',
        header,
    )
    assert found
    assert len(base64.b64decode(found[1])) == 256


@pytest.mark.parametrize(
    ("method", "target", "at", "nonce", "body", "size", "digest", "signature"),
    [
        (
            "POST",
            "/v3/global/micropay/transactions/pay",
            1767607451,
            "Zk3pQx8VtL2mNs6RaB9cDf4GhJ7wYe1U",
            vectors.G1_BODY,
            342,
            "149fef44288991e91e9af22e4fd1c315c6b7776772ff35dd98b601524114d53e",
            vectors.G1_SIGNATURE,
        ),
        (
            "GET",
            "/v3/global/transactions/out-trade-no/K07-20260105-000123-1?mchid=1900009999",
            1767607456,
            "Bq5rTy9UiO1pAs3DfG7hJk2LzX8cVb4N",
            b"",
            125,
            "91e3d84d34208614fcf0d31d8515580582816fa9a2734aa272b7a73b70852094",
            vectors.G2_SIGNATURE,
        ),
    ],
)
def test_g1_g2_golden_requests(method, target, at, nonce, body, size, digest, signature) -> None:
    """Our strings to sign are the golden ones: length, digest and signature."""
    string = string_to_sign(method, target, body, timestamp=at, nonce=nonce)
    assert (len(string), hashlib.sha256(string).hexdigest()) == (size, digest)
    assert KEY.verifies(signature, string)


G3_HEADERS = {
    "Wechatpay-Timestamp": "1767607470",
    "Wechatpay-Nonce": "N0nceFor204ResponseExample000001",
    "Wechatpay-Serial": "X1",
    "Wechatpay-Signature": vectors.G3_SIGNATURE,
}


def test_g3_an_empty_body_is_signed_too() -> None:
    """A 204 is verified over nothing between two line feeds."""
    string = signed_string("1767607470", G3_HEADERS["Wechatpay-Nonce"], b"")
    assert hashlib.sha256(string).hexdigest() == "39ff9a4c9ecca4fb83aa3ce748507e318c1ac2567bc7ac27a6bb98cfa2ce7fe5"
    assert check(G3_HEADERS, b"", only("X1"), 1767607470_000) == Check(None, 1767607470_000)
    assert check(G3_HEADERS, b"{}", only("X1"), 1767607470_000).flaw is Flaw.SIGNATURE


def test_g4_a_statement_is_signed_by_its_sha1() -> None:
    """The signature covers {"sha1":"..."}, and not the statement itself."""
    statement = b"\xef\xbb\xbfa,b\r\n`1,`2\r\n"
    sha1 = hashlib.sha1(statement).hexdigest()
    headers = {
        "Wechatpay-Timestamp": "1767607480",
        "Wechatpay-Nonce": "N0nceForStatementExample00000001",
        "Wechatpay-Serial": "X1",
        "Wechatpay-Signature": vectors.G4_SIGNATURE,
        "Wechatpay-Statement-Sha1": sha1,
    }
    assert sha1 == "ef29dd8de9c041aa971a1dbc6b502749e2ea2dd4"
    now = 1767607480_000
    assert check_statement(headers, only("X1"), now).flaw is None
    assert check_statement(headers | {"Wechatpay-Statement-Sha1": "0" * 40}, only("X1"), now).flaw is Flaw.SIGNATURE
    assert check_statement(headers | {"Wechatpay-Statement-Sha1": sha1 + '"'}, only("X1"), now).flaw is Flaw.FORM
    del headers["Wechatpay-Statement-Sha1"]
    assert check_statement(headers, only("X1"), now).flaw is Flaw.UNSIGNED


def test_g5_a_payment_notification_opens() -> None:
    """The resource of a payment notification gives the transaction."""
    plain = open_sealed(b"kiosk-test-apiv3-key-0123456789A", "a1b2c3d4e5f6", "transaction", vectors.G5_CIPHERTEXT)
    assert plain == (
        b'{"id":"4200009999202601050000000456","mchid":"1900009999","out_trade_no":"K07-20260105-000124-1",'
        b'"trade_type":"NATIVE","trade_state":"SUCCESS","amount":{"total":900,"currency":"USD"}}'
    )


def test_a_merchant_key_that_is_none_is_refused_in_words() -> None:
    """The owner reads which key of kiosk.toml is wrong and where the right file is; never what the file holds."""
    for wrong in [b"", b"secret stuff", vectors.PUBLIC_KEY, private_pem(rsa_key("merchant"))[:400]]:
        with pytest.raises(ConfigError, match=r"wechat_pay\.merchant_key: .*apiclient_key\.pem") as caught:
            MerchantKey(wrong)
        assert "secret" not in str(caught.value)


def test_a_merchant_key_with_a_flipped_bit_is_refused_or_signs_all_the_same() -> None:
    """Whatever the card did to the file: no wrong signature leaves."""
    whole = pem_body(private_pem(rsa_key("merchant")))
    signature = MerchantKey(as_pem(whole)).sign(b"source")
    chance, refused = random.Random(7), 0
    for _ in range(120):
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        try:
            key = MerchantKey(as_pem(bytes(flipped)))
        except ConfigError:
            refused += 1
        else:
            assert key.sign(b"source") == signature
    assert refused


def pem_body(pem: bytes) -> bytes:
    return base64.b64decode(b"".join(pem.splitlines()[1:-1]))


def as_pem(body: bytes) -> bytes:
    return b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(body) + b"-----END PRIVATE KEY-----\n"


def test_other_keys_that_are_none_are_refused_in_words() -> None:
    """So are a public key and an APIv3 key that are none."""
    with pytest.raises(ConfigError, match="PUB_KEY_ID_1"):
        platform_key("PUB_KEY_ID_1", b"nothing")
    for wrong in [b"", b"x" * 31, b"x" * 33, b"x" * 31 + b"\n", b"\xe9" * 32]:
        with pytest.raises(ConfigError, match=r"wechat_pay\.api_v3_key"):
            check_api_v3_key(wrong)
    check_api_v3_key(b"a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb")

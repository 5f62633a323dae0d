"""The stand-in refuses what WeChat refuses before any business, in the contract's order, and signs what it answers."""

from __future__ import annotations

import json

import pytest

from tests.sandbox_kit import DIRECT, INSTITUTION, NATIVE, PAY, REFUNDS, Stand


@pytest.fixture(scope="module", params=[INSTITUTION, DIRECT], ids=["institution", "direct"])
def stand(request, tmp_path_factory):
    stand = Stand(tmp_path_factory.mktemp("keys"), request.param)
    yield stand
    stand.server.stop()


def without(body: dict, *names: str) -> dict:
    return {name: value for name, value in body.items() if name not in names}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v3/global/nothing", 404, "RESOURCE_NOT_EXISTS"),
        ("GET", PAY, 405, "METHOD_NOT_ALLOWED"),
        ("HEAD", PAY, 405, None),
        ("HEAD", "/v3/global/certificates", 405, None),
        ("GET", NATIVE, 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/v3/global/certificates", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/v3/pay/transactions/native", 400, "INVALID_REQUEST"),
        ("POST", "/v3/global/transactions/micropay", 404, "RESOURCE_NOT_EXISTS"),
    ],
)
def test_a_wrong_path_or_method_is_refused_before_anything_else(stand, method, path, status, code):
    answer = stand.call(method, path, Authorization=None)
    assert answer.status == status
    assert code is None or answer.code == code


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"User-Agent": None}, 400, "PARAM_ERROR"),
        ({"User-Agent": " "}, 400, "PARAM_ERROR"),
        ({"Accept": None}, 400, "PARAM_ERROR"),
        ({"Authorization": None}, 401, "SIGN_ERROR"),
        ({"Authorization": "Bearer abc"}, 401, "SIGN_ERROR"),
        ({"Authorization": None, "Accept": None}, 400, "PARAM_ERROR"),  # headers come first
        ({"Wechatpay-Serial": "PUB_KEY_ID_0"}, 400, "PARAM_ERROR"),
    ],
)
def test_headers_are_needed(stand, headers, status, code):
    answer = stand.call("GET", "/v3/global/certificates", **headers)
    assert (answer.status, answer.code) == (status, code)
    assert answer.verified


def test_a_body_must_call_itself_json(stand):
    answer = stand.call("POST", PAY, b"{}", **{"Content-Type": "text/plain"})
    assert (answer.status, answer.code) == (400, "PARAM_ERROR")


AUTHORIZATIONS = {
    "another mchid": {"mchid": "1900000001"},
    "another serial": {"serial_no": "0" * 40},
    "no number as time": {"timestamp": "now"},
    "a nonce of 33": {"nonce_str": "a" * 33},
    "an empty nonce": {"nonce_str": ""},
    "a nonce of signs": {"nonce_str": "abc-def"},
    "a signature of another": {"signature": "c2lnbg=="},
    "a signature that is no Base64": {"signature": "%%%"},
}


@pytest.mark.parametrize("changed", AUTHORIZATIONS.values(), ids=AUTHORIZATIONS.keys())
def test_each_item_of_the_authorization_is_held_against_the_contract(stand, changed):
    target = "/v3/global/certificates"
    answer = stand.call("GET", target, Authorization=stand.authorization("GET", target, b"", **changed))
    assert (answer.status, answer.code) == (401, "SIGN_ERROR")
    assert answer.number == 270283348


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("WECHATPAY2-SHA256-RSA2048 ", "WECHATPAY2-SHA256-RSA2048  "),
        lambda text: text.replace("WECHATPAY2-SHA256-RSA2048", "wechatpay2-sha256-rsa2048"),
        lambda text: text.replace('",', '", '),
        lambda text: text.replace('"', "'"),
        lambda text: text + ',mchid="1"',
        lambda text: text.replace("nonce_str=", "nonce="),
        lambda text: text[: text.rindex(",")],
    ],
    ids=["two spaces", "lower case", "space after comma", "single quotes", "a sixth item", "another name", "no signature"],
)
def test_the_authorization_has_one_form(stand, spoil):
    target = "/v3/global/certificates"
    answer = stand.call("GET", target, Authorization=spoil(stand.authorization("GET", target, b"")))
    assert (answer.status, answer.code) == (401, "SIGN_ERROR")


def test_the_order_of_its_items_does_not_matter(stand):
    target = "/v3/global/certificates"
    scheme, _, items = stand.authorization("GET", target, b"").partition(" ")
    turned = ",".join(reversed(items.split(",")))
    assert stand.call("GET", target, Authorization=f"{scheme} {turned}").status == 200


@pytest.mark.parametrize(("off_s", "status"), [(-301, 401), (-300, 200), (300, 200), (302, 401)])
def test_five_minutes_of_skew_are_allowed_both_ways(stand, off_s, status):
    target = "/v3/global/certificates"
    text = stand.authorization("GET", target, b"", timestamp=str(stand.now() // 1000 + off_s))
    stand.now.ms = stand.now() // 1000 * 1000
    assert stand.call("GET", target, Authorization=text).status == status


def test_a_nonce_is_used_once_in_ten_minutes_and_only_its_owner_can_spend_it(stand):
    target = "/v3/global/certificates"

    def ask(**changed):
        text = stand.authorization("GET", target, b"", nonce_str="N1", **changed)
        return stand.call("GET", target, Authorization=text).status

    assert ask(signature="c2lnbg==") == 401  # a forger does not use it up
    assert ask() == 200
    assert ask() == 401
    stand.now.forward(599)
    assert ask() == 401
    stand.now.forward(2)
    assert ask() == 200


def test_the_signature_covers_the_exact_bytes_of_the_body(stand):
    body = stand.charge_body("K07-9-000001", stand.bank.new_code())
    signed = json.dumps(body).encode()
    sent = json.dumps(body, separators=(",", ":")).encode()
    answer = stand.call("POST", PAY, sent, Authorization=stand.authorization("POST", PAY, signed))
    assert (answer.status, answer.code) == (401, "SIGN_ERROR")
    view = answer.json["detail"]["sign_information"]
    assert (view["method"], view["url"]) == ("POST", PAY)
    assert view["truncated_sign_message"].startswith(f"POST\n{PAY}\n")
    assert view["sign_message_length"] == len(f"POST\n{PAY}\n{stand.now() // 1000}\n\n") + 32 + len(sent) + 1
    assert body["payer"]["auth_code"] not in answer.raw.decode()


def test_the_signature_covers_the_target_as_it_was_sent(stand):
    sent = f"/v3/global/transactions/out-trade-no/K07%7C1?{stand.params}"
    decoded = sent.replace("%7C", "|")
    assert stand.call("GET", sent).code == "ORDER_NOT_EXIST"
    assert stand.call("GET", sent, Authorization=stand.authorization("GET", decoded, b"")).code == "SIGN_ERROR"


BODIES = {
    "no JSON": lambda _: b"{",
    "a list": lambda _: b"[]",
    "NaN": lambda body: json.dumps(body | {"amount": {"total": float("nan"), "currency": "HKD"}}).encode(),
    "not UTF-8": lambda _: b'{"a":"\xff"}',
    "a key twice": lambda body: json.dumps(body).replace("{", '{"attach":"x",', 1).encode(),
    "null": lambda body: body | {"attach": None},
    "null deep inside": lambda body: body | {"detail": {"goods_detail": [{"goods_name": None}]}},
    "an emoji": lambda body: body | {"attach": "\U0001f600"},
    "an unknown field": lambda body: body | {"notify_uri": "x"},
    "an unknown field below": lambda body: body | {"amount": body["amount"] | {"fee": 1}},
    "no trade_type": lambda body: without(body, "trade_type"),
    "another trade_type": lambda body: body | {"trade_type": "JSAPI"},
    "no merchant_category_code": lambda body: without(body, "merchant_category_code"),
    "a category of letters": lambda body: body | {"merchant_category_code": "58l4"},
    "no description": lambda body: without(body, "description"),
    "a long description": lambda body: body | {"description": "x" * 128},
    "an empty attach": lambda body: body | {"attach": ""},
    "no number": lambda body: without(body, "out_trade_no"),
    "a long number": lambda body: body | {"out_trade_no": "1" * 33},
    "a number with a blank": lambda body: body | {"out_trade_no": "K07 1"},
    "no amount": lambda body: without(body, "amount"),
    "nothing": lambda body: body | {"amount": {"total": 0, "currency": "HKD"}},
    "less than nothing": lambda body: body | {"amount": {"total": -5, "currency": "HKD"}},
    "a float": lambda body: body | {"amount": {"total": 12.0, "currency": "HKD"}},
    "a total of text": lambda body: body | {"amount": {"total": "1250", "currency": "HKD"}},
    "true": lambda body: body | {"amount": {"total": True, "currency": "HKD"}},
    "no currency": lambda body: body | {"amount": {"total": 1250}},
    "no currency of the world": lambda body: body | {"amount": {"total": 1250, "currency": "XQX"}},
    "a currency not ours": lambda body: body | {"amount": {"total": 1250, "currency": "USD"}},
    "a store without address": lambda body: body | {"scene_info": {"store_info": {"name": "x"}}},
    "an address that is none": lambda body: body | {"scene_info": {"device_ip": "10.0.0"}},
}


@pytest.mark.parametrize("spoil", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("path", [PAY, NATIVE])
def test_a_wrong_body_is_refused_and_makes_no_order(stand, path, spoil):
    body = stand.native_body("K07-9-000002")
    if path == PAY:
        body = stand.charge_body("K07-9-000002", "134567890123456789")
    answer = stand.call("POST", path, spoil(body))
    assert (answer.status, answer.code) == (400, "PARAM_ERROR")
    assert answer.verified
    assert stand.query("K07-9-000002").status == 404


def test_an_error_names_the_field_by_a_json_pointer_and_never_shows_a_code(stand):
    answer = stand.charge("K07-9-000003", amount={"total": -5, "currency": "HKD"})
    detail = {"field": "/amount/total", "value": "-5", "issue": "out of range", "location": "body"}
    assert answer.json["detail"] == detail
    answer = stand.charge("K07-9-000003", code="1" * 200)
    assert (answer.code, answer.json["detail"]["field"]) == ("PARAM_ERROR", "/payer/auth_code")
    assert "111" not in answer.raw.decode()


URLS = {
    "https://pay.example.net/wechat/notify": 200,
    "http://127.0.0.1:8099/notify": 200,  # only here: the desk
    "http://pay.example.net/wechat/notify": 400,
    "https://pay.example.net/notify?a=1": 400,
    "https://pay.example.net/notify?": 400,
    " https://pay.example.net/notify": 400,
    "ftp://pay.example.net/": 400,
    "http://127.0.0.1:99999/": 400,
    "https://[pay/": 400,
    "https://" + "x" * 256: 400,
}


@pytest.mark.parametrize(("url", "status"), URLS.items())
def test_a_notify_url_is_https_without_parameters(stand, url, status):
    assert stand.place(f"K07-8-1{list(URLS).index(url):05}", notify_url=url).status == status


@pytest.mark.parametrize(
    "expire",
    ["2026-01-05 18:12:00+08:00", "2026-01-05T18:12:00", "1767607451", "tomorrow"],
    ids=["blank", "zone", "unix", "word"],
)
def test_time_expire_is_a_date_with_zone(stand, expire):
    assert stand.place("K07-8-000001", time_expire=expire).code == "PARAM_ERROR"


def test_quick_pay_knows_no_notify_url(stand):
    answer = stand.charge("K07-9-000004", notify_url="https://pay.example.net/notify")
    assert (answer.code, answer.json["detail"]["field"]) == ("PARAM_ERROR", "/notify_url")


def test_the_numbers_must_be_the_merchants_own(stand):
    app, *numbers = stand.merchant.ids()
    answer = stand.charge("K07-9-000005", **{app: "wx0000000000000000"})
    assert (answer.status, answer.code) == (400, "APPID_MCHID_NOT_MATCH")
    for name in numbers:
        answer = stand.charge("K07-9-000005", **{name: "1900000001"})
        assert (answer.status, answer.code, answer.number) == (400, "MCH_NOT_EXISTS", 268443701)
        target = f"/v3/global/transactions/out-trade-no/K07-9-000005?{stand.params}".replace(stand.merchant.numbers()[name], "19")
        assert stand.call("GET", target).code == "MCH_NOT_EXISTS"


def test_the_other_modes_numbers_are_not_defined(stand):
    others = {"sp_mchid": "1900007777"} if stand.merchant.sub_mchid is None else {"mchid": "1900007777"}
    assert stand.charge("K07-9-000006", **others).code == "PARAM_ERROR"


@pytest.mark.parametrize("query", ["", "?mchid=", "?{0}&x=1", "?{0}&{0}"])
def test_a_query_needs_exactly_its_parameters(stand, query):
    target = "/v3/global/transactions/out-trade-no/K07-9-000007" + query.format(stand.params)
    assert stand.call("GET", target).code == "PARAM_ERROR"


@pytest.mark.parametrize(("asked", "said"), [("zh-CN", "订单不存在"), ("en", "The order does not exist")])
def test_messages_come_in_the_language_asked_for(stand, asked, said):
    target = f"/v3/global/transactions/out-trade-no/K07-9-000008?{stand.params}"
    answer = stand.call("GET", target, Accept_Language=asked)
    assert (answer.json["message"], answer.headers["Content-Language"]) == (said, asked)


def test_every_answer_is_signed_over_its_bytes_also_the_empty_ones(stand):
    answers = [
        stand.charge("K07-7-000001"),
        stand.query("K07-7-000001"),
        stand.query("K07-7-nothing"),
        stand.place("K07-7-000002"),
    ]
    stand.now.forward(301)
    answers += [stand.reverse("K07-7-000001"), stand.close("K07-7-000002")]
    assert [each.status for each in answers] == [200, 200, 404, 200, 204, 204]
    assert all(each.verified for each in answers)
    assert answers[-1].raw == b""
    ids = {each.headers["Request-ID"] for each in answers}
    assert len(ids) == len(answers)


def test_the_certificate_list_decrypts_to_the_key_that_signs(stand):
    from cryptography import x509  # noqa: PLC0415  loaded where it is used

    (entry,) = stand.call("GET", "/v3/global/certificates").json["data"]
    certificate = x509.load_pem_x509_certificate(stand.decrypt(entry["encrypt_certificate"]))
    assert certificate.public_key().public_numbers() == stand.platform.public_numbers()
    assert entry["serial_no"] == f"{certificate.serial_number:X}" == stand.keys.current.serial
    assert stand.call("GET", "/v3/certificates").status == 200


def test_the_next_certificate_is_listed_a_day_before_it_signs(stand):
    def serials():
        return [each["serial_no"] for each in stand.call("GET", "/v3/global/certificates").json["data"]]

    def signer():
        return stand.query("K07-nothing").headers["Wechatpay-Serial"]

    current, following = stand.keys.current.serial, stand.keys.next.serial
    assert serials() == [current]
    stand.trouble.set("rotation", "announced")
    assert (serials(), signer()) == ([current, following], current)
    stand.now.forward(24 * 3600 - 1)
    assert signer() == current
    stand.now.forward(1)
    assert signer() == following
    answer = stand.query("K07-nothing")
    assert stand.verified(answer.headers, answer.raw, key=stand.keys.next.key.public_key())
    assert not stand.verified(answer.headers, answer.raw, key=stand.platform)
    stand.trouble.set("rotation", "switched")
    assert signer() == following
    stand.trouble.set("rotation", "current")
    assert (serials(), signer()) == ([current], current)


def test_with_the_public_keys_id_in_the_request_the_answer_carries_it_too(stand):
    answer = stand.call("GET", "/v3/global/certificates", Wechatpay_Serial=stand.keys.pub_key_id)
    assert answer.headers["Wechatpay-Serial"] == stand.keys.pub_key_id
    assert answer.verified


def test_a_merchant_in_public_key_mode_has_no_certificates(stand):
    stand.trouble.set("no_certificates", value=True)
    answer = stand.call("GET", "/v3/global/certificates", Wechatpay_Serial=stand.keys.pub_key_id)
    stand.trouble.reset()
    assert (answer.status, answer.code, answer.verified) == (404, "RESOURCE_NOT_EXISTS", True)


def test_a_refund_names_one_order_number(stand):
    for changed in ({"transaction_id": "42"}, {"out_trade_no": None}):
        body = {name: value for name, value in (stand.refund_body("K07-1", "R1") | changed).items() if value is not None}
        assert stand.call("POST", REFUNDS, body).code == "PARAM_ERROR"

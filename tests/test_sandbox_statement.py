"""A day's statement adds up to the stand-in's ledger, and comes as the contract describes the file."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections import Counter
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from kiosk.sandbox.records import Merchant
from tests.sandbox_kit import DIRECT, INSTITUTION, Stand

BEIJING = timezone(timedelta(hours=8))


@pytest.fixture(scope="module", params=[INSTITUTION, DIRECT], ids=["institution", "direct"])
def stand(request, tmp_path_factory):
    """A shop after a day of sales, seen at eleven the next morning in Beijing."""
    stand = Stand(tmp_path_factory.mktemp("keys"), request.param)
    noon = datetime(2026, 1, 5, 12, 0, 0, tzinfo=BEIJING)
    stand.now.ms = int(noon.timestamp()) * 1000
    for each in range(3):
        stand.charge(
            f"K07-260105-00000{each}", description="snacks, two `kinds`", amount={"total": 1000 + each, "currency": "HKD"}
        )
    stand.charge("K07-260105-000003", amount={"total": 925, "currency": "CNY"})
    stand.bank.scan(stand.place("K07-260105-000004").json["code_url"])
    stand.bank.approve("K07-260105-000004")
    stand.now.forward(60)
    stand.reverse("K07-260105-000000")
    for each, part in (("a", 300), ("b", 200)):
        body = stand.refund_body("K07-260105-000001", f"R{each}", amount={"refund": part, "total": 1001, "currency": "HKD"})
        assert stand.call("POST", "/v3/global/refunds", body).status == 200
        stand.now.forward(60)
    stand.trouble.set("decline", "NOT_ENOUGH")
    stand.charge("K07-260105-000005")
    stand.place("K07-260105-000006")
    stand.now.forward(11 * 3600 + 57 * 60)  # just after midnight
    stand.charge("K07-260106-000001")
    stand.now.forward(11 * 3600)
    yield stand
    stand.server.stop()


@pytest.fixture(autouse=True)
def _well_behaved(stand):
    stand.trouble.reset()


def fetch(stand, day="20260105", **headers):
    return stand.call("GET", f"/v3/global/statements?date={day}&{stand.params}", **headers)


def rows(raw: bytes) -> list[list[str]]:
    """The rows, split at comma and backtick, whatever the description holds."""
    lines = raw.decode("utf-8-sig").split("\r\n")
    assert lines[0].count(",") == 37
    return [line[1:].split(",`") for line in lines[1:] if line.startswith("`") and line[1:5].isdigit() and line[5] == "-"]


def test_the_rows_are_the_days_entries_with_38_columns_each(stand):
    found = rows(fetch(stand).raw)
    assert {len(row) for row in found} == {38}
    assert Counter(row[9] for row in found) == {"SUCCESS": 5, "REVOKED": 1, "REFUND": 2}
    assert Counter(row[8] for row in found) == {"MICROPAY": 7, "NATIVE": 1}
    first = found[0]
    assert first[:5] == [
        "2026-01-05 12:00:00",
        stand.merchant.appid,
        stand.merchant.mchid,
        stand.merchant.sub_mchid or "",
        "KIOSK07",
    ]
    assert first[6] == "K07-260105-000000"
    assert first[23:25] == ["HKD", "10.00"]
    assert first[19] == "snacks, two `kinds`"


def test_its_sums_are_the_ledgers(stand):
    found = rows(fetch(stand).raw)
    ledger = [each for each in stand.bank.orders() if each["out_trade_no"].startswith("K07-260105")]
    taken = sum(each["payer_total"] * (each["debits"] - each["reversals"]) for each in ledger)
    entries = [entry for number in (each["out_trade_no"] for each in ledger) for entry in stand.bank.book[number].entries]
    returned = sum(entry.payer_total for entry in entries if entry.what == "refund")
    stated = sum(Decimal(row[26]) for row in found) - sum(Decimal(row[33]) for row in found)
    assert stated == Decimal(taken - returned) / 100
    assert sum(Decimal(row[24]) for row in found if row[23] == "HKD") == Decimal("42.53")
    assert sum(Decimal(row[31]) for row in found) == Decimal("15.00")
    summary = fetch(stand).raw.decode("utf-8-sig").rstrip("\r\n").split("\r\n")[-1][1:].split(",`")
    assert summary[0] == "8"
    assert Decimal(summary[1]) == sum(Decimal(row[28]) for row in found)
    assert Decimal(summary[2]) == sum(Decimal(row[35]) for row in found)


def test_another_day_is_another_file(stand):
    assert [row[6] for row in rows(fetch(stand, "20260106").raw)] == ["K07-260106-000001"]


def test_the_signature_is_over_the_sha1_and_not_over_the_body(stand):
    answer = fetch(stand)
    sha1 = answer.headers["Wechatpay-Statement-Sha1"]
    assert sha1 == hashlib.sha1(answer.raw).hexdigest()
    assert answer.headers["Content-Type"].startswith("text/plain")
    lines = [answer.headers["Wechatpay-Timestamp"], answer.headers["Wechatpay-Nonce"], f'{{"sha1":"{sha1}"}}', ""]
    signature = base64.b64decode(answer.headers["Wechatpay-Signature"])
    stand.platform.verify(signature, "\n".join(lines).encode(), padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        stand.platform.verify(signature, b"\n".join([b"1", b"2", answer.raw, b""]), padding.PKCS1v15(), hashes.SHA256())
    assert not answer.verified  # by the usual rule it is not


def test_it_is_zipped_when_asked_and_the_sha1_is_of_the_plain_text(stand):
    plain, zipped = fetch(stand), fetch(stand, Accept_Encoding="gzip")
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.raw) == plain.raw
    assert zipped.headers["Wechatpay-Statement-Sha1"] == plain.headers["Wechatpay-Statement-Sha1"]
    stand.trouble.set("statement_gzip", "never")
    assert fetch(stand, Accept_Encoding="gzip").raw == plain.raw
    stand.trouble.set("statement_gzip", "always")
    assert gzip.decompress(fetch(stand).raw) == plain.raw


def test_byte_order_mark_and_summary_are_switched(stand):
    full = fetch(stand).raw
    assert full.startswith(b"\xef\xbb\xbf")
    stand.trouble.set("statement_bom", value=False)
    stand.trouble.set("statement_summary", value=False)
    bare = fetch(stand).raw
    assert not bare.startswith(b"\xef\xbb\xbf")
    assert full[3:].startswith(bare)
    assert full[3 + len(bare) :].count(b"\r\n") == 2
    assert rows(bare) == rows(full)


@pytest.mark.parametrize("state", ["creating", "none"])
def test_it_may_be_unfinished_or_missing(stand, state):
    stand.trouble.set("statement_is", state)
    answer = fetch(stand)
    assert (answer.status, answer.code) == (400, {"creating": "STATEMENT_CREATING", "none": "NO_STATEMENT_EXIST"}[state])


def test_a_day_without_trades_has_none_and_a_wrong_day_is_refused(stand):
    assert fetch(stand, "20260104").code == "NO_STATEMENT_EXIST"
    for day in ("20260107", "20250101", "2026-01-05", "20260230", "26010"):
        assert fetch(stand, day).code == "PARAM_ERROR"


def test_the_ten_oclock_rule(stand):
    stand.trouble.set("statement_after_ten", value=True)
    assert fetch(stand).status == 200
    assert fetch(stand, "20260106").code == "STATEMENT_CREATING"
    stand.now.forward(-3600 - 1 - 180 - 1)
    assert fetch(stand).code == "STATEMENT_CREATING"
    stand.now.forward(3600 + 1 + 180 + 1)


def test_settlements_follow_from_the_same_entries(stand):
    target = "/v3/global/settle/settlements?settle_state={}&settle_start_date=20260101&settle_end_date=20260131&limit=10&offset=0"
    settled = stand.call("GET", target.format("SETTLED")).json
    assert settled["total_count"] == 1
    amount = settled["data"][0]["amount"]
    found = rows(fetch(stand).raw)
    assert Decimal(amount["pay"]) / 100 == sum(Decimal(row[28]) for row in found)
    assert amount["net"] == amount["pay"] - amount["refund"]
    assert amount["settled"] == amount["net"] - amount["fee"]
    assert stand.call("GET", target.format("UNSETTLE")).json["data"][0]["amount"]["pay"] == 1250
    assert stand.call("GET", target.format("SETTLED").replace("limit=10", "limit=31")).code == "PARAM_ERROR"


def test_the_recharge_balance_has_a_path_for_each_mode(stand):
    path = "/v3/global/refund/recharge-balance"
    if stand.merchant.sub_mchid is not None:
        path = f"/v3/global/refund/partner/recharge-balance/sub-mchid/{stand.merchant.sub_mchid}"
    assert stand.call("GET", path).json == {"remaining_amount": 0, "currency": "HKD"}


def test_yen_have_no_decimals(tmp_path_factory):
    stand = Stand(tmp_path_factory.mktemp("keys"), Merchant(currency="JPY"))
    stand.charge("K07-JP-000001", amount={"total": 1250, "currency": "JPY"})
    today = datetime.fromtimestamp(stand.now() / 1000, BEIJING).strftime("%Y%m%d")
    (row,) = rows(fetch(stand, today).raw)
    assert (row[24], row[26]) == ("1250", "59.75")
    stand.server.stop()

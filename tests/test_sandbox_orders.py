"""What the stand-in makes of orders: the contract's table of rules, and money that is taken at most once."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from kiosk.sandbox.bank import REFUND_TAKES
from kiosk.sandbox.records import Refusal
from kiosk.sandbox.trouble import DECLINES, Trouble
from tests.sandbox_kit import DIRECT, INSTITUTION, PAY, Stand

_count = itertools.count(1)


@pytest.fixture(scope="module", params=[INSTITUTION, DIRECT], ids=["institution", "direct"])
def served(request, tmp_path_factory):
    stand = Stand(tmp_path_factory.mktemp("keys"), request.param)
    yield stand
    stand.server.stop()


@pytest.fixture
def stand(served):
    served.trouble.reset()
    for bill in served.bank.waiting():  # what the test before left on the phone
        served.bank.decline(bill.out_trade_no)
    served.now.forward(REFUND_TAKES // 1000)  # and what it gave back arrives
    served.bank.pass_time()
    return served


@pytest.fixture
def number():
    return f"K07-261122-{next(_count):06}"


# --- Quick Pay


def test_a_charge_takes_the_money_and_says_so_with_the_same_amount_and_numbers(stand, number):
    before = stand.bank.balance()
    answer = stand.charge(number)
    told = answer.json
    assert (answer.status, told["trade_state"], told["out_trade_no"]) == (200, "SUCCESS", number)
    assert told["amount"]["total"] == 1250
    assert told["amount"]["currency"] == "HKD"
    assert told["amount"]["payer_total"] == 1150 == before - stand.bank.balance()
    assert told["amount"]["exchange_rate"] == {"type": "SETTLEMENT_RATE", "rate": 92_000_000}
    assert {name: told[name] for name in stand.merchant.ids()} == stand.merchant.ids()
    assert len(told["id"]) == 28
    assert told["attach"] == "k07/123"
    assert stand.query(number).json == told
    by_id = stand.call("GET", f"/v3/global/transactions/id/{told['id']}?{stand.params}")
    assert by_id.json == told


@pytest.mark.parametrize("code", ["1" * 17, "1" * 19, "161234567890123456", "091234567890123456", "13456789012345678a"])
def test_what_is_no_payment_code_is_refused_and_makes_no_order(stand, number, code):
    answer = stand.charge(number, code)
    assert (answer.status, answer.code) == (400, "AUTH_CODE_INVALID")
    assert stand.query(number).status == 404


def test_a_code_dies_after_a_minute(stand, number):
    young, old = stand.bank.new_code(), stand.bank.new_code()
    stand.now.forward(59)
    assert stand.charge(number, young).status == 200
    stand.now.forward(1)
    answer = stand.charge(number + "b", old)
    assert (answer.status, answer.code) == (400, "AUTH_CODE_EXPIRE")
    assert stand.order(number + "b")["debits"] == 0


def test_a_code_is_used_once(stand, number):
    code = stand.bank.new_code()
    assert stand.charge(number, code).status == 200
    answer = stand.charge(number + "b", code)
    assert (answer.status, answer.code, answer.number) == (400, "AUTH_CODE_ERROR", 268501784)
    assert stand.order(number + "b")["debits"] == 0


def test_a_code_of_an_unfinished_order_is_refused_for_a_second_one(stand, number):
    stand.trouble.set("password", "always")
    code = stand.bank.new_code()
    assert stand.charge(number, code).status == 202
    assert stand.charge(number + "b", code).code == "AUTH_CODE_ERROR"


def test_codes_of_other_phones_are_accepted_or_refused_by_switch(stand, number):
    assert stand.charge(number, f"14{next(_count):016}").status == 200
    stand.trouble.set("unknown_codes", "refuse")
    assert stand.charge(number + "b", f"14{next(_count):016}").code == "AUTH_CODE_INVALID"


def test_the_same_request_again_after_the_end_is_refused_by_state(stand, number):
    code = stand.bank.new_code()
    stand.charge(number, code)
    answer = stand.charge(number, code)
    assert (answer.status, answer.code) == (400, "ORDER_PAID")
    stand.now.forward(15)
    assert stand.reverse(number).status == 204
    assert stand.charge(number, code).code == "ORDER_REVERSED"
    assert stand.order(number)["debits"] == 1


def test_a_failed_number_stays_failed(stand, number):
    stand.trouble.set("decline", "NOT_ENOUGH")
    code = stand.bank.new_code()
    assert stand.charge(number, code).code == "NOT_ENOUGH"
    assert stand.charge(number, code).code == "ORDER_CLOSED"
    assert stand.state(number) == "PAYERROR"


def test_a_used_number_with_another_body_or_code_is_refused(stand, number):
    code = stand.bank.new_code()
    stand.charge(number, code)
    answer = stand.charge(number, code, amount={"total": 1251, "currency": "HKD"})
    assert (answer.status, answer.code) == (403, "OUT_TRADE_NO_USED")
    assert stand.place(number).code == "OUT_TRADE_NO_USED"
    answer = stand.charge(number)
    assert (answer.status, answer.code) == (400, "AUTH_CODE_INVALID")
    assert stand.order(number)["debits"] == 1


@pytest.mark.parametrize("late_s", [0, 10])
def test_an_open_number_again_is_the_same_order_and_never_a_second_debit(stand, number, late_s):
    stand.trouble.set("password", "always")
    stand.trouble.set("late_success_s", late_s)
    code = stand.bank.new_code()
    assert [stand.charge(number, code).status for _ in range(3)] == [202, 202, 202]
    if late_s:
        stand.now.forward(late_s)
    else:
        stand.bank.approve(number)
    assert stand.charge(number, code).code == "ORDER_PAID"
    assert stand.order(number)["debits"] == 1


def test_the_same_charge_from_many_sides_at_once_is_debited_once(stand, number):
    code = stand.bank.new_code()
    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(lambda _: stand.charge(number, code), range(8)))
    assert sorted(each.status for each in answers) == [200, *[400] * 7]
    assert {each.code for each in answers if each.status == 400} == {"ORDER_PAID"}
    assert stand.order(number)["debits"] == 1


def test_sending_a_waiting_charge_again_does_not_get_round_the_password(stand, number):
    stand.trouble.set("password", "next")
    code = stand.bank.new_code()
    assert [stand.charge(number, code).status for _ in range(2)] == [202, 202]
    assert stand.order(number)["debits"] == 0


def test_chinese_money_may_be_charged_too(stand, number):
    answer = stand.charge(number, amount={"total": 500, "currency": "CNY"})
    assert answer.json["amount"]["payer_total"] == 500


@pytest.mark.parametrize(("shape", "status"), [("1", 202), ("2", 202), ("3", 200)])
def test_a_password_is_asked_for_in_three_shapes(stand, number, shape, status):
    stand.trouble.set("password", "always")
    stand.trouble.set("userpaying_shape", shape)
    answer = stand.charge(number)
    assert answer.status == status
    assert answer.verified
    assert answer.json.get("trade_state", answer.json.get("code")) == "USERPAYING"
    assert ("out_trade_no" in answer.json) == (shape != "1")
    assert stand.state(number) == "USERPAYING"
    assert "id" not in stand.query(number).json
    assert [bill.out_trade_no for bill in stand.bank.waiting()] == [number]
    stand.bank.approve(number, "123456")
    assert stand.state(number) == "SUCCESS"
    assert stand.bank.waiting() == []


def test_a_wrong_password_changes_nothing(stand, number):
    stand.trouble.set("password", "always")
    stand.charge(number)
    with pytest.raises(Refusal, match="Wrong password"):
        stand.bank.approve(number, "000000")
    assert stand.state(number) == "USERPAYING"
    stand.bank.decline(number)
    assert stand.state(number) == "PAYERROR"


def test_who_closes_the_dialog_leaves_the_order_waiting_until_it_is_revoked(stand, number):
    stand.trouble.set("password", "next")
    stand.charge(number)
    stand.bank.dismiss(number)
    assert stand.bank.waiting() == []
    with pytest.raises(Refusal):
        stand.bank.approve(number)
    stand.now.forward(44.9)
    assert stand.state(number) == "USERPAYING"
    stand.now.forward(0.2)
    assert stand.state(number) == "REVOKED"
    assert stand.charge(number + "b").status == 200  # "next" was for one charge
    assert stand.trouble.password == "above"  # and the panel says so


@pytest.mark.parametrize(("total", "status"), [(108_695, 200), (108_696, 202)])
def test_a_large_amount_needs_the_password(stand, number, total, status):
    assert stand.charge(number, amount={"total": total, "currency": "HKD"}).status == status  # 999.99 and 1000.00 CNY


def test_a_late_success_comes_even_after_45_seconds(stand, number):
    stand.trouble.set("password", "always")
    stand.trouble.set("late_success_s", 50)
    stand.charge(number)
    stand.now.forward(49)
    assert stand.state(number) == "USERPAYING"
    stand.now.forward(1)
    assert stand.state(number) == "SUCCESS"
    assert stand.order(number)["debits"] == 1


@pytest.mark.parametrize("code", [each for each in DECLINES if each != "PAYERROR"])
def test_each_decline_is_told_once_and_takes_nothing(stand, number, code):
    before = stand.bank.balance()
    stand.trouble.set("decline", code)
    answer = stand.charge(number)
    assert (answer.status in {400, 403}, answer.code) == (True, code)
    assert stand.bank.balance() == before
    assert stand.charge(number + "b").status == 200


def test_a_failed_payment_can_also_be_a_state(stand, number):
    stand.trouble.set("decline", "PAYERROR")
    assert stand.charge(number).json["trade_state"] == "PAYERROR"
    stand.now.forward(15)
    assert stand.reverse(number).status == 204


def test_a_customer_without_money_is_declined(stand, number):
    answer = stand.charge(number, amount={"total": 99_999_999_999, "currency": "HKD"})
    assert (answer.status, answer.code) == (403, "NOT_ENOUGH")


@pytest.mark.parametrize("code", ["SYSTEM_ERROR", "BANK_ERROR"])
@pytest.mark.parametrize(
    ("when", "state", "debits"), [("after", "SUCCESS", 1), ("before", "NOTPAY", 0), ("nothing", None, 0), ("late", "NOTPAY", 0)]
)
def test_an_error_may_hide_any_truth(stand, number, code, when, state, debits):
    stand.trouble.set("pay_error", code)
    stand.trouble.set("pay_error_when", when)
    answer = stand.charge(number)
    assert (answer.status, answer.code) == (500, code)
    found = stand.query(number)
    assert found.json.get("trade_state") == state
    if state is None:
        assert found.code == "ORDER_NOT_EXIST"
        return
    assert stand.order(number)["debits"] == debits
    stand.now.forward(10)
    assert stand.order(number)["debits"] == (1 if when in {"after", "late"} else 0)


@pytest.mark.parametrize(
    ("value", "state", "debits"),
    [("MICROPAY_TIMEOUT", "SUCCESS", 1), ("MICROPAY_PAYERROR", "PAYERROR", 0), ("MICROPAY_PAY_QUERY_TIMEOUT", None, 1)],
)
def test_the_negative_test_header_swallows_answers(stand, number, until, value, state, debits):
    body = stand.charge_body(number, stand.bank.new_code())
    with pytest.raises(TimeoutError):
        stand.call("POST", PAY, body, timeout=0.2, Wechatpay_Negative_Test=value)
    until(lambda: number in stand.bank.book)
    assert stand.order(number)["debits"] == debits
    if state is not None:
        assert stand.state(number) == state
        return
    with pytest.raises(TimeoutError):
        stand.call("GET", f"/v3/global/transactions/out-trade-no/{number}?{stand.params}", timeout=0.2)
    stand.now.forward(15)
    assert stand.reverse(number).status == 204
    assert stand.order(number)["reversals"] == 1


def test_the_negative_test_customer_never_finishes(stand, number):
    answer = stand.charge(number, headers={"Wechatpay-Negative-Test": "MICROPAY_USERPAYING"})
    assert answer.status == 202
    with pytest.raises(Refusal):
        stand.bank.approve(number)
    assert stand.state(number) == "USERPAYING"


# --- reverse


def test_a_reversal_before_15_seconds_is_refused_unless_switched(stand, number):
    stand.charge(number)
    stand.now.forward(14.9)
    answer = stand.reverse(number)
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")
    stand.trouble.set("reverse_early", "accept")
    assert stand.reverse(number).status == 204


@pytest.mark.parametrize("shows", ["REVOKED", "REFUND"])
def test_a_reversed_payment_goes_back_once_and_shows_as_switched(stand, number, shows):
    before = stand.bank.balance()
    stand.trouble.set("reversed_shows", shows)
    stand.charge(number)
    stand.now.forward(15)
    answers = [stand.reverse(number) for _ in range(3)]
    assert [each.status for each in answers] == [204, 204, 204]
    assert [each.raw for each in answers] == [b"", b"", b""]
    assert all(each.verified for each in answers)
    assert stand.state(number) == shows
    order = stand.order(number)
    assert (order["debits"], order["reversals"]) == (1, 1)
    assert stand.bank.balance() == before


def test_a_reversed_waiting_order_can_never_be_paid(stand, number):
    stand.trouble.set("password", "always")
    stand.trouble.set("late_success_s", 30)
    stand.charge(number)
    stand.now.forward(15)
    assert stand.reverse(number).status == 204
    with pytest.raises(Refusal):
        stand.bank.approve(number)
    stand.now.forward(60)
    assert stand.state(number) == "REVOKED"
    assert stand.order(number)["debits"] == 0


@pytest.mark.parametrize(("code", "status"), [("USERPAYING", 400), ("SYSTEM_ERROR", 500)])
def test_a_reversal_while_paying_is_put_off_as_often_as_switched(stand, number, code, status):
    stand.trouble.set("password", "always")
    stand.trouble.set("reverse_paying", 2)
    stand.trouble.set("reverse_paying_code", code)
    stand.charge(number)
    stand.now.forward(15)
    answers = [stand.reverse(number) for _ in range(3)]
    assert [each.status for each in answers] == [status, status, 204]
    assert [each.code for each in answers[:2]] == [code, code]


def test_a_reversal_can_be_refused_with_order_paid(stand, number):
    stand.charge(number)
    stand.now.forward(15)
    stand.trouble.set("reverse_refused", 1)
    assert stand.reverse(number).code == "ORDER_PAID"
    assert stand.reverse(number).status == 204


def test_a_reversal_by_wechats_number_of_an_old_or_unknown_or_native_order(stand, number):
    transaction_id = stand.charge(number).json["id"]
    path = "/v3/global/micropay/transactions/id/{}/reverse"
    stand.now.forward(15)
    assert stand.call("POST", path.format(transaction_id), stand.merchant.numbers()).status == 204
    assert stand.call("POST", path.format("42"), stand.merchant.numbers()).code == "ORDER_NOT_EXIST"
    assert stand.reverse(number + "none").status == 404
    stand.place(number + "n")
    stand.now.forward(15)
    assert stand.reverse(number + "n").code == "INVALID_REQUEST"
    stand.charge(number + "old")
    stand.now.forward(7 * 86400 + 1)
    assert stand.reverse(number + "old").number == 268449386


# --- Native and close


def test_a_native_order_is_scanned_and_paid(stand, number):
    code_url = stand.place(number).json["code_url"]
    assert stand.state(number) == "NOTPAY"
    bill = stand.bank.scan(code_url)
    assert (bill.out_trade_no, bill.shop, bill.total, bill.currency) == (number, stand.merchant.name, 1250, "HKD")
    assert (bill.payer_total, bill.payer_currency) == (1150, "CNY")
    assert stand.state(number) == "USERPAYING"
    stand.bank.approve(number)
    assert stand.query(number).json["trade_type"] == "NATIVE"
    assert stand.state(number) == "SUCCESS"
    with pytest.raises(Refusal, match="has been paid"):
        stand.bank.scan(code_url)


def test_who_does_not_pay_may_scan_again_but_nobody_else(stand, number):
    code_url = stand.place(number).json["code_url"]
    for leave in (stand.bank.decline, stand.bank.dismiss):
        stand.bank.scan(code_url)
        leave(number)
        assert stand.state(number) == "NOTPAY"
    with pytest.raises(Refusal, match="another account"):
        stand.bank.scan(code_url, "somebody else")


def test_asking_again_makes_a_new_link_and_kills_the_old_one(stand, number):
    old, new = stand.place(number).json["code_url"], stand.place(number).json["code_url"]
    assert old != new
    with pytest.raises(Refusal, match="unknown or was replaced"):
        stand.bank.scan(old)
    assert stand.bank.scan(new).out_trade_no == number
    answer = stand.place(number, description="else")
    assert (answer.status, answer.code) == (403, "OUT_TRADE_NO_USED")


@pytest.mark.parametrize(("expire_s", "until_s"), [(None, 7200), (300, 300), (1, 60)])
def test_a_link_lives_two_hours_or_until_time_expire_which_is_a_minute_at_least(stand, number, expire_s, until_s):
    from kiosk.sandbox.clock import stamp  # noqa: PLC0415  loaded where it is used

    changed = {} if expire_s is None else {"time_expire": stamp(stand.now() // 1000 * 1000 + expire_s * 1000)}
    code_url = stand.place(number, **changed).json["code_url"]
    stand.now.forward(until_s - 1)
    stand.bank.scan(code_url)
    stand.now.forward(1)
    with pytest.raises(Refusal, match="expired"):
        stand.bank.scan(code_url)
    assert stand.state(number) in {"USERPAYING", "NOTPAY"}  # expired is not closed


def test_an_order_is_closed_after_five_minutes_and_cannot_be_paid_then(stand, number):
    code_url = stand.place(number).json["code_url"]
    stand.bank.scan(code_url)
    stand.now.forward(299.9)
    answer = stand.close(number)
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")
    stand.now.forward(0.1)
    answer = stand.close(number)
    assert (answer.status, answer.raw, answer.verified) == (204, b"", True)
    assert stand.state(number) == "CLOSED"
    with pytest.raises(Refusal, match="closed by the shop"):
        stand.bank.approve(number)
    assert stand.place(number).code == "ORDER_CLOSED"
    assert stand.close(number).code == "ORDER_CLOSED"
    stand.trouble.set("close_closed", "204")
    assert stand.close(number).status == 204


def test_the_five_minutes_can_be_switched_off_or_be_made_to_pass(stand, number):
    stand.place(number)
    stand.trouble.set("clock_ahead_s", 300)
    assert stand.close(number).status == 204
    stand.place(number + "b")
    stand.trouble.set("close_five_minutes", value=False)
    assert stand.close(number + "b").status == 204
    stand.trouble.reset()
    stand.trouble.set("clock_scale", 60)
    stand.place(number + "c")
    stand.now.forward(5)
    assert stand.close(number + "c").status == 204


def test_a_paid_unknown_or_quick_pay_order_is_not_closed(stand, number):
    stand.bank.scan(stand.place(number).json["code_url"])
    stand.bank.approve(number)
    stand.now.forward(300)
    answer = stand.close(number)
    assert (answer.status, answer.code) == (400, "ORDER_PAID")
    assert stand.close(number + "none").status == 404
    stand.charge(number + "q")
    assert stand.close(number + "q").code == "INVALID_REQUEST"


# --- refunds


def test_a_refund_is_accepted_then_done_and_the_same_number_is_the_same_refund(stand, number):
    before = stand.bank.balance()
    stand.charge(number)
    stand.trouble.set("refund_processing", 2)
    accepted = [stand.refund(number, f"R{number}", 250) for _ in range(3)]
    assert [each.status for each in accepted] == [200, 200, 200]
    assert len({each.json["id"] for each in accepted}) == 1
    assert accepted[0].json["amount"]["refund"] == 250
    assert "status" not in accepted[0].json
    assert stand.state(number) == "REFUND"
    seen = [stand.refund_query(f"R{number}").json["status"] for _ in range(4)]
    assert seen == ["PROCESSING", "PROCESSING", "SUCCESS", "SUCCESS"]
    by_id = stand.call("GET", f"/v3/global/refunds/id/{accepted[0].json['id']}?{stand.params}")
    assert by_id.json["transaction_id"] == stand.query(number).json["id"]
    assert before - stand.bank.balance() == 1150 - 230
    assert stand.order(number)["refunded"] == 250


def test_two_refunds_keep_a_minute_apart_and_within_what_was_paid(stand, number):
    before = stand.bank.balance()
    stand.charge(number)
    assert stand.refund(number, f"A{number}", 333).status == 200
    answer = stand.refund(number, f"B{number}", 917)
    assert (answer.status, answer.code) == (429, "FREQUENCY_LIMITED")
    stand.now.forward(60)
    assert stand.refund(number, f"B{number}", 918).code == "INVALID_REQUEST"
    assert stand.refund(number, f"B{number}", 917).status == 200
    for each in "AB":
        stand.refund_query(each + number)
    assert stand.bank.balance() == before  # to the last fen, although each part was rounded
    order = "out_trade_no"
    listed = stand.call("GET", f"/v3/global/refunds?{stand.params}&{order}={number}&offset=0&count=1").json
    assert (listed["total_num"], listed["current_total_num"], len(listed["data"])) == (2, 1, 1)


def test_many_small_refunds_never_give_back_more_than_was_debited(stand, number):
    before = stand.bank.balance()
    stand.charge(number, amount={"total": 10, "currency": "HKD"})
    for each in range(10):
        body = stand.refund_body(number, f"{each}-{number}", 1, amount={"refund": 1, "total": 10, "currency": "HKD"})
        assert stand.call("POST", "/v3/global/refunds", body).status == 200
        stand.refund_query(f"{each}-{number}")
        stand.now.forward(60)
        assert stand.bank.balance() <= before
    assert stand.bank.balance() == before


def test_a_refund_that_cannot_be_is_refused(stand, number):
    stand.charge(number)
    assert stand.refund(number + "none", "R1").code == "ORDER_NOT_EXIST"
    assert stand.refund(number, "R" + number, amount={"refund": 1, "total": 1251, "currency": "HKD"}).code == "PARAM_ERROR"
    assert stand.refund(number, "R" + number, amount={"refund": 1, "total": 1250, "currency": "CNY"}).code == "PARAM_ERROR"
    stand.place(number + "n")
    assert stand.refund(number + "n", "R" + number).code == "INVALID_REQUEST"
    assert stand.refund(number, "R" + number, 100).status == 200
    answer = stand.refund(number, "R" + number, 101)
    assert (answer.status, answer.code) == (403, "OUT_REFUND_NO_USED")
    assert stand.refund_query("nothing").status == 404
    stand.now.forward(366 * 86400)
    assert stand.refund(number, "S" + number, 1).code == "TRADE_OVERDUE"


def test_a_reversed_order_is_not_refunded_and_a_refunded_one_not_reversed(stand, number):
    stand.charge(number)
    stand.now.forward(15)
    stand.reverse(number)
    assert stand.refund(number, "R" + number).code == "INVALID_REQUEST"
    stand.charge(number + "b")
    stand.refund(number + "b", "R" + number, 1)
    stand.now.forward(15)
    assert stand.reverse(number + "b").code == "ORDER_PAID"


def test_fifty_refunds_are_the_most(stand, number):
    stand.charge(number)
    for each in range(51):
        stand.now.forward(60)
        last = stand.refund(number, f"{each}-{number}", 1)
        assert last.status == (200 if each < 50 else 400)


def test_the_pool_may_be_too_small_for_a_while(stand, number):
    stand.charge(number)
    stand.trouble.set("refund_not_enough", 2)
    answers = [stand.refund(number, "R" + number) for _ in range(3)]
    assert [each.status for each in answers] == [403, 403, 200]
    assert (answers[0].code, answers[0].number) == ("NOT_ENOUGH", 88430113)


@pytest.mark.parametrize(("ends", "told"), [("ABNORMAL", "ABNORMAL"), ("CLOSED", "REFUNDCLOSE")])
def test_a_refund_may_end_badly_and_the_customer_has_nothing_then(stand, number, ends, told):
    stand.charge(number)
    before = stand.bank.balance()
    stand.trouble.set("refund_ends", ends)
    stand.refund(number, "R" + number)
    assert stand.refund_query("R" + number).json["status"] == told
    assert stand.bank.balance() == before
    assert stand.order(number)["refunded"] == (0 if ends == "CLOSED" else 1250)


def test_a_refund_nobody_asks_for_is_done_after_twenty_minutes(stand, number):
    stand.charge(number)
    stand.trouble.set("refund_processing", 100)
    stand.refund(number, "R" + number)
    stand.now.forward(20 * 60)
    assert stand.order(number)["refunds"][0]["status"] == "SUCCESS"


# --- answers that are wrong


@pytest.mark.parametrize(
    ("switch", "wrong"),
    [
        ("wrong_amount", lambda told, right: told["amount"]["total"] == right["amount"]["total"] + 1),
        ("wrong_mchid", lambda told, right: "1900000000" in told.values() and "1900000000" not in right.values()),
        ("wrong_number", lambda told, right: told["out_trade_no"] != right["out_trade_no"]),
        ("number_id", lambda told, right: told["id"] == int(right["id"])),
        ("transaction_id_name", lambda told, right: "id" not in told and told["transaction_id"] == right["id"]),
        ("unknown_fields", lambda told, right: right.keys() < told.keys()),
    ],
)
def test_answers_can_say_wrong_things_that_are_signed_all_the_same(stand, number, switch, wrong):
    stand.charge(number)
    right = stand.query(number).json
    stand.trouble.set(switch, value=True)
    answer = stand.query(number)
    assert answer.verified
    assert wrong(answer.json, right)


# --- the panel


def test_the_catalog_explains_every_switch_and_each_default_is_good_behaviour():
    trouble = Trouble()
    catalog = Trouble.catalog()
    assert {each["name"] for each in catalog} == trouble.values().keys()
    for each in catalog:
        assert each["kind"] in {"flag", "count", "choice", "number"}
        assert each["title"]
        assert each["group"]
        assert each["explanation"]
        trouble.set(each["name"], each["default"])
    assert trouble == Trouble()


@pytest.mark.parametrize(
    ("name", "value"), [("nothing", 1), ("password", "maybe"), ("drop_after", "x"), ("drop_after", -2), ("slow_ms", 10**9)]
)
def test_a_switch_refuses_what_it_does_not_know(name, value):
    with pytest.raises(ValueError, match=name):
        Trouble().set(name, value)


def test_a_form_may_send_text():
    trouble = Trouble()
    trouble.set("wrong_amount", "on")
    trouble.set("drop_after", "3")
    assert (trouble.wrong_amount, trouble.drop_after) == (True, 3)
    trouble.reset()
    assert trouble == Trouble()

-- Version 1 of the ledger. The last guard: it refuses rows that cannot be, and knows nothing of what they mean.
-- Times are milliseconds of Unix time; amounts are whole smallest units of their currency. Nowhere is there a place
-- for a payment code. The file that runs this sets application_id and user_version in the same transaction.

CREATE TABLE meta (
    one         INTEGER PRIMARY KEY CONSTRAINT a_single_row CHECK (one = 1),
    generation  TEXT    NOT NULL CONSTRAINT generation_is_two_characters CHECK (generation GLOB '[0-9A-Za-z][0-9A-Za-z]'),
    created_at  INTEGER NOT NULL,
    opened_at   INTEGER NOT NULL  -- written at each opening: proof that this disk still takes a commit
) STRICT;

-- The highest counter in any out_trade_no of this ledger's generation, by the number's yymmdd.
CREATE TABLE counters (
    day      TEXT    NOT NULL PRIMARY KEY CONSTRAINT day_is_yymmdd CHECK (day GLOB '[0-9][0-9][0-9][0-9][0-9][0-9]'),
    highest  INTEGER NOT NULL CONSTRAINT counter_is_not_negative CHECK (highest >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE sales (
    sale_id    TEXT    NOT NULL PRIMARY KEY CONSTRAINT sale_has_a_number CHECK (length(sale_id) BETWEEN 1 AND 64),
    amount     INTEGER NOT NULL CONSTRAINT amount_is_positive CHECK (amount > 0),
    currency   TEXT    NOT NULL CONSTRAINT currency_is_iso_4217 CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    opened_at  INTEGER NOT NULL CONSTRAINT opened_at_is_a_time CHECK (opened_at >= 0),
    state      TEXT    NOT NULL CONSTRAINT sale_state_is_known
                       CHECK (state IN ('open', 'paid', 'unpaid', 'refunded', 'attention'))
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    out_trade_no    TEXT    NOT NULL PRIMARY KEY CONSTRAINT out_trade_no_fits  -- contract 3.1: at most 32, of these characters
                            CHECK (length(out_trade_no) BETWEEN 1 AND 32 AND out_trade_no NOT GLOB '*[^0-9A-Za-z_-]*'),
    sale_id         TEXT    NOT NULL REFERENCES sales (sale_id),
    tender          TEXT    NOT NULL CONSTRAINT tender_is_known CHECK (tender IN ('quick_pay', 'native')),
    amount          INTEGER NOT NULL CONSTRAINT amount_is_positive CHECK (amount > 0),
    currency        TEXT    NOT NULL CONSTRAINT currency_is_iso_4217 CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    opened_at       INTEGER NOT NULL CONSTRAINT opened_at_is_a_time CHECK (opened_at >= 0),
    state           TEXT    NOT NULL CONSTRAINT order_state_is_known
                            CHECK (state IN ('ARMED', 'SENT', 'PAYING', 'REVERSING', 'CLOSING', 'REFUNDING',
                                             'PAID', 'DECLINED', 'CLOSED', 'REVERSED', 'REFUNDED', 'VOID', 'ATTENTION')),
    sent_at         INTEGER CONSTRAINT sent_at_is_a_time CHECK (sent_at >= 0),
    anchor_at       INTEGER CONSTRAINT anchor_at_is_a_time CHECK (anchor_at >= 0),
    expires_at      INTEGER CONSTRAINT expires_at_is_a_time CHECK (expires_at >= 0),
    transaction_id  TEXT    CONSTRAINT transaction_id_fits CHECK (length(transaction_id) BETWEEN 1 AND 64),
    paid_at         INTEGER CONSTRAINT paid_at_is_a_time CHECK (paid_at >= 0),
    settled_at      INTEGER CONSTRAINT settled_at_is_a_time CHECK (settled_at >= 0),
    payer_amount    INTEGER CONSTRAINT payer_amount_is_not_negative CHECK (payer_amount >= 0),  -- 0: a coupon paid all of it
    payer_currency  TEXT    CONSTRAINT payer_currency_is_iso_4217 CHECK (payer_currency GLOB '[A-Z][A-Z][A-Z]'),
    rate_e8         INTEGER CONSTRAINT rate_is_positive CHECK (rate_e8 > 0),
    decline         TEXT    CONSTRAINT decline_is_known
                            CHECK (decline IN ('balance', 'code_expired', 'code_invalid', 'card', 'refused',
                                               'payment_failed', 'merchant', 'number')),
    asks            INTEGER NOT NULL CONSTRAINT asks_are_counted CHECK (asks >= 0),
    tries           INTEGER NOT NULL CONSTRAINT tries_are_counted CHECK (tries >= 0),
    last_call       TEXT    CONSTRAINT last_call_is_known CHECK (last_call IN ('charge', 'place', 'ask', 'reverse', 'close',
                                                                               'refund', 'ask_refund')),
    last_outcome    TEXT    CONSTRAINT last_outcome_is_known
                            CHECK (last_outcome IN ('paid', 'declined', 'ended', 'pending', 'notfound', 'unknown')),
    called_at       INTEGER CONSTRAINT called_at_is_a_time CHECK (called_at >= 0),
    pay_refused     INTEGER NOT NULL CONSTRAINT pay_refused_is_a_truth_value CHECK (pay_refused IN (0, 1)),
    note            TEXT    CONSTRAINT note_fits CHECK (length(note) BETWEEN 1 AND 1000),

    CONSTRAINT quick_pay_is_never_closing CHECK (NOT (tender = 'quick_pay' AND state = 'CLOSING')),
    CONSTRAINT native_is_never_reversing CHECK (NOT (tender = 'native' AND state = 'REVERSING')),
    CONSTRAINT only_native_expires CHECK (tender = 'native' OR expires_at IS NULL),
    CONSTRAINT armed_was_not_sent CHECK (state <> 'ARMED' OR sent_at IS NULL),
    CONSTRAINT money_taken_has_a_transaction CHECK (state NOT IN ('PAID', 'REFUNDING') OR transaction_id IS NOT NULL),
    CONSTRAINT final_means_settled
        CHECK ((settled_at IS NOT NULL)
               = (state IN ('PAID', 'DECLINED', 'CLOSED', 'REVERSED', 'REFUNDED', 'VOID', 'ATTENTION'))),
    CONSTRAINT declined_has_a_reason CHECK (state <> 'DECLINED' OR decline IS NOT NULL),
    CONSTRAINT attention_has_a_note CHECK (state <> 'ATTENTION' OR note IS NOT NULL),
    CONSTRAINT payer_amount_has_a_currency CHECK ((payer_amount IS NULL) = (payer_currency IS NULL)),
    CONSTRAINT call_has_an_outcome_and_a_time
        CHECK ((last_call IS NULL) = (last_outcome IS NULL) AND (last_call IS NULL) = (called_at IS NULL))
) STRICT, WITHOUT ROWID;

-- One order at a time may take the money of a sale, and one may have taken it. An order being undone counts as neither.
CREATE UNIQUE INDEX one_order_collects_a_sale ON orders (sale_id) WHERE state IN ('ARMED', 'SENT', 'PAYING');
CREATE UNIQUE INDEX one_order_has_paid_a_sale ON orders (sale_id) WHERE state = 'PAID';
CREATE UNIQUE INDEX a_transaction_pays_one_order ON orders (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX orders_open ON orders (opened_at)
    WHERE state IN ('ARMED', 'SENT', 'PAYING', 'REVERSING', 'CLOSING', 'REFUNDING');
CREATE INDEX orders_void ON orders (settled_at) WHERE state = 'VOID';
CREATE INDEX orders_by_time ON orders (opened_at);

CREATE TABLE refunds (
    out_refund_no  TEXT    NOT NULL PRIMARY KEY CONSTRAINT out_refund_no_fits  -- contract 3.7: at most 64
                           CHECK (length(out_refund_no) BETWEEN 1 AND 64 AND out_refund_no NOT GLOB '*[^0-9A-Za-z_-]*'),
    out_trade_no   TEXT    NOT NULL REFERENCES orders (out_trade_no),
    amount         INTEGER NOT NULL CONSTRAINT amount_is_positive CHECK (amount > 0),
    currency       TEXT    NOT NULL CONSTRAINT currency_is_iso_4217 CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    opened_at      INTEGER NOT NULL CONSTRAINT opened_at_is_a_time CHECK (opened_at >= 0),
    state          TEXT    NOT NULL CONSTRAINT refund_state_is_known
                           CHECK (state IN ('REQUESTED', 'ACCEPTED', 'DONE', 'ATTENTION')),
    late           INTEGER NOT NULL CONSTRAINT late_is_a_truth_value CHECK (late IN (0, 1)),
    refund_id      TEXT    CONSTRAINT refund_id_fits CHECK (length(refund_id) BETWEEN 1 AND 64),
    settled_at     INTEGER CONSTRAINT settled_at_is_a_time CHECK (settled_at >= 0),
    tries          INTEGER NOT NULL CONSTRAINT tries_are_counted CHECK (tries >= 0),
    last_call      TEXT    CONSTRAINT last_call_is_known CHECK (last_call IN ('refund', 'ask_refund')),
    last_outcome   TEXT    CONSTRAINT last_outcome_is_known
                           CHECK (last_outcome IN ('paid', 'declined', 'ended', 'pending', 'notfound', 'unknown')),
    called_at      INTEGER CONSTRAINT called_at_is_a_time CHECK (called_at >= 0),
    note           TEXT    CONSTRAINT note_fits CHECK (length(note) BETWEEN 1 AND 1000),

    CONSTRAINT final_means_settled CHECK ((settled_at IS NOT NULL) = (state IN ('DONE', 'ATTENTION'))),
    CONSTRAINT attention_has_a_note CHECK (state <> 'ATTENTION' OR note IS NOT NULL),
    CONSTRAINT call_has_an_outcome_and_a_time
        CHECK ((last_call IS NULL) = (last_outcome IS NULL) AND (last_call IS NULL) = (called_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX late_money_goes_back_once ON refunds (out_trade_no) WHERE late = 1;
CREATE UNIQUE INDEX a_refund_id_is_one_refund ON refunds (refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX refunds_of_order ON refunds (out_trade_no);
CREATE INDEX refunds_open ON refunds (opened_at) WHERE state IN ('REQUESTED', 'ACCEPTED');
CREATE INDEX refunds_by_time ON refunds (opened_at);

-- Each arrow walked, in the order walked. `was` is NULL for a new row.
CREATE TABLE history (
    seq      INTEGER PRIMARY KEY,
    kind     TEXT    NOT NULL CONSTRAINT kind_is_known CHECK (kind IN ('sale', 'order', 'refund')),
    number   TEXT    NOT NULL,
    was      TEXT,
    became   TEXT    NOT NULL,
    why      TEXT    NOT NULL CONSTRAINT why_is_said CHECK (length(why) > 0),
    at       INTEGER NOT NULL CONSTRAINT at_is_a_time CHECK (at >= 0),
    changed  TEXT    NOT NULL  -- the columns that changed with it, as a JSON object; {} for a new row
) STRICT;

CREATE INDEX history_of_number ON history (number);

-- What a CHECK cannot see: other rows, and what the row was before.

CREATE TRIGGER orders_collect_what_the_sale_owes BEFORE INSERT ON orders
WHEN NOT EXISTS (SELECT 1 FROM sales
                 WHERE sale_id = NEW.sale_id AND amount = NEW.amount AND currency = NEW.currency)
BEGIN SELECT RAISE(ABORT, 'an order collects exactly what its sale, committed before it, owes'); END;

CREATE TRIGGER orders_end_with_the_payment BEFORE INSERT ON orders
WHEN EXISTS (SELECT 1 FROM orders WHERE sale_id = NEW.sale_id AND state = 'PAID')
BEGIN SELECT RAISE(ABORT, 'a paid sale gets no further order'); END;

CREATE TRIGGER orders_keep_what_they_are BEFORE UPDATE ON orders
WHEN NEW.out_trade_no <> OLD.out_trade_no OR NEW.sale_id <> OLD.sale_id OR NEW.tender <> OLD.tender
     OR NEW.amount <> OLD.amount OR NEW.currency <> OLD.currency OR NEW.opened_at <> OLD.opened_at
BEGIN SELECT RAISE(ABORT, 'number, sale, tender, money and opening of an order never change'); END;

CREATE TRIGGER orders_never_go_back BEFORE UPDATE OF state ON orders
WHEN NOT CASE OLD.state
    WHEN 'ARMED'     THEN 1
    WHEN 'SENT'      THEN NEW.state <> 'ARMED'
    WHEN 'PAYING'    THEN NEW.state NOT IN ('ARMED', 'SENT')
    WHEN 'REVERSING' THEN NEW.state NOT IN ('ARMED', 'SENT', 'PAYING', 'PAID', 'CLOSING')  -- one-way
    WHEN 'CLOSING'   THEN NEW.state NOT IN ('ARMED', 'SENT', 'PAYING', 'REVERSING')
    WHEN 'REFUNDING' THEN NEW.state IN ('REFUNDING', 'REFUNDED', 'REVERSED', 'CLOSED', 'ATTENTION')
    WHEN 'VOID'      THEN NEW.state IN ('VOID', 'REVERSING', 'CLOSING', 'REFUNDING', 'ATTENTION')  -- final, yet watched
    ELSE NEW.state = OLD.state
END
BEGIN SELECT RAISE(ABORT, 'an order never goes back, and a final order stays as it is'); END;

-- Counts of calls may go on; a fact that was unknown may still be learnt; none is taken back.
CREATE TRIGGER final_orders_keep_their_facts BEFORE UPDATE ON orders
WHEN OLD.state IN ('PAID', 'DECLINED', 'CLOSED', 'REVERSED', 'REFUNDED', 'ATTENTION') AND (
    NEW.settled_at IS NOT OLD.settled_at
    OR NEW.decline IS NOT OLD.decline
    OR OLD.sent_at <> coalesce(NEW.sent_at, -1)
    OR OLD.transaction_id <> coalesce(NEW.transaction_id, '')
    OR OLD.paid_at <> coalesce(NEW.paid_at, -1)
    OR OLD.payer_amount <> coalesce(NEW.payer_amount, -1)
    OR OLD.payer_currency <> coalesce(NEW.payer_currency, '')
    OR OLD.rate_e8 <> coalesce(NEW.rate_e8, -1)
    OR OLD.note <> coalesce(NEW.note, ''))
BEGIN SELECT RAISE(ABORT, 'what a final order says never changes'); END;

CREATE TRIGGER refunds_give_back_what_was_taken BEFORE INSERT ON refunds
WHEN NOT EXISTS (SELECT 1 FROM orders
                 WHERE out_trade_no = NEW.out_trade_no AND currency = NEW.currency
                       AND CASE WHEN NEW.late THEN state = 'REFUNDING' AND amount = NEW.amount
                                ELSE state = 'PAID' AND amount >= NEW.amount END)
BEGIN SELECT RAISE(ABORT, 'a refund gives back money of a PAID order, or, if late, all of a REFUNDING one'); END;

CREATE TRIGGER refunds_end_with_the_money BEFORE INSERT ON refunds
WHEN NEW.amount + (SELECT coalesce(sum(amount), 0) FROM refunds
                   WHERE out_trade_no = NEW.out_trade_no AND state <> 'ATTENTION')
     > (SELECT amount FROM orders WHERE out_trade_no = NEW.out_trade_no)
BEGIN SELECT RAISE(ABORT, 'the refunds of an order are never more than its money'); END;

CREATE TRIGGER refunds_keep_what_they_are BEFORE UPDATE ON refunds
WHEN NEW.out_refund_no <> OLD.out_refund_no OR NEW.out_trade_no <> OLD.out_trade_no OR NEW.amount <> OLD.amount
     OR NEW.currency <> OLD.currency OR NEW.opened_at <> OLD.opened_at OR NEW.late <> OLD.late
BEGIN SELECT RAISE(ABORT, 'number, order, money and opening of a refund never change'); END;

CREATE TRIGGER refunds_never_go_back BEFORE UPDATE ON refunds
WHEN (OLD.state IN ('DONE', 'ATTENTION') AND (NEW.state <> OLD.state OR NEW.settled_at IS NOT OLD.settled_at))
     OR (OLD.state = 'ACCEPTED' AND NEW.state = 'REQUESTED')
BEGIN SELECT RAISE(ABORT, 'a refund never goes back, and a final refund stays as it is'); END;

CREATE TRIGGER sales_keep_what_they_are BEFORE UPDATE ON sales
WHEN NEW.sale_id <> OLD.sale_id OR NEW.amount <> OLD.amount OR NEW.currency <> OLD.currency OR NEW.opened_at <> OLD.opened_at
BEGIN SELECT RAISE(ABORT, 'number, money and opening of a sale never change'); END;

CREATE TRIGGER counters_only_rise BEFORE UPDATE ON counters
WHEN NEW.day <> OLD.day OR NEW.highest < OLD.highest
BEGIN SELECT RAISE(ABORT, 'a counter only rises: no number is used twice'); END;

CREATE TRIGGER the_generation_stays BEFORE UPDATE ON meta
WHEN NEW.generation <> OLD.generation OR NEW.created_at <> OLD.created_at
BEGIN SELECT RAISE(ABORT, 'the generation belongs to this ledger for ever'); END;

CREATE TRIGGER history_is_not_rewritten BEFORE UPDATE ON history
BEGIN SELECT RAISE(ABORT, 'history is only added to'); END;

CREATE TRIGGER history_is_kept BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'history is only added to'); END;
CREATE TRIGGER meta_is_kept BEFORE DELETE ON meta BEGIN SELECT RAISE(ABORT, 'nothing is deleted'); END;
CREATE TRIGGER counters_are_kept BEFORE DELETE ON counters BEGIN SELECT RAISE(ABORT, 'nothing is deleted'); END;
CREATE TRIGGER sales_are_kept BEFORE DELETE ON sales BEGIN SELECT RAISE(ABORT, 'nothing is deleted'); END;
CREATE TRIGGER orders_are_kept BEFORE DELETE ON orders BEGIN SELECT RAISE(ABORT, 'nothing is deleted'); END;
CREATE TRIGGER refunds_are_kept BEFORE DELETE ON refunds BEGIN SELECT RAISE(ABORT, 'nothing is deleted'); END;

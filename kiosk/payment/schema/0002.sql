-- Version 2: what WeChat has notified, so that a notification that is sent again is known. Kept for 30 days, as nothing here
-- is a proof: what became of an order is in its row. Nothing about the payer has a place here.

CREATE TABLE notifications (
    id             TEXT    NOT NULL PRIMARY KEY CONSTRAINT notification_has_an_id CHECK (length(id) BETWEEN 1 AND 64),
    received_at    INTEGER NOT NULL CONSTRAINT received_at_is_a_time CHECK (received_at >= 0),
    event_type     TEXT    NOT NULL CONSTRAINT event_type_fits CHECK (length(event_type) BETWEEN 1 AND 64),
    out_trade_no   TEXT    CONSTRAINT out_trade_no_fits CHECK (length(out_trade_no) BETWEEN 1 AND 64),  -- of whomsoever
    out_refund_no  TEXT    CONSTRAINT out_refund_no_fits CHECK (length(out_refund_no) BETWEEN 1 AND 64),
    signed_at      INTEGER NOT NULL CONSTRAINT signed_at_is_a_time CHECK (signed_at >= 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX notifications_by_time ON notifications (received_at);

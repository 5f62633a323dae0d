-- History on the kiosk: orders by their amount and by the end of their number, as people look for them.

CREATE INDEX orders_by_amount ON orders (amount, opened_at);
CREATE INDEX orders_by_end ON orders (substr(out_trade_no, -4), opened_at);

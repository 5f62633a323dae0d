-- History and refunds on the kiosk: orders by amount and by the end of their number; who gave money back, why, and what hinders it.

CREATE INDEX orders_by_amount ON orders (amount, opened_at);
CREATE INDEX orders_by_end ON orders (substr(out_trade_no, -4), opened_at);

ALTER TABLE refunds ADD COLUMN reason TEXT CONSTRAINT reason_fits CHECK (length(reason) BETWEEN 1 AND 80);  -- contract 3.7
ALTER TABLE refunds ADD COLUMN operator TEXT CONSTRAINT operator_fits CHECK (length(operator) BETWEEN 1 AND 64);
ALTER TABLE refunds ADD COLUMN trouble TEXT CONSTRAINT trouble_is_known
    CHECK (trouble IN ('poor', 'account', 'closed', 'overdue', 'number', 'merchant', 'order', 'refused'));

CREATE INDEX refunds_refused ON refunds (settled_at) WHERE state = 'ATTENTION';

CREATE TRIGGER refunds_keep_who_and_why BEFORE UPDATE ON refunds
WHEN NEW.reason IS NOT OLD.reason OR NEW.operator IS NOT OLD.operator
BEGIN SELECT RAISE(ABORT, 'who gave money back, and why, never changes'); END;

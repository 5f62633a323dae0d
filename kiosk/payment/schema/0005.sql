-- Adds what a sale is made of: the tip in it, the amounts that were added up; and the shop's own number of it. NULL: none.

ALTER TABLE sales ADD COLUMN tip INTEGER CONSTRAINT tip_is_part_of_the_amount CHECK (tip > 0 AND tip < amount);
ALTER TABLE sales ADD COLUMN lines TEXT  -- as 1250+300, in smallest units, without the tip
    CONSTRAINT lines_are_amounts CHECK (length(lines) BETWEEN 3 AND 400 AND lines GLOB '[1-9]*+[1-9]*' AND lines NOT GLOB '*[^0-9+]*');
ALTER TABLE orders ADD COLUMN memo TEXT  -- WeChat has it as `attach` (contract 3.2.1); too short for a payment code
    CONSTRAINT memo_is_digits CHECK (length(memo) BETWEEN 1 AND 12 AND memo NOT GLOB '*[^0-9]*');

DROP TRIGGER sales_keep_what_they_are;
CREATE TRIGGER sales_keep_what_they_are BEFORE UPDATE ON sales
WHEN NEW.sale_id <> OLD.sale_id OR NEW.amount <> OLD.amount OR NEW.currency <> OLD.currency OR NEW.opened_at <> OLD.opened_at
     OR NEW.tip IS NOT OLD.tip OR NEW.lines IS NOT OLD.lines
BEGIN SELECT RAISE(ABORT, 'number, money, tip, lines and opening of a sale never change'); END;

DROP TRIGGER orders_keep_what_they_are;
CREATE TRIGGER orders_keep_what_they_are BEFORE UPDATE ON orders
WHEN NEW.out_trade_no <> OLD.out_trade_no OR NEW.sale_id <> OLD.sale_id OR NEW.tender <> OLD.tender
     OR NEW.amount <> OLD.amount OR NEW.currency <> OLD.currency OR NEW.opened_at <> OLD.opened_at OR NEW.memo IS NOT OLD.memo
BEGIN SELECT RAISE(ABORT, 'number, sale, tender, money, memo and opening of an order never change'); END;

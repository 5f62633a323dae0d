"""Whole days of sales in virtual time: the real step, the real ledger, a model of WeChat Pay, a bad network, and crashes."""

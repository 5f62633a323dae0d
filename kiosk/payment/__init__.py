"""Where the money is written down and asked for: the ledger, and WeChat Pay."""

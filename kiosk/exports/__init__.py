"""The ledger's sales, refunds and shifts as files for others: rows, their forms, and postings. Knows no HTTP and no screen."""

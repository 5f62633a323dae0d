"""A disk that forgets what was not synced and fails when told to; the ledger on it, cut from power again and again."""

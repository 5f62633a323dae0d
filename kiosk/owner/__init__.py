"""The owner's page: HTTPS on the shop's network, in a process of its own, off unless kiosk.toml names an address.

It holds no merchant's key and no ledger: about sales it asks the kiosk, about the machine the steward.
"""

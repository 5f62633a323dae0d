"""The books: WeChat's statement of a day held against the ledger, what differs settled, and the report of it.

comparison.py compares, reconciler.py has it done beside the running kiosk's loop, command.py at the prompt. How a statement is
read and matched is payment/'s to say, when a day is due core/'s. Must not know a screen or a page.
"""

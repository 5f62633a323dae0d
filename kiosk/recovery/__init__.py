"""Orders asked for at WeChat where the ledger cannot tell: after the loss of the card, of the last minutes, or one by its number.

walk.py asks and writes, command.py is `kiosk recover`, lost_orders.py the same in a kiosk that sells meanwhile; lookup.py only
asks. Which numbers there can be, and what a row becomes, core/recovery.py decides.
"""

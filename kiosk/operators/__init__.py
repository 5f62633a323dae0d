"""Who works here: the operators' PINs, kept and looked at, and who may ask for them or give one.

keeper.py has the files and the thread, command.py is `kiosk operator`, door.py what the owner's page may ask. How a PIN is kept
is pins.py's to say, which the owner's own needs, too; what an operator may do, core/operators.py's.
"""

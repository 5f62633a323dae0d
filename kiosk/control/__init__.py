"""The running kiosk asked by others: the other commands over its control socket, the owner's page at a door of its own.

unix_socket.py is the talk itself and knows nothing of what is said; answers.py and owner_door.py are the kiosk's side, enquiry.py
and shift_desk.py are the commands', who look into the ledger themselves while no kiosk runs. Decides nothing about money.
"""

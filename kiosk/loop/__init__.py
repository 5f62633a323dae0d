"""The loop of the running kiosk, and what stands around it: an event from the inbox, one step, the commit, only then the acts.

runtime.py is the loop; lanes.py do its calls, training.py is a till beside the real one, supervision.py watches the threads;
rows.py lets others at the ledger between two steps. It knows ports; but for rows.py, which stands above it, no hand.
"""

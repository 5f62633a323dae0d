"""The steward: the few things of the appliance that only root can do, each a verb with checked arguments.

words.py says what can be asked and answered, client.py how, fake.py stands in for it; the rest does the work, as root.
"""

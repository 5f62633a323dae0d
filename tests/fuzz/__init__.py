"""All that the kiosk reads from outside, fed with odd things: `python -m tests.fuzz`, `python -m tests.fuzz.signatures`."""

"""Frames as a kiosk's camera sees them, drawn: 1280 x 720, grey, each from a kind, a grade and a seed, and always the same.

    python -m tests.frames --frames 1000 [--photos DIR] [--json]     reading measured by grade, beside other readers
    python -m tests.frames --look DIR                                samples as PNG, to see what is measured

Grade 0 is a phone held well, 4 a hurried hand, 9 hopeless.
"""

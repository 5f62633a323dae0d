"""The pure heart: money, nouns and decisions. No I/O, no clock, no logging, no randomness in any file here."""

"""A payment kiosk for shops without a POS: WeChat Pay, Quick Pay and Native, on a Raspberry Pi."""

__version__ = "0.1.0"

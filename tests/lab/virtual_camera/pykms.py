"""In place of kms++, which Raspberry Pi OS alone has: picamera2 imports it for a preview that the kiosk never opens."""

from typing import Any


class _Any(type):
    def __getattr__(cls, name: str) -> Any:
        return name


class PixelFormat(metaclass=_Any):
    """Has every format by its name."""

"""kiosk.toml: every key, its default and its remedy; a table each in a file of its own, and all of them together in file.py.

It must not know a driver, the network or the ledger, and opens nothing but kiosk.toml and the key files it names.
"""

from kiosk.config.file import (
    CAMERAS,
    PLACES,
    CameraConfig,
    Config,
    ControlConfig,
    LedgerConfig,
    MerchantConfig,
    find,
    load,
    load_camera,
    load_owner,
    load_update,
)

__all__ = [
    "CAMERAS",
    "PLACES",
    "CameraConfig",
    "Config",
    "ControlConfig",
    "LedgerConfig",
    "MerchantConfig",
    "find",
    "load",
    "load_camera",
    "load_owner",
    "load_update",
]

"""The set-up on the kiosk's own screen: what `kiosk run` is while there is no kiosk.toml, and `kiosk setup`.

What it decides is core/setup.py's; here are the things it decides about: the steward, what lies on the disk, the merchant's
data, the camera and the keys.
"""

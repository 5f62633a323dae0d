"""Releases: one file each, signed; tried in a quiet hour, kept when it works, and otherwise undone without anybody's help.

trial.py decides (pure), parcel.py knows the file, shelf.py the folder; boot.py and update.py are what systemd starts. Both run
from the release in the package, never from the one on trial. running.py is what a running kiosk knows and tells of it.
"""

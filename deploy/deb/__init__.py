"""The Debian package: `python -m deploy.deb --suite trixie --arch arm64` puts it into dist/. Needs pip and dpkg-deb."""

"""The image: `python -m deploy.image --suite trixie --arch amd64` puts a disk for a card into dist/. As root."""

"""PNG, the writing half: 8-bit RGB, no filter, light compression. Standard library only (PNG specification, W3C, 2nd edition)."""

from __future__ import annotations

import struct
import zlib


def encode(width: int, height: int, rgb: bytes, level: int = 3) -> bytes:
    """The picture of `width` x `height`, 3 bytes a pixel from the top left, as a PNG file."""
    row = width * 3
    raw = b"".join(b"\0" + rgb[start : start + row] for start in range(0, row * height, row))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, level)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

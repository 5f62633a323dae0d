"""A code_url as black and white modules. The one file that knows qrcode; nothing of pixels or places.

The text goes in as it is, without any encoding of ours (contract section 9). Error correction M.
"""

from __future__ import annotations

from functools import lru_cache

QUIET = 4  # modules of white on each side (ISO/IEC 18004, 6.3.8)


@lru_cache(maxsize=4)
def modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """Rows of modules, True is dark, without the quiet zone."""
    import qrcode  # noqa: PLC0415  slow to import, and not needed for the first picture
    from qrcode.constants import ERROR_CORRECT_M  # noqa: PLC0415  slow to load

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return tuple(tuple(bool(cell) for cell in row) for row in code.get_matrix())

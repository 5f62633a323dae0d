"""Numbers spelt out for a voice that would misread their digits: in Chinese, in hiragana as Japanese sounds, in Spanish.

Pure. Up to twelve digits.
"""

from __future__ import annotations

MOST = 10**12

_HANZI = "零一二三四五六七八九"
_KANA = ("れい", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
_HANGUL = "영일이삼사오육칠팔구"
# Where a thousand or a hundred changes its own sound or the digit's.
_BENT = {(3, 1000): "さんぜん", (8, 1000): "はっせん", (3, 100): "さんびゃく", (6, 100): "ろっぴゃく", (8, 100): "はっぴゃく"}
# fmt: off
_UNOS = (
    "cero", "un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece",
    "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiún", "veintidós",
    "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve",
)
_DECENAS = (
    "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa",
)
_CIENTOS = (
    "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos", "setecientos", "ochocientos",
    "novecientos",
)
# fmt: on
_KANA_UNITS = {1000: "せん", 100: "ひゃく", 10: "じゅう"}


def chinese(number: int, *, traditional: bool = False) -> str:
    """105 is 一百零五, 100005 is 十万零五. Raises ValueError for what is negative or too large."""
    if number == 0:
        return _HANZI[0]
    said = ""
    for value, unit in ((10**8, "億" if traditional else "亿"), (10**4, "萬" if traditional else "万"), (1, "")):
        group = number // value % (10**4 if value < 10**8 else _most(number))
        if group:
            gap = said and group < 1000  # noqa: PLR2004  one 零 for however many places are empty before it
            said += ("零" if gap else "") + _hanzi_group(group) + unit
    return said.removeprefix("一") if said.startswith("一十") else said


def japanese(number: int) -> str:
    """1250 is せんにひゃくごじゅう. Raises ValueError for what is negative or too large."""
    if number == 0:
        return _KANA[0]
    said = ""
    for value, unit in ((10**8, "おく"), (10**4, "まん"), (1, "")):
        group = number // value % (10**4 if value < 10**8 else _most(number))
        if group:
            said += _kana_group(group) + unit
    return said


def spanish(number: int, *, feminine: bool = False) -> str:
    """So many of something: 1 is un or una, 200 doscientos or doscientas. Raises ValueError for what is negative or too large."""
    if number == 0:
        return _UNOS[0]
    millions, rest = divmod(number % _most(number), 10**6)
    parts = []
    if millions:
        parts.append("un millón" if millions == 1 else f"{_thousands(millions, feminine=False)} millones")
    if rest:
        parts.append(_thousands(rest, feminine=feminine))
    return " ".join(parts)


def digits(text: str, language: str) -> str:
    """Each digit by itself, as they are said behind a point."""
    names = {"ja": _KANA, "ko": _HANGUL}.get(language, _HANZI)
    return "".join(names[int(char)] for char in text)


def _most(number: int) -> int:
    if not 0 <= number < MOST:
        raise ValueError(f"not a number that is spelt out here: {number}")
    return MOST


def _hanzi_group(group: int) -> str:
    said, gap = "", False
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = group // value % 10
        if digit:
            said += ("零" if gap else "") + _HANZI[digit] + unit
        gap = bool(said) and not digit
    return said


def _kana_group(group: int) -> str:
    said = ""
    for value, unit in _KANA_UNITS.items():
        digit = group // value % 10
        if digit:
            said += _BENT.get((digit, value)) or (_KANA[digit] if digit > 1 else "") + unit
    return said + (_KANA[group % 10] if group % 10 else "")


def _thousands(number: int, *, feminine: bool) -> str:
    thousands, rest = divmod(number, 1000)
    parts = []
    if thousands:
        parts.append("mil" if thousands == 1 else f"{_hundreds(thousands, feminine=feminine)} mil")
    if rest:
        parts.append(_hundreds(rest, feminine=feminine))
    return " ".join(parts)


def _hundreds(number: int, *, feminine: bool) -> str:
    if number == 100:  # noqa: PLR2004  the one that is short by itself
        return "cien"
    hundreds, rest = divmod(number, 100)
    parts = [_CIENTOS[hundreds - 1]] if hundreds else []
    if 0 < rest < len(_UNOS):
        parts.append(_UNOS[rest])
    elif rest:
        tens, ones = divmod(rest, 10)
        parts.append(_DECENAS[tens - 3] + (f" y {_UNOS[ones]}" if ones else ""))
    said = " ".join(parts)
    if not feminine:
        return said
    said = said.replace("cientos", "cientas").replace("quinientos", "quinientas")
    return said.replace("veintiún", "veintiuna") if said.endswith("veintiún") else said + "a" if said.endswith("un") else said

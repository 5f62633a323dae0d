"""Inputs from samples: bytes changed blindly, JSON changed where it hurts. All chance comes from one seeded generator."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

LONGEST = 20_000
MOST_REPEATS = 400

# What parsers stumble over: other digits, line ends, limits of numbers, nesting, names that are and are not there.
ODD = [
    *("１", "٣", "²", "𝟙", "\u202e", "\ufeff", "\ud7ff", "é", "\x00", "\n", "\r\n", "\x1d", " ", "\t", "\\", '"', "'"),
    *("\\ud800", "\\u0000", "NaN", "Infinity", "-0", "1e2", "1e999", "1.0", "true", "null", "9" * 5000, "0x" + "f" * 4000),
    *("[" * 3000, '{"a":' * 2000, "]", "}", "{", ",", ":", "//", "https://[", "(01)", "]C1", "../", "%00", "-----", "=", "`"),
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 1250, 1251, 2**31, 2**53, 2**63, -(2**63) - 1, 10**30, 1.0, 1250.0, 1e300, [], {}, [[]]),
    *(
        "",
        " ",
        "SUCCESS",
        "success",
        "SUCCESS\n",
        "USERPAYING",
        "CNY",
        "hkd",
        "HKD",
        "1250",
        "１２５０",
        "\ud800",
        "\x00",
        "x" * 600,
    ),
    *(
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59+08:00",
        "0001-01-01T00:00:00+14:00",
        "2026-02-30T00:00:00Z",
        "2026-W01",
        "20260105",
    ),
]


class Mutator:
    """An endless row of inputs made of `seeds` and `words`; the same `seed` makes the same row."""

    def __init__(self, seeds: Sequence[bytes], words: Sequence[str], seed: int) -> None:
        self._pool = list(seeds)
        self._weights = [20 + min(len(seed), 500) for seed in seeds]  # there is more to change in a long one
        self._words = [word.encode("utf-8", "surrogatepass") for word in [*words, *ODD]]
        self._chance = random.Random(seed)
        self._unshown = list(seeds)

    def next(self) -> bytes:
        """The samples themselves first, then what becomes of them."""
        if self._unshown:
            return self._unshown.pop(0)
        chance = self._chance
        data = chance.choices(self._pool, self._weights)[0]
        as_json = chance.random() < 0.6
        if as_json:
            data = self._json(data)
        for _ in range(chance.choice([0, 0, 0, 1, 2] if as_json else [0, 1, 1, 1, 2, 3, 6])):
            data = self._bytes(data)
        return data[:LONGEST]

    def _bytes(self, data: bytes) -> bytes:
        chance = self._chance
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice([0, 1, 1, 2, 4, 8, 32]))
        match chance.randrange(8):
            case 0:
                middle = bytes([chance.randrange(256)])
            case 1:
                middle = b""
            case 2 | 3:
                middle = chance.choice(self._words)
            case 4:
                middle = data[start:end] * chance.choice([2, 3, 20, MOST_REPEATS])
            case 5:
                other = chance.choice(self._pool)
                at = chance.randrange(len(other) + 1)
                return data[:start] + other[at:]
            case 6:
                middle = str(chance.choice([0, 1, 9, 10, 255, 65536, 2**31, 2**53, 2**64])).encode()
            case _:
                middle = bytes(byte ^ (1 << chance.randrange(8)) for byte in data[start:end])
        return data[:start] + middle + data[end:]

    def _json(self, data: bytes) -> bytes:
        """One place of a JSON text changed; what is no JSON stays."""
        at = data.find(b"{")
        try:
            value = json.loads(data[at:]) if at >= 0 else None
        except (ValueError, RecursionError):
            return data
        if not isinstance(value, dict):
            return data
        chance = self._chance
        place, key = self._place(value)
        match chance.randrange(6):
            case 0:
                del place[key]
            case 1 if isinstance(place, dict):
                place[chance.choice(["code", "trade_state", "amount", "id", "x", "status"])] = place[key]
            case 2:
                text = json.dumps(value)
                name = json.dumps(key) + ": "  # the same key twice
                if isinstance(key, str) and name in text:
                    return data[:at] + text.replace(name, f"{name}1, {name}", 1).encode()
            case 3:
                place[key] = chance.choice(VALUES)
            case _:
                place[key] = self._alike(place[key])
        return data[:at] + json.dumps(value).encode()

    def _alike(self, value: object) -> object:
        """What a careless reader would take for the same, or for another of its kind."""
        match value:
            case bool():
                return int(value)
            case int():
                return self._chance.choice([True, float(value), str(value), -value, value + 1, 0, 10**30, [value]])
            case str():
                return self._chance.choice(
                    [value + "\n", " " + value, value.swapcase(), [value], value * 50, value[:-1], 1, True]
                )
            case _:
                return [value]

    def _place(self, value: dict[str, Any]) -> tuple[Any, Any]:
        """A container somewhere in `value`, and a key of it."""
        place: Any = value or {"x": 0}
        while True:
            key: Any = self._chance.choice(list(place)) if isinstance(place, dict) else self._chance.randrange(len(place))
            inner = place[key]
            if not isinstance(inner, dict | list) or not inner or self._chance.random() < 0.2:
                return place, key
            place = inner

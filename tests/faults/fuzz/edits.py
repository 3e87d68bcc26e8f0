"""What the fuzzer's bytes are read as: edits of a whole input, so that deep places are reached."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Path = tuple[Any, ...]

VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2, 7, 2**31, 2**63, 2**200, -(2**63), 0.5, 1e308, -1e308, 1e-320, "", "x", "<b>",
    "\ud800", "\x00",
    [], [1], [[]], [None], ["a"], {}, {"x": 1}, [0, 1], [[0, 1], [2]], "candidates", "comparisons", [1e400], "9" * 400,
    1e400, False, 3, 0.25, 10**15, 10**308, "../../x", "/etc/passwd", "=1+1", "\u202e", "{{ 7*7 }}", [[[[[[]]]]]],
    10**400, "9999-99-99", [0.5, 0.25], {"shape": "uniform", "lo": 0, "hi": 1},
)  # fmt: skip
"""What stands where something else should. Kept inputs name these by their place: add at the end."""


def edited(data: bytes, whole: bytes) -> bytes:
    """The whole with bytes changed: place (3 bytes), kind, value."""
    made = bytearray(whole)
    for at in range(0, len(data) - 4, 5):
        place = int.from_bytes(data[at : at + 3], "big") % (len(made) + 1)
        kind, value = data[at + 3] % 4, data[at + 4]
        if kind == 0 and place < len(made):
            made[place] = value
        elif kind == 1:
            made.insert(place, value)
        elif kind == 2:
            del made[place : place + 1 + value]
        else:
            made[place:place] = made[place : place + value]
    return bytes(made)


def places(value: Any, path: Path = ()) -> list[Path]:
    """Where anything stands in a document of tables and lists; of a long list or table the first 40."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [p for key, each in list(inside)[:40] for p in places(each, (*path, key))]
    return [path, *below] if path else below


def replaced(document: Any, data: bytes, known: Sequence[Path]) -> Any:
    """The document changed in place: values exchanged for odd ones, or taken away: place (2 bytes), value."""
    for at in range(0, min(len(data) - 2, 30), 3):
        path = known[int.from_bytes(data[at : at + 2], "big") % len(known)]
        try:
            target = _at(document, path[:-1])
            if data[at + 2] == 255:
                del target[path[-1]]
            else:
                target[path[-1]] = VALUES[data[at + 2] % len(VALUES)]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier exchange took that place away
    return document


class Whole:
    """A whole document of tables and lists, of which changed copies are made.

    Parameters
    ----------
    document : dict
        Plain data, as JSON or TOML give it.
    words : sequence
        What may stand in it besides what does: names of keys and values that the reader knows.
    """

    def __init__(self, document: dict[str, Any], words: Sequence[Any] = ()) -> None:
        # JSON copies faster than anything else.
        self._text = json.dumps(document)
        self.places = places(document)
        found = [_at(document, path) for path in self.places]
        keys = [path[-1] for path in self.places if isinstance(path[-1], str)]
        self.keys = list(dict.fromkeys([*keys, *(w for w in words if isinstance(w, str)), "", "x", "__class__", "a.b"]))
        self.values: list[Any] = [*VALUES, *words, *found]

    def changed(self, data: bytes) -> dict[str, Any]:
        """The document after at most seven edits (their number in the first byte): place (2 bytes), kind, what (2)."""
        made: dict[str, Any] = json.loads(self._text)
        for at in range(1, min(len(data) - 4, 1 + 5 * (data[0] % 8 if data else 0)), 5):
            path = self.places[int.from_bytes(data[at : at + 2], "big") % len(self.places)]
            kind, what = data[at + 2] % 6, int.from_bytes(data[at + 3 : at + 5], "big")
            try:
                target = _at(made, path[:-1])
                if kind == 0:
                    del target[path[-1]]
                elif kind == 1 and isinstance(target, dict):
                    target[self.keys[what % len(self.keys)]] = target.pop(path[-1])
                elif kind == 2 and isinstance(target, dict):
                    target[self.keys[what % len(self.keys)]] = _copied(target[path[-1]])
                elif kind == 3 and isinstance(target[path[-1]], int | float):
                    target[path[-1]] = _number(target[path[-1]], what)
                else:
                    target[path[-1]] = _copied(self.values[what % len(self.values)])
            except (KeyError, IndexError, TypeError, OverflowError):
                continue  # an earlier edit took that place away, or a number has no other so far away
        return made


def _number(value: float, what: int) -> Any:
    """Another number, near or far."""
    ways = (lambda v: -v, lambda v: v * 10, lambda v: v / 10, lambda v: v + 1, lambda v: v - 1, lambda v: float(v),
            lambda v: 1 - v, lambda v: v * 1e300)  # fmt: skip
    return ways[what % len(ways)](value)


def _at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def _copied(value: Any) -> Any:
    """Nothing stands in two places: a later edit would change both."""
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value

"""Numbers of the machine twin, looked up by their place and written as people read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from misid.ground.numbers import count, denominator, out_of, percent, significant, whole
from misid.report.filing.model import Value, Words
from misid.report.shown import raw


class Values:
    """Turns places in the machine twin into traced text.

    Parameters
    ----------
    twin : dict
        What report.json holds, as plain data.

    Examples
    --------
    >>> values = Values({"n": 4200, "p": {"median": 0.0123, "lo": 0.002, "hi": 0.05}})
    >>> values.count("n").text, values.of("p.median", 1000).text
    ('4,200', '12')
    """

    def __init__(self, twin: dict[str, Any]) -> None:
        self.twin = twin

    def at(self, path: str) -> Any:
        """The value at a dotted path such as ``policies.0.held.median``.

        A last step ``#`` is how many there are, ``#key=text`` how many of them have that text under the key.

        Examples
        --------
        >>> values = Values({"inputs": [{"kind": "a"}, {"kind": "b"}, {"kind": "b"}]})
        >>> values.at("inputs.0.kind"), values.at("inputs.#"), values.at("inputs.#kind=b")
        ('a', 3, 2)
        """
        value: Any = self.twin
        steps = path.split(".")
        for place, step in enumerate(steps):
            if step.startswith("#"):
                key, _, wanted = ".".join(steps[place:])[1:].partition("=")
                return sum(1 for item in value if not key or item[key] == wanted)
            value = value[int(step)] if isinstance(value, list) else value[step]
        return value

    def shown(self, path: str, write: Callable[[Any], str], unknown: str = "not known") -> Value:
        """The value at `path` as `write` writes it; `unknown` where it is null."""
        value = self.at(path)
        if isinstance(value, str):
            return Value(path, value, {"Infinity": "∞", "-Infinity": "−∞"}.get(value, value))
        return Value(path, raw(value), unknown if value is None else write(value).replace("-", "−"))

    def count(self, path: str) -> Value:
        """A count, all its digits."""
        return self.shown(path, lambda v: count(round(v)))

    def number(self, path: str, digits: int = 2) -> Value:
        """A number to so many significant figures."""
        return self.shown(path, lambda v: significant(v, digits))

    def of(self, path: str, size: int) -> Value:
        """A proportion as so many of `size`: whole numbers from 1 up, one figure below."""
        return self.shown(path, lambda v: whole(v, size))

    def share(self, path: str) -> Value:
        """A proportion as "2.3 in 10,000"."""
        return self.shown(path, lambda v: f"{out_of(v, denominator(v))} in {denominator(v):,}")

    def percent(self, path: str) -> Value:
        """A level."""
        return self.shown(path, percent)

    def span(self, lo: str, hi: str, write: Callable[[str], Value]) -> Words:
        """Two limits with a dash between: ``values.span("p.lo", "p.hi", lambda path: values.of(path, 1000))``."""
        return (write(lo), "–", write(hi))

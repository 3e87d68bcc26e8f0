"""Numbers on the page: each carries the place in report.json that it was looked up at."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

from misid.ground.numbers import count, significant, threshold_text
from misid.ground.rate import Rate
from misid.ground.text import natural, rate_text
from misid.search.model import Answer
from misid.search.text import brief_text

_LIMITS = re.compile(r"(\([0-9.,–\u00a0%: ]+\))")


class Shown:
    """Turns places in the document into text that a test can trace back.

    Parameters
    ----------
    document : dict
        What report.json holds.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def at(self, path: str) -> Any:
        """The value at a dotted path such as ``rates.records.3.estimate``."""
        value: Any = self.document
        for step in path.split("."):
            value = value[int(step)] if isinstance(value, list) else value[step]
        return value

    def _data(self, path: str, text: str) -> Markup:
        value = self.at(path)
        return Markup('<data value="{}" data-path="{}">{}</data>').format(raw(value), path, text)

    def count(self, path: str) -> Markup:
        """A count; a dash with its reason to hand where it is not known."""
        value = self.at(path)
        return Markup("not known") if value is None else self._data(path, count(value))

    def number(self, path: str, digits: int = 2) -> Markup:
        """A number to so many significant figures."""
        value = self.at(path)
        if value is None:
            return Markup("not known")
        if isinstance(value, str):
            return self._data(path, "∞" if value == "Infinity" else "−∞")
        return self._data(path, significant(value, digits).replace("-", "−"))

    def threshold(self, path: str) -> Markup:
        """A threshold."""
        value = self.at(path)
        if value is None:
            return Markup("none")
        return self._data(path, threshold_text(float(value)))

    def rate(self, index: int | None, rate: Rate | None) -> Markup:
        """A rate of ``rates.records`` on one line."""
        return self._rate(index, rate, rate_text(rate) if rate is not None else "")

    def sentence(self, index: int, rate: Rate, size: int | None = None) -> Markup:
        """A rate of ``rates.records`` as a sentence, in natural frequencies."""
        text = natural(rate, size) if rate.status == "ok" and rate.estimate else natural(rate)
        return self._rate(index, rate, text)

    def answer(self, path: str, answer: Answer) -> Markup:
        """What a search model said, on one line."""
        kept = {key: self.at(f"{path}.{key}") for key in ("estimate", "lo", "hi", "bound")}
        return self._marked(path, kept, brief_text(answer), f"answer {answer.status}")

    def differential(self, path: str, text: str) -> Markup:
        """A differential in words."""
        kept = {key: self.at(f"{path}.{key}") for key in ("estimate", "lo", "hi", "adjusted_p")}
        return self._marked(path, kept, text, "")

    def _rate(self, index: int | None, rate: Rate | None, text: str) -> Markup:
        if index is None or rate is None:
            return Markup('<span class="none">not counted at this threshold</span>')
        path = f"rates.records.{index}"
        kept = {key: self.at(f"{path}.{key}") for key in ("estimate", "lo", "hi", "errors", "trials", "people")}
        return self._marked(path, kept, text, f"rate {rate.status}")

    def _marked(self, path: str, kept: dict[str, Any], text: str, kind: str) -> Markup:
        attributes = Markup(" ").join(
            Markup('data-{}="{}"').format(key.replace("_", "-"), raw(value)) for key, value in kept.items()
        )
        return Markup('<span class="{}" data-record="{}" {}>{}</span>').format(kind, path, attributes, _unbroken(text))


def _unbroken(text: str) -> Markup:
    """The text with "95 %" and "1 in 100" kept on one line."""
    kept = escape(text.replace(" %", "\u00a0%").replace("1 in ", "1\u00a0in\u00a0"))
    return Markup(_LIMITS.sub(r'<span class="nb">\1</span>', str(kept)))


def raw(value: Any) -> str:
    """A value of the document as an attribute of the page holds it.

    Examples
    --------
    >>> raw(0.1), raw(None), raw("Infinity")
    ('0.1', '', 'Infinity')
    """
    return "" if value is None else value if isinstance(value, str) else repr(value)

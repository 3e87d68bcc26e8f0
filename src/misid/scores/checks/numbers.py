"""Numbers of people that carry a check digit, so that they can be told from any other number of their length.

An opaque number has a right check digit by chance, one time in ten or so. A column of ids is therefore believed to hold
such numbers when at least half of those of the right shape have a right check digit and chance alone would give so
many less often than once in a million. Four identity numbers with a check digit modulo 97 are enough for that, of
those modulo 10 it takes seven, and no column of hashes, running or random numbers gets there.

United States social security numbers have no check digit. Some nine-digit numbers were never issued (areas 000, 666
and 900 to 999, group 00, serial 0000), and a column of nine-digit ids that has none of them, where chance would have
brought some, is believed by the same rule; where it is too short for that, it gets a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

SO_RARE = 1e-6
"""Chance below which right check digits are no accident."""

LEAST_SHARE = 0.5
"""Of the ids of the right shape, those that must have a right check digit."""


@dataclass(frozen=True, kw_only=True)
class Numbering:
    """A kind of number: its name, whether a text of its shape is one, how often an opaque one seems to be."""

    what: str
    right: Callable[[str], bool]
    chance: float


def believed(numbering: Numbering, ids: Sequence[str], chance: float | None = None) -> bool:
    """Whether ids of the right shape are such numbers (see the head of this module)."""
    n, right = len(ids), sum(map(numbering.right, ids))
    if not n or right < LEAST_SHARE * n:
        return False
    # Only here: SciPy takes longer to load than a small file to count, and opening needs no more of it.
    from scipy.special import bdtrc

    return bool(bdtrc(right - 1, n, numbering.chance if chance is None else chance) < SO_RARE)


def _digits(text: str) -> list[int]:
    return [int(c) for c in text if "0" <= c <= "9"]


def _weighted(text: str, weights: Sequence[int]) -> int:
    return sum(w * d for w, d in zip(weights, _digits(text), strict=False))


def _luhn(text: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(_digits(text))):
        total += digit if place % 2 == 0 else 2 * digit - 9 * (digit > 4)
    return total % 10 == 0


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _short_date(text: str) -> bool:
    """Whether six digits are a year of two digits, a month and a day."""
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:6])
    return _is_date(1900 + year, month, day) or _is_date(2000 + year, month, day)


def iban(text: str) -> bool:
    """ISO 13616: the first four characters go last, letters are 10 to 35, the whole is 1 modulo 97."""
    text = text.replace(" ", "")
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def _curp(text: str) -> bool:
    alphabet = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
    total = sum((18 - k) * alphabet.index(c) for k, c in enumerate(text[:17]))
    return (10 - total % 10) % 10 == int(text[17])


def _chinese(text: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    right = "10X98765432"[_weighted(text[:17], weights) % 11]
    return text[17].upper() == right and _is_date(int(text[6:10]), int(text[10:12]), int(text[12:14]))


def _spanish(text: str) -> bool:
    body, letter = text.replace("-", "")[:-1], text[-1].upper()
    number = "XYZ".find(body[0].upper())
    body = body if number < 0 else f"{number}{body[1:]}"
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(body) % 23] == letter


_ITALIAN_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12,
                14, 16, 10, 22, 25, 24, 23)  # fmt: skip


def _italian(text: str) -> bool:
    total = 0
    for k, c in enumerate(text[:15].upper()):
        total += _ITALIAN_ODD[int(c, 36)] if k % 2 == 0 else (int(c) if c.isdigit() else ord(c) - 65)
    return chr(65 + total % 26) == text[15].upper()


def _french(text: str) -> bool:
    body = text.replace(" ", "").upper().replace("2A", "19").replace("2B", "18")
    return 97 - int(body[:13]) % 97 == int(body[13:])


def _brazilian(text: str) -> bool:
    digits = _digits(text)
    first = 11 - _weighted(text, range(10, 1, -1)) % 11
    second = 11 - sum(w * d for w, d in zip(range(11, 1, -1), digits, strict=False)) % 11
    return len(set(digits)) > 1 and digits[9] == first % 11 % 10 and digits[10] == second % 11 % 10


def _polish(text: str) -> bool:
    month = int(text[2:4]) % 20
    return _weighted(text, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0 and 1 <= month <= 12


def _turkish(text: str) -> bool:
    d = _digits(text)
    return d[0] > 0 and (7 * sum(d[0:9:2]) - sum(d[1:8:2])) % 10 == d[9] and sum(d[:10]) % 10 == d[10]


def _norwegian(text: str) -> bool:
    first = _weighted(text, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11
    return first == 0 and _weighted(text, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


_DIHEDRAL = ("0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
             "5987604321", "6598710432", "7659821043", "8765932104", "9876543210")  # fmt: skip
_PERMUTED = ("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415",
             "7046913258")  # fmt: skip


def _verhoeff(text: str) -> bool:
    c = 0
    for place, digit in enumerate(reversed(_digits(text))):
        c = int(_DIHEDRAL[c][int(_PERMUTED[place % 8][digit])])
    return c == 0


def _romanian(text: str) -> bool:
    check = _weighted(text, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11 % 10
    return check == int(text[12]) and _short_date(text[1:7]) and text[0] != "0"


def _south_african(text: str) -> bool:
    return _short_date(text[:6]) and text[10] in "01" and _luhn(text)


def _swedish(text: str) -> bool:
    return _short_date(text[:6]) and _luhn(text)


def _british_health(text: str) -> bool:
    return _weighted(text, (10, 9, 8, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def _canadian(text: str) -> bool:
    return text[0] not in "08" and _luhn(text)


def _dutch(text: str) -> bool:
    return _weighted(text, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def issued(text: str) -> bool:
    """Whether nine digits may be a social security number: neither area, group nor serial is one never issued."""
    return text[:3] not in ("000", "666") and text[0] != "9" and text[3:5] != "00" and text[5:] != "0000"


SOCIAL_SECURITY = Numbering(what="social security number", right=issued, chance=0.8898)

NUMBERINGS: dict[str, tuple[Numbering, ...]] = {
    "iban": (Numbering(what="bank account number (IBAN)", right=iban, chance=1 / 97),),
    # The shape alone has a name, a date, a sex and a state in it.
    "curp": (Numbering(what="identity number (CURP)", right=_curp, chance=1e-3),),
    "18 digits": (Numbering(what="identity number (China)", right=_chinese, chance=1e-3),),
    "spanish": (Numbering(what="identity number (Spanish DNI or NIE)", right=_spanish, chance=1 / 23),),
    "italian": (Numbering(what="identity number (codice fiscale)", right=_italian, chance=1e-3),),
    "french": (Numbering(what="identity number (French NIR)", right=_french, chance=1 / 97),),
    "16 digits": (Numbering(what="payment card number", right=_luhn, chance=1 / 10),),
    "13 digits": (
        Numbering(what="identity number (Romanian CNP)", right=_romanian, chance=1 / 100),
        Numbering(what="identity number (South Africa)", right=_south_african, chance=1 / 100),
    ),
    "12 digits": (Numbering(what="identity number (Aadhaar)", right=_verhoeff, chance=1 / 10),),
    "11 digits": (
        Numbering(what="identity number (CPF)", right=_brazilian, chance=1 / 80),
        Numbering(what="identity number (PESEL)", right=_polish, chance=1 / 10),
        Numbering(what="identity number (Turkey)", right=_turkish, chance=1 / 100),
        Numbering(what="identity number (Norway)", right=_norwegian, chance=1 / 100),
    ),
    "10 digits": (
        Numbering(what="identity number (personnummer)", right=_swedish, chance=1 / 20),
        Numbering(what="health service number (NHS)", right=_british_health, chance=1 / 11),
    ),
    "9 digits": (
        Numbering(what="identity number (Canadian SIN)", right=_canadian, chance=1 / 10),
        Numbering(what="identity number (Dutch BSN)", right=_dutch, chance=1 / 11),
        SOCIAL_SECURITY,
    ),
}
"""By the shape of the text (`misid.scores.checks.ids.Look.shape`)."""


def chance_of_issued(lowest: int, highest: int) -> float:
    """Share of the nine-digit numbers between two, both included, that are of a kind that was issued."""

    def below(n: int) -> float:
        """Numbers under n of that kind, serial 0000 and group 00 taken off in proportion."""
        area = min(n, 900_000_000) - min(n, 1_000_000) - min(max(n - 666_000_000, 0), 1_000_000)
        return max(area, 0) * 0.99 * 0.9999

    return min(1.0, (below(highest + 1) - below(lowest)) / max(highest + 1 - lowest, 1))

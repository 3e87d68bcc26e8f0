"""Whether the gallery can hold the people who are said to be in it."""

from __future__ import annotations

import numpy as np

from misid.encounter.draws import Draws
from misid.encounter.forms import ScenarioForm
from misid.encounter.population import shares
from misid.ground.codes import note
from misid.ground.numbers import count, significant
from misid.tally.model import Floats


def enrolled_people(form: ScenarioForm, draws: Draws) -> Floats:
    """(n,) people in the gallery among all people scanned: scans times the share of each status and what of it is
    enrolled."""
    of_status = shares("statuses", form.statuses, draws)
    enrolled: Floats = sum(
        (share * draws[f"statuses.{name}.enrolled"] for name, share in zip(form.statuses, of_status, strict=True)),
        start=np.zeros(1),
    )
    return draws["scans"] * enrolled


def more_enrolled_than_images(form: ScenarioForm, draws: Draws) -> str:
    """The warning where one gallery has fewer images than people who are said to be in it; "" where it has enough.

    Nothing in a scenario ties the enrolled share to the gallery: a gallery that is made smaller keeps all its people.
    """
    if form.search.galleries == "many":
        return ""
    people, images = np.broadcast_arrays(enrolled_people(form, draws), draws["search.gallery"])
    over = people > images
    if not over.any():
        return ""
    where = "" if over.all() else f" (in {count(int(over.sum()))} of {count(over.size)} draws)"
    gallery = _range(images[over])
    return note(
        "W040",
        f"{_range(people[over])} of {_range(np.atleast_1d(draws['scans']))} people scanned are said to be in a gallery "
        f"of {gallery} {'image' if gallery == '1' else 'images'}{where}; the enrolled share does not follow the "
        "gallery. Give statuses.NAME.enrolled for this gallery; where each place or day has a gallery of its own, or "
        'the same people are scanned again and again, say search.galleries = "many"',
    )


def _range(values: Floats) -> str:
    """From the lowest to the highest; a whole number as it is, anything else to two digits."""
    ends = dict.fromkeys(_said(float(value)) for value in (values.min(), values.max()))
    return " to ".join(ends)


def _said(value: float) -> str:
    return count(int(value)) if value == int(value) else significant(value)

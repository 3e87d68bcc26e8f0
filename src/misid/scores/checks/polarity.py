"""How to say that scores point the other way."""

from __future__ import annotations

from misid.scores.model import Scores


def other_polarity(scores: Scores) -> str:
    """The option that turns the declared polarity round, for the command line and for Python."""
    if scores.polarity == "similarity":
        return "--lower-is-more-similar (polarity='distance') if a lower score means more similar"
    return "--higher-is-more-similar (polarity='similarity') if a higher score means more similar"

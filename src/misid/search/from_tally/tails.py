"""Tails of the exceedance probability of one probe, and the scales on which they are tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtri

Floats = npt.NDArray[np.float64]

LEAST_BASE = 1e-9
FARTHEST = 300.0


@dataclass(frozen=True, kw_only=True)
class Tail:
    """A family of tails: shape 1 or so is its centre, and its prior keeps short tests from extremes.

    Attributes
    ----------
    name : str
    log_sf : callable
        ``(x, anchor, slope, shape) -> log p``, x in mean excesses beyond the anchor's level.
    anchor : callable
        Anchor from the rate at x = 0.
    shape, shape_sd : float
        Prior of the shape.
    slope : float
        Where fits start.
    prior : float
        Log weight before the test is seen.
    """

    name: str
    log_sf: Callable[[Floats, float, Floats | float, Floats | float], Floats]
    anchor: Callable[[float], float]
    shape: float
    shape_sd: float
    slope: float
    prior: float = 0.0


def _power(x: Floats, anchor: float, slope: Floats | float, shape: Floats | float) -> Floats:
    base = np.maximum(1 + shape * slope * x / anchor, LEAST_BASE)
    return np.asarray(anchor * np.exp(np.minimum(np.log(base) / shape, FARTHEST)))


def _probit_power(x: Floats, anchor: float, slope: Floats | float, shape: Floats | float) -> Floats:
    return np.asarray(log_ndtr(-_power(x, anchor, slope, shape)))


def _weibull(x: Floats, anchor: float, slope: Floats | float, shape: Floats | float) -> Floats:
    return -_power(x, anchor, slope, shape)


def _logit_power(x: Floats, anchor: float, slope: Floats | float, shape: Floats | float) -> Floats:
    return np.asarray(-np.logaddexp(0.0, _power(x, anchor, slope, shape)))


PROBIT_POWER = Tail(
    name="probit-power",
    log_sf=_probit_power,
    anchor=lambda rate: float(-ndtri(min(rate, 0.15))),
    shape=1.05,
    shape_sd=0.45,
    slope=0.4,
)
"""Shape 1 is Gaussian, 2 about exponential."""

WEIBULL = Tail(
    name="generalised Weibull",
    log_sf=_weibull,
    anchor=lambda rate: float(-np.log(min(rate, 0.35))),
    shape=0.6,
    shape_sd=0.3,
    slope=1.0,
)
"""Shape 1 is exponential, 1/2 about Gaussian."""

LOGIT_POWER = Tail(
    name="logit-power",
    log_sf=_logit_power,
    anchor=lambda rate: float(np.log1p(-min(rate, 0.3)) - np.log(min(rate, 0.3))),
    shape=0.6,
    shape_sd=0.3,
    slope=1.0,
    prior=float(np.log(0.5)),
)
"""Shape 1 is logistic, which is exponential far out; its body is not, and the other two take that for a bend."""

TAILS = (PROBIT_POWER, WEIBULL, LOGIT_POWER)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A strictly rising transformation of scores; `prior` is its log weight before the test is seen."""

    name: str
    to: Callable[[Floats], Floats]
    prior: float = 0.0


EDGE = 1e-9


def _fisher(s: Floats) -> Floats:
    return np.asarray(np.arctanh(np.clip(s, -1 + EDGE, 1 - EDGE)))


def _logit(s: Floats) -> Floats:
    s = np.clip(s, EDGE, 1 - EDGE)
    return np.asarray(np.log(s) - np.log1p(-s))


RAW = Scale(name="raw", to=lambda s: np.asarray(s, dtype=float))
RAW_BOUNDED = Scale(name="raw", to=lambda s: np.asarray(s, dtype=float), prior=float(np.log(0.1)))
FISHER = Scale(name="Fisher z", to=_fisher)
LOGIT = Scale(name="logit", to=_logit)
LOG = Scale(name="log", to=lambda s: np.asarray(np.log(np.maximum(s, EDGE))), prior=float(np.log(0.1)))


def possible_scales(lowest: float, highest: float) -> tuple[Scale, ...]:
    """Scales on which a score of this range may have simple tails.

    Examples
    --------
    >>> [scale.name for scale in possible_scales(-0.3, 0.9)]
    ['Fisher z', 'raw']
    >>> [scale.name for scale in possible_scales(12, 970)]
    ['raw', 'log']
    """
    if highest <= 1 and lowest >= -1:
        # A score with a ceiling must bend towards it: raw is the unlikely one.
        return (FISHER, RAW_BOUNDED) if lowest < 0 else (FISHER, LOGIT, RAW_BOUNDED)
    return (RAW, LOG) if lowest > 0 else (RAW,)

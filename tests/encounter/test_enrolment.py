"""A gallery that is smaller than the people said to be in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import misid
from misid.encounter.enrolment import enrolled_people, more_enrolled_than_images
from misid.encounter.ready import ready
from misid.encounter.scenario import Scenario
from tests.encounter.made import between, everything, fixed, least, made, middle


def warned(table: dict[str, Any], gallery: dict[str, Any], **search: str) -> str:
    table["search"] = {**table["search"], "gallery": gallery, **search}
    scenario = made(table)
    return more_enrolled_than_images(scenario.form, scenario.space.draw(64, 0))


def test_the_people_enrolled_are_scans_times_shares_times_enrolled() -> None:
    scenario = made(everything())
    # 1,000 scans: half citizens (0.4 enrolled), of the rest six in ten guests (0.7) and four in ten sought (0.6).
    by_hand = 1000 * (0.5 * 0.4 + 0.5 * 0.6 * 0.7 + 0.5 * 0.4 * 0.6)
    assert np.allclose(enrolled_people(scenario.form, middle(scenario)), [by_hand])


@pytest.mark.parametrize(("images", "warns"), [(1, True), (299, True), (300, False), (1e6, False)])
def test_the_warning_is_there_exactly_where_images_are_fewer_than_people(images: float, warns: bool) -> None:
    text = warned(least(prior=0.3), fixed(images))
    assert bool(text) == warns
    if warns:
        assert text.startswith("W040 more-enrolled-than-images: 300 of 1,000 people scanned")
        assert "draws" not in text


def test_one_image_is_not_called_images() -> None:
    assert "a gallery of 1 image;" in warned(least(), fixed(1))


def test_a_gallery_that_is_too_small_in_some_draws_only_says_in_how_many() -> None:
    text = warned(least(prior=0.3), between(200, 400))
    assert "(in 32 of 64 draws)" in text


def test_many_galleries_or_the_same_people_again_are_no_contradiction() -> None:
    assert warned(least(), fixed(1), galleries="many") == ""


@pytest.mark.parametrize("scenario", list(ready()), ids=lambda scenario: scenario.name)
def test_no_scenario_that_is_shipped_contradicts_itself(scenario: Scenario) -> None:
    assert more_enrolled_than_images(scenario.form, scenario.space.draw(1024, 0)) == ""


def test_an_assessment_carries_the_warning_first() -> None:
    found = misid.assess("street-stop", settings=["search.gallery=1"], draws=16)
    assert found.warnings[0].startswith("W040 ")
    assert not any(text.startswith("W040") for text in misid.assess("street-stop", draws=16).warnings)

"""What the demo's people write and show fits the dish of the menu that it is about."""

import random

import pytest

from demo import words
from demo.incident_results import RESULTS
from demo.incident_words import REPORTS
from demo.menu import MENU
from demo.pictures import draw
from demo.scenes import picture
from governance import parameters
from governance.files import clean_picture
from incidents.services.catalogue import read_default

DISHES = [dish[0] for dish in MENU]


def test_every_dish_has_wishes_and_stories_of_its_own():
    assert set(words.WISHES) == set(words.STORIES) == set(DISHES)
    stories = [story for told in words.STORIES.values() for _, story in told]
    assert len(stories) == len(set(stories))


@pytest.mark.parametrize("dish", DISHES)
def test_every_dish_has_a_picture_that_passes_as_an_upload(dish):
    assert clean_picture(draw(dish, random.Random(dish)))  # noqa: S311  a drawing, not a secret


def test_a_picture_depends_on_its_chance_alone():
    first, again, other = (draw("elder-meal", random.Random(seed)).read() for seed in (1, 1, 2))  # noqa: S311
    assert first == again != other


def test_every_class_of_incidents_has_reports_results_and_pictures_of_its_own():
    # What an SOS button opens has neither a reporter's words nor a picture.
    classes = {row["code"] for row in read_default()} - {parameters.SPECS["care.sos_class"].default}
    assert set(REPORTS) == set(RESULTS) == classes
    for code in sorted(classes):
        found, left = (picture(code, "东门", after=after).read() for after in (False, True))
        assert found != left

"""How many of the copies among generated posts are found, and how many of those found are copies."""

from collections import Counter

import pytest

from tests.support.reprints import reprints
from tests.support.storytelling import Teller, fingerprints, measured


@pytest.mark.parametrize("seed", [20_261_129, 7])
def test_copies_are_told_from_texts_on_the_same_subject(seed: int) -> None:
    told = reprints(seed, 1_500)
    copies = [one for one in told if one.group != one.number]
    assert 0.3 < len(copies) / len(told) < 0.4
    assert len(Counter(one.how for one in copies)) == 6
    teller = Teller()
    teller.tell_all(fingerprints(told), 200)
    precision, recall = measured(told, teller.links)
    assert precision >= 0.95
    assert recall >= 0.9

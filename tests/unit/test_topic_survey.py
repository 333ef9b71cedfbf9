"""Topics that become one, and one that becomes two."""

import pytest

from processors.logic.topics.survey import survey
from processors.logic.topics.window import Bounds, Window
from tests.support.subjects import story

GOLD = ("emas", "antam", "logam", "tambang", "batangan", "perhiasan")
RICE = ("beras", "bulog", "panen", "petani", "gabah", "sawah")


def said(words: tuple[str, ...], number: int) -> str:
    return " ".join(words[(number + step) % len(words)] for step in range(4))


def read(window: Window, *texts: str) -> None:
    first = window.marks.records
    for number, text in enumerate(texts, first):
        window.read(story(number, text))
        survey(window)


@pytest.mark.parametrize("loose", [0.0, 0.5])
def test_two_things_that_began_as_one_part_where_the_topic_is_loose(loose: float) -> None:
    window = Window(Bounds(10**9, 1_000, loose=loose, survey=50))
    both = f"{' '.join(GOLD)} {' '.join(RICE)}"
    apart = [said(words, number) for number in range(12) for words in (GOLD, RICE)]
    read(window, both, *apart)
    begun = f"{0:032x}"
    assert set(window.topics) == {begun}
    read(window, *(said(words, number) for number in range(13) for words in (GOLD, RICE)))
    parts = {name: {one.rpartition(" ")[2] for one in topic.sums} for name, topic in window.topics.items()}
    if not loose:
        assert set(parts) == {begun}
        return
    assert len(parts) == 2
    assert begun in parts, "the part with its first story keeps its id"
    (other,) = set(parts) - {begun}
    assert other in window.topics[other].stories
    assert parts[other] in (set(GOLD), set(RICE))
    assert sum(len(topic.stories) for topic in window.topics.values()) == 51
    assert {window.stories[name].topic for name in window.topics[other].stories} == {other}
    moved = {name for name, one in window.changes.assigned.items() if one["topic_id"] == other}
    assert moved == window.topics[other].stories


def test_what_began_apart_becomes_one_under_the_older_id() -> None:
    window = Window(Bounds(10**9, 1_000, survey=40))
    read(window, "emas antam logam", "tambang batangan perhiasan")
    assert len(window.topics) == 2
    read(window, *(said(GOLD, number) for number in range(38)))
    (ended,) = window.changes.ended
    assert (ended["id"], ended["merged_into"], ended["stories"]) == (f"{1:032x}", f"{0:032x}", 19)
    assert set(window.topics) == {f"{0:032x}"}
    assert len(window.topics[f"{0:032x}"].stories) == 40

"""Variants: made of words that stand in the texts, the same for the same seed, as many as asked."""

from processors.sentiment.training.variants import variants

TEXTS = [
    "shares of the bank rose four percent",
    "the airline cut its outlook again today",
    "too short text",
    "nothing was decided at the meeting",
]


def test_so_many_of_each_text_that_is_long_enough() -> None:
    made = variants(TEXTS, 40, "a")
    assert len(made) == 3 * 40
    assert made == variants(TEXTS, 40, "a")
    assert made != variants(TEXTS, 40, "b")
    words = {word for text in TEXTS for word in text.split()}
    assert all(set(text.split()) <= words for text in made)
    assert all(text for text in made)


def test_they_are_shorter_exchanged_and_spliced() -> None:
    made = set(variants(TEXTS, 200, "a"))
    first = TEXTS[0].split()
    assert any(0 < len(one.split()) < len(first) and set(one.split()) <= set(first) for one in made)
    assert any(
        len(one.split()) == len(first)
        and 0 < sum(a != b for a, b in zip(one.split(), first, strict=True)) < len(first)
        for one in made
    )
    assert any(one.startswith("shares of the bank") and one.endswith("outlook again today") for one in made)
    assert len(made - set(TEXTS)) > 100


def test_of_no_text_there_is_no_variant() -> None:
    assert variants([], 3, "a") == []
    assert variants(["one two"], 3, "a") == []

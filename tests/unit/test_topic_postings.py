"""What is computed of all topics at once is what each of them says of itself, to the last bit."""

import random
from math import sqrt

from processors.logic.topics.postings import MANY, Postings
from processors.logic.topics.weights import Vector, cosine, dot, squared

TERMS = [f"term {number}" for number in range(40)]


def test_cosines_are_those_of_the_topics_whatever_came_and_went() -> None:
    dice = random.Random(7)
    postings, topics = Postings(), dict[str, Vector]()
    for step in range(1_500):
        name = f"topic {dice.randrange(150)}"
        sums = topics.setdefault(name, {})
        # The first terms are common: their topics move to arrays and back.
        changed = dice.sample(TERMS[:4], 2) + dice.sample(TERMS, 3)
        for term in changed:
            if dice.random() < (0.3 if step < 1_000 else 0.8):
                sums.pop(term, None)
            else:
                sums[term] = dice.randrange(1, 10**7)
        postings.put(name, sums, changed, squared(sums))
        if not sums:
            postings.drop(name)
            del topics[name]
        if not step % 10:
            compare(postings, topics, {term: dice.randrange(1, 1_000) for term in dice.sample(TERMS, 12)})
    compare(postings, topics, dict.fromkeys(TERMS, 1))
    for name, sums in topics.items():
        postings.put(name, {}, sums, 0)
        postings.drop(name)
    assert not list(postings.ranked(dict.fromkeys(TERMS, 1), 1))


def compare(postings: Postings, topics: dict[str, Vector], vector: Vector) -> None:
    length = squared(vector)
    expected = {
        name: cosine(dot(vector, sums), length, squared(sums))
        for name, sums in topics.items()
        if dot(vector, sums)
    }
    ranked = [(cosine, name) for cosine, names in postings.ranked(vector, length) for name in sorted(names)]
    assert ranked == sorted(
        ((one, name) for name, one in expected.items()), key=lambda one: (-one[0], one[1])
    )
    least = 0.4
    enough = {name for _, names in postings.ranked(vector, length, least) for name in names}
    assert enough == {name for name, one in expected.items() if one >= least}


def test_equals_come_together() -> None:
    postings = Postings()
    for number in range(2 * MANY):
        sums = {"emas": 5, f"own {number}": 12}
        postings.put(f"topic {number}", sums, sums, 169)
    postings.put("other", {"emas": 9}, ["emas"], 81)
    first, second = postings.ranked({"emas": 3}, 9)
    assert first == (27 / sqrt(9 * 81), ["other"])
    assert (second[0], len(second[1])) == (15 / sqrt(9 * 169), 2 * MANY)

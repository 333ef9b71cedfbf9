import pytest

from schemas.boolean import MOST_CHARACTERS, Dialect, parse, spelled

X = Dialect(" ", " OR ", "-")
REDDIT = Dialect(" AND ", " OR ", "NOT ")


@pytest.mark.parametrize(
    ("query", "x", "reddit"),
    [
        ("rupiah", "rupiah", "rupiah"),
        ("harga beras", "harga beras", "harga AND beras"),
        ('"harga  beras"', '"harga beras"', '"harga beras"'),
        ("a AND (b OR c)", "a (b OR c)", "a AND (b OR c)"),
        ("a b OR c", "(a b) OR c", "(a AND b) OR c"),
        ("a NOT b", "a -b", "a AND NOT b"),
        ('a -"b c"', 'a -"b c"', 'a AND NOT "b c"'),
        ("a NOT (b OR c)", "a -(b OR c)", "a AND NOT (b OR c)"),
        ("#ihsg OR $BBCA", "#ihsg OR $BBCA", "#ihsg OR $BBCA"),
        ("suku-bunga", '"suku-bunga"', '"suku-bunga"'),
        ("a and or", "a and or", "a AND and AND or"),
        ("from:me", '"from:me"', '"from:me"'),
    ],
)
def test_a_query_is_spelled_as_each_service_wants_it(query: str, x: str, reddit: str) -> None:
    assert spelled(parse(query), X) == x
    assert spelled(parse(query), REDDIT) == reddit


@pytest.mark.parametrize("query", ["a b OR c", "a NOT (b OR c)", 'a -"b c"', "a AND (b OR (c NOT d))"])
def test_what_is_spelled_reads_the_same(query: str) -> None:
    assert parse(spelled(parse(query), X)) == parse(query)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "ends where a word"),
        ("a OR", "ends where a word"),
        ("a AND OR b", "OR where a word"),
        ("(a", "opening parenthesis"),
        ("a) b", "closing parenthesis"),
        ('a "b', "quotation mark"),
        ('a " "', "phrase of nothing"),
        ("NOT a", "only excludes"),
        ("a OR NOT b", "only excludes"),
        ("a " * MOST_CHARACTERS, "longer than"),
        ("(" * 900 + "a", "more than 50 parentheses"),
        ("NOT " * 200 + "a", "more than 50 parentheses"),
    ],
)
def test_a_query_that_cannot_be_read_says_why(query: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse(query)

"""The suite's templates are sound, and a model is judged by them as it should be."""

import json

import pytest

from processors.sentiment import SentimentModel
from processors.sentiment.__main__ import main
from processors.sentiment.behaviour import (
    DIRECTED,
    INVARIANT,
    MOST,
    Outcome,
    behave,
    changed,
    filled,
    suite,
    weaknesses,
)
from schemas.errors import Fatal
from tests.support.quick_bundle import quick_bundle


def test_every_theme_is_asked_in_both_languages_but_code_mixing() -> None:
    themes = {lang: {one.theme for one in suite() if one.lang == lang} for lang in ("id", "en")}
    assert themes["id"] ^ themes["en"] == {"code-mixing, praise", "code-mixing, blame"}
    assert all(one.expect or one.swap or one.change for one in suite())


def test_templates_are_filled_the_same_way_every_time() -> None:
    words = {"a": ["1", "2", "3"], "b": ["x", "y"]}
    assert filled("{a} {b} {a}", words) == ["1 x 1", "1 y 1", "2 x 2", "2 y 2", "3 x 3", "3 y 3"]
    assert filled("plain", words) == ["plain"]
    many = filled("{a}{b}", {"a": [str(at) for at in range(40)], "b": [str(at) for at in range(40)]})
    assert len(many) == len(set(many)) == MOST


@pytest.mark.parametrize(
    ("how", "text", "wanted"),
    [
        ("capitals", "baik", "BAIK"),
        ("elongation", "bagus sekali", "bagus sekaliiiii"),
        ("typo", "the service, really", "the sevrice, really"),
        ("noise", "baik", "@someone_4 baik https://t.co/4Ab"),
    ],
)
def test_changes(how: str, text: str, wanted: str) -> None:
    assert changed(text, how) == wanted


def test_a_change_that_cannot_be_made_is_said() -> None:
    with pytest.raises(Fatal, match="long enough"):
        changed("a bit", "typo")
    with pytest.raises(Fatal, match="no change 'rot13'"):
        changed("a bit", "rot13")


def test_a_model_is_asked_all_of_it() -> None:
    outcomes = behave(SentimentModel(quick_bundle()))
    assert [(one.theme, one.lang) for one in outcomes] == [(one.theme, one.lang) for one in suite()]
    assert all(0 <= one.passed <= one.asked and one.asked >= 10 for one in outcomes)
    for one in outcomes:
        assert len(one.failures) == min(3, one.asked - one.passed)


def test_the_shipped_model_knows_plain_praise_and_blame() -> None:
    plain = [one for one in suite() if one.theme in {"plain praise", "plain blame"}]
    assert len(plain) == 4
    outcomes = behave(SentimentModel(), plain)
    assert all(one.rate > 0.95 for one in outcomes), outcomes


def test_what_falls_short_is_named_worst_first() -> None:
    def outcome(theme: str, passed: int, wanted: float) -> Outcome:
        return Outcome(theme, "id", "label", 100, passed, wanted, ())

    found = weaknesses(
        [outcome("fair", 79, DIRECTED), outcome("good", 95, INVARIANT), outcome("bad", 50, INVARIANT)]
    )
    assert [one.split(" (")[0] for one in found] == ["bad", "fair"]
    assert found[1] == "fair (id): right in 79 % of 100 sentences, 80 % are asked for"


def test_the_command_says_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    bundle = str(quick_bundle())
    assert main(["behave", bundle]) == 0
    said = capsys.readouterr().out
    assert said.startswith(SentimentModel(bundle).model_version)
    assert "plain praise" in said
    assert main(["behave", bundle, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["tests"]) == len(suite())
    weak = [one for one in found["tests"] if one["weak"]]
    assert all(one["failures"] and any(text in said for text in one["failures"]) for one in weak)

"""The behaviour suite: sentences from templates with what a model should make of them, and how often it does.

In the style of CheckList (Ribeiro et al., 2020); templates are in behaviour.toml. Which sentences are asked follows from the
templates alone, so that two bundles are asked the same.
"""

import itertools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Formatter
from typing import Any, Literal

from processors.sentiment.model import Score, SentimentModel
from schemas.errors import Fatal

Kind = Literal["label", "same", "change", "stronger"]

MOST = 60
"""Sentences asked of one template at most."""
DIRECTED = 0.80
INVARIANT = 0.95

_SLACK = 0.02
_SHOWN = 3
_LONG_WORD = 5
_VOWELS = "aeiou"


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme in one language; see behaviour.toml."""

    theme: str
    lang: str
    kind: Kind
    templates: tuple[str, ...]
    expect: tuple[str, ...] = ()
    swap: str = ""
    change: str = ""

    @property
    def wanted(self) -> float:
        """The share that should pass."""
        return INVARIANT if self.kind in {"same", "change"} else DIRECTED


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test went, with the first few sentences that failed and what was said of them."""

    theme: str
    lang: str
    kind: Kind
    asked: int
    passed: int
    wanted: float
    failures: tuple[str, ...]

    @property
    def rate(self) -> float:
        """Share that passed."""
        return self.passed / self.asked

    @property
    def weak(self) -> bool:
        """Whether it fell short."""
        return self.rate < self.wanted


def suite() -> list[Theme]:
    """The tests in the package, in the order of the file."""
    return [
        Theme(
            theme=one["theme"],
            lang=one["lang"],
            kind=one["kind"],
            templates=tuple(one["templates"]),
            expect=tuple(one.get("expect", ())),
            swap=one.get("swap", ""),
            change=one.get("change", ""),
        )
        for one in _file()["tests"]
    ]


def behave(model: SentimentModel, tests: Sequence[Theme] | None = None) -> list[Outcome]:
    """Ask the model these tests of the suite; None: all of them."""
    words: dict[str, dict[str, list[str]]] = _file()["words"]
    return [_asked(model, test, words[test.lang]) for test in (suite() if tests is None else tests)]


def sentences() -> frozenset[str]:
    """Every sentence that is asked, as `bare` has it: whoever trains keeps them out."""
    words: dict[str, dict[str, list[str]]] = _file()["words"]
    asked: set[str] = set()
    for test in suite():
        if test.kind == "label":
            asked.update(text for template in test.templates for text in filled(template, words[test.lang]))
        else:
            asked.update(text for pair in _pairs(test, words[test.lang]) for text in pair)
    return frozenset(map(bare, asked))


def bare(text: str) -> str:
    """A sentence without what makes it look like another: case, spaces, marks at its end."""
    return " ".join(text.lower().split()).rstrip(" .!?")


def weaknesses(outcomes: Sequence[Outcome]) -> list[str]:
    """A sentence for each test that fell short, the worst first."""
    return [
        f"{one.theme} ({one.lang}): right in {100 * one.rate:.0f} % of {one.asked} sentences, "
        f"{100 * one.wanted:.0f} % are asked for"
        for one in sorted(outcomes, key=lambda one: one.rate - one.wanted)
        if one.weak
    ]


def as_text(outcomes: Sequence[Outcome]) -> str:
    """A table for people, with the first sentences that failed below each test that fell short."""
    lines = []
    for one in outcomes:
        mark = "short" if one.weak else ""
        lines.append(
            f"{one.theme:<30} {one.lang}  {one.passed:>4} of {one.asked:<4} {100 * one.rate:>4.0f} %  {mark}".rstrip()
        )
        if one.weak:
            lines += [f"    {said}" for said in one.failures]
    return "\n".join(lines)


def filled(template: str, words: Mapping[str, Sequence[str]]) -> list[str]:
    """A template with its slots filled from the word lists: all combinations, or `MOST` spread evenly among them."""
    slots = list(dict.fromkeys(slot for _, slot, _, _ in Formatter().parse(template) if slot))
    combinations = [
        dict(zip(slots, one, strict=True)) for one in itertools.product(*(words[slot] for slot in slots))
    ]
    apart = max(1.0, len(combinations) / MOST)
    chosen = [combinations[int(at * apart)] for at in range(min(MOST, len(combinations)))]
    return [template.format(**one) for one in chosen]


def changed(text: str, how: str) -> str:
    """The text with one kind of noise, which leaves its meaning.

    Raises:
        Fatal: there is no such change.
    """
    if how == "capitals":
        return text.upper()
    if how == "noise":
        return f"@someone_{len(text)} {text} https://t.co/{len(text):x}Ab"
    if how == "elongation":
        # The last vowel of the last word.
        at = max(text.rfind(vowel) for vowel in _VOWELS)
        return text[: at + 1] + 4 * text[at] + text[at + 1 :]
    if how == "typo":
        # Two letters inside the longest word change places.
        longest = max(text.replace(",", " ").split(), key=len)
        if len(longest) < _LONG_WORD:
            raise Fatal(f"behaviour suite: no word of {text!r} is long enough for a typo")
        middle = len(longest) // 2
        turned = longest[: middle - 1] + longest[middle] + longest[middle - 1] + longest[middle + 1 :]
        return text.replace(longest, turned, 1)
    raise Fatal(f"behaviour suite: there is no change {how!r}")


def _asked(model: SentimentModel, test: Theme, words: Mapping[str, Sequence[str]]) -> Outcome:
    if test.kind == "label":
        asked = [text for template in test.templates for text in filled(template, words)]
        verdicts = [
            (score.sentiment in test.expect, f"{text} → {score.sentiment}")
            for text, score in zip(asked, model.score(asked), strict=True)
        ]
    else:
        pairs = list(_pairs(test, words))
        befores, afters = model.score([one for one, _ in pairs]), model.score([one for _, one in pairs])
        verdicts = [
            _compared(test, before, after, first, second)
            for (before, after), first, second in zip(pairs, befores, afters, strict=True)
        ]
    failed = [said for right, said in verdicts if not right]
    return Outcome(
        theme=test.theme,
        lang=test.lang,
        kind=test.kind,
        asked=len(verdicts),
        passed=len(verdicts) - len(failed),
        wanted=test.wanted,
        failures=tuple(failed[:_SHOWN]),
    )


def _pairs(test: Theme, words: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    if test.kind == "change":
        for template in test.templates:
            for text in filled(template, words):
                yield text, changed(text, test.change)
    elif test.kind == "same":
        first, *others = words[test.swap]
        for template in test.templates:
            for text in filled(template.replace("{swap}", "\0"), words):
                for other in others:
                    yield text.replace("\0", first), text.replace("\0", other)
    else:
        for before, after in zip(test.templates[::2], test.templates[1::2], strict=True):
            yield from zip(filled(before, words), filled(after, words), strict=True)


def _compared(test: Theme, before: str, after: str, first: Score, second: Score) -> tuple[bool, str]:
    if test.kind == "stronger":
        (label,) = test.expect
        was, is_now = float(getattr(first, label)), float(getattr(second, label))
        return is_now >= was - _SLACK, f"{before} {was:.2f} → {after} {is_now:.2f} {label}"
    same = first.sentiment == second.sentiment
    return same, f"{before} → {first.sentiment}; {after} → {second.sentiment}"


def _file() -> dict[str, Any]:
    text = files("processors.sentiment").joinpath("behaviour.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)

"""From what was learnt to a bundle folder: fits the wide part, blends, writes, judges what was written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from processors.sentiment.behaviour import Outcome, behave, weaknesses
from processors.sentiment.evaluate import Report, judge
from processors.sentiment.evaluate import read as read_rows
from processors.sentiment.graphs.builder import Floats
from processors.sentiment.graphs.heads import softmax
from processors.sentiment.graphs.ngrams import Ints
from processors.sentiment.labels import HEADS
from processors.sentiment.measures import Measures, measure
from processors.sentiment.model import SentimentModel
from processors.sentiment.normalise import URL, USER, normalise
from processors.sentiment.training.assembly import Deep, blended_model, deep_model
from processors.sentiment.training.blend import Blend, fit_blend
from processors.sentiment.training.card import card
from processors.sentiment.training.crossing import Crossing, in_first_half
from processors.sentiment.training.data import KINDS, DataSet, check_heads
from processors.sentiment.training.learnt import ENGLISH_FOLDER, read_learnt
from processors.sentiment.training.making import Making
from processors.sentiment.training.material import TUTORED, read, taught
from processors.sentiment.training.numbers import Numbers, Weights, numbers
from processors.sentiment.training.wide import WideRecipe, fit_wide
from processors.sentiment.training.writing import Description, write_card
from schemas.errors import Fatal

Say = Callable[[str], None]

NAME = "dwibahasa"
"""Of our bundles: bilingual."""

_LEAST = 1e-7


@dataclass(frozen=True, slots=True)
class Judgement:
    """One set: its valid split as the bundle scores it, and each half of it with what was fitted on the other half (`crossing`)."""

    name: str
    whole: Report
    crossed: Measures | None


@dataclass(frozen=True, slots=True)
class Finished:
    """What was made, for the card. `astray` is the share of the valid texts that the encoder of the other language reads, 0 to 1."""

    manifest: Mapping[str, Any]
    texts: int
    lessons: int
    tutored: int
    ngrams: int
    experts: Mapping[str, int]
    deep: Deep | None
    astray: float
    alone: Mapping[str, Mapping[str, float]]
    judgements: Sequence[Judgement]
    outcomes: Sequence[Outcome]


def finish_folder(learnt: Path, data: Path, out: Path, say: Say, heads: Sequence[str] = tuple(HEADS)) -> None:
    """The same from a training's folder, with the English encoder in it, where a tutor taught one; configurations go into the manifest.

    Raises:
        Fatal: as `finish` does, or the two encoders are not of one training.
    """
    own = read_learnt(learnt)
    describe = Description(NAME, own.config)
    if not describe.tutored:
        finish(data, out, own.tokenizer, Deep(own), describe, say, heads)
        return
    english = read_learnt(learnt / ENGLISH_FOLDER)
    ours, theirs = describe.deep["recipe"]["tutor"], english.config["recipe"]["tutor"]
    if (ours, own.max_length) != (theirs, english.max_length):
        raise Fatal(
            f"the two encoders in {learnt} are not of one training: labels of tutor {ours} and {theirs}, {own.max_length} and {english.max_length} tokens"
        )
    describe = replace(describe, english=english.config)
    finish(data, out, own.tokenizer, Deep(own, english), describe, say, heads, tutored=learnt / TUTORED)


def finish(
    data: Path,
    out: Path,
    tokenizer: str,
    deep: Deep | None,
    describe: Description,
    say: Say,
    heads: Sequence[str] = tuple(HEADS),
    wide_recipe: WideRecipe | None = None,
    max_length: int = 128,
    tutored: Path | None = None,
) -> None:
    """Write the bundle folder `out`; without `deep` it has a wide part only. `tutored` may be a file of a tutor's labels.

    Raises:
        Fatal: data are missing, there is no set for a head, or `out` cannot be written.
    """
    check_heads(heads, describe.sets)
    recipe = wide_recipe or WideRecipe()
    length = deep.own.max_length if deep else max_length
    sets = read(data, describe.without, tutored)
    say(
        f"{len(sets.train):,} texts to learn from; {sets.removed} left out, for they nearly stand in a valid split"
    )
    lessons = taught(sets, recipe.lessons, recipe.seed)
    examples = [*sets.train, *lessons, *sets.tutored, *sets.valid]
    texts = [normalise(one.text) for one in examples]
    cutter = Tokenizer.from_str(tokenizer)
    cutter.no_padding()
    cutter.no_truncation()
    tokenizer = str(cutter.to_str())
    cutter.enable_truncation(length)
    ids = [np.array(cutter.encode(text).ids, dtype=np.int64) for text in texts]
    labels = numbers(examples, Weights(recipe.borrowed, recipe.lesson, recipe.tutored))
    # Who is named or linked says nothing of what is said; a link alone made a plain text a financial tweet.
    ignored = [one for one in map(cutter.token_to_id, (URL, USER)) if one is not None]
    wide, rows = fit_wide(ids, cutter.get_vocab_size(), ignored, labels, heads, recipe, say)
    valid = ~labels.train
    kinds = wide.kinds(rows[valid])
    parts = {head: {"wide": one.logits(rows[valid], kinds)} for head, one in wide.heads.items()}
    astray = 0.0
    made = Making(tokenizer, deep, length, describe)
    if deep:
        # As it will run, eight-bit weights and all; up to a constant per text, which a softmax forgets.
        found = made.loaded(deep_model(deep, wide if deep.english else None), tuple(HEADS)).probabilities(
            [one.text for one in _chosen(examples, valid)]
        )
        for head, each in parts.items():
            each["deep"] = np.log(np.maximum(getattr(found, head), np.float32(_LEAST))).astype(np.float32)
        if deep.english:
            meant = np.array([one.lang == "en" for one in _chosen(examples, valid)])
            astray = float((found.english != meant).mean())
            say(f"{100 * astray:.2f} % of the valid texts go to the encoder of the other language")
    alone = _alone(parts, labels, valid, say)
    first = np.array([in_first_half(text) for text in _chosen(texts, valid)])
    blends = _blends(parts, kinds, labels, valid, np.ones_like(first), say)
    manifest = made.write(out, blended_model(wide, deep, blends), heads, {"wide": asdict(recipe)})
    scorer = SentimentModel(out)
    crossing = Crossing(
        *(
            made.loaded(blended_model(wide, deep, _blends(parts, kinds, labels, valid, half, _silent)), heads)
            for half in (first, ~first)
        )
    )
    judgements = [_judged(scorer, crossing, data, one) for one in describe.sets if one.task in heads]
    outcomes = behave(scorer)
    for one in judgements:
        say(_line(one))
    finished = Finished(
        manifest=manifest,
        texts=len(sets.train),
        lessons=len(lessons),
        tutored=len(sets.tutored),
        ngrams=len(wide.vocabulary.idf) - 1,
        experts={name: len(head.experts) for name, head in wide.heads.items()},
        deep=deep,
        astray=astray,
        alone=alone,
        judgements=judgements,
        outcomes=outcomes,
    )
    scores = {one.name: scores_of(one) for one in judgements}
    write_card(out, {"scores": scores, "weaknesses": weaknesses(outcomes)}, card(finished))
    size = sum(one.stat().st_size for one in out.iterdir())
    say(f"{out}: {manifest['model_version']}, {size / 1e6:.1f} MB")


def scores_of(judgement: Judgement) -> dict[str, Any]:
    """What the manifest tells of a set."""
    whole, crossed = judgement.whole.overall, judgement.crossed
    if whole is None or crossed is None:
        return {"split": "valid", "texts": 0}
    return {
        "split": "valid",
        "texts": whole.texts,
        "macro_f1": round(100 * whole.macro_f1, 1),
        "accuracy": round(100 * whole.accuracy, 1),
        "calibration_error": round(whole.calibration_error, 3),
        "crossed": {
            "macro_f1": round(100 * crossed.macro_f1, 1),
            "accuracy": round(100 * crossed.accuracy, 1),
            "calibration_error": round(crossed.calibration_error, 3),
        },
        "languages": {name: round(100 * one.macro_f1, 1) for name, one in judgement.whole.languages.items()},
        "left_out": judgement.whole.left_out,
    }


T = TypeVar("T")


def _chosen(values: Sequence[T], among: NDArray[np.bool_]) -> list[T]:
    return [value for value, wanted in zip(values, among, strict=True) if wanted]


def _silent(_: str) -> None:
    return


def _alone(
    parts: Mapping[str, Mapping[str, Floats]], labels: Numbers, valid: NDArray[np.bool_], say: Say
) -> dict[str, dict[str, float]]:
    """Macro-F1 of each part alone, by set and language, on the valid splits."""
    found: dict[str, dict[str, float]] = {}
    for head, logits in parts.items():
        classes = labels.classes[head][valid]
        for number, kind in enumerate(KINDS):
            chosen = (classes >= 0) & (labels.kinds[valid] == number)
            if not chosen.any():
                continue
            truth = [HEADS[head][one] for one in classes[chosen]]
            found[kind] = {
                part: measure(softmax(one[chosen]), truth, HEADS[head]).macro_f1
                for part, one in logits.items()
            }
            said = ", ".join(f"{part} {100 * score:.1f}" for part, score in found[kind].items())
            say(f"{kind}, valid split, each part alone: {said}")
    return found


def _blends(
    parts: Mapping[str, Mapping[str, Floats]],
    kinds: Floats,
    labels: Numbers,
    valid: NDArray[np.bool_],
    fitted: NDArray[np.bool_],
    say: Say,
) -> dict[str, Blend]:
    """Fitted on those valid texts that `fitted` says."""
    sets: Ints = labels.kinds[valid]
    blends = {}
    for head, logits in parts.items():
        classes = labels.classes[head][valid]
        chosen = fitted & (classes >= 0)
        blends[head] = fit_blend(
            {name: one[chosen] for name, one in logits.items()}, kinds[chosen], classes[chosen], sets[chosen]
        )
        means = blends[head].weights.mean(axis=0)
        weights = ", ".join(f"{name} {mean:.2f}" for name, mean in zip(logits, means, strict=True))
        say(f"{head}: blended on {int(chosen.sum()):,} texts, mean weights {weights}")
    return blends


def _judged(scorer: SentimentModel, crossing: Crossing, data: Path, one: DataSet) -> Judgement:
    rows = read_rows(data / one.path, "valid")
    return Judgement(one.name, judge(scorer, rows, one.name, one.task), crossing.measured(rows, one.task))


def _line(judgement: Judgement) -> str:
    whole, crossed = judgement.whole.overall, judgement.crossed
    if whole is None or crossed is None:
        return f"{judgement.name}: no text to judge"
    return (
        f"{judgement.name}, valid split: macro-F1 {100 * whole.macro_f1:.1f}, calibration error "
        f"{whole.calibration_error:.3f}; each half by what was fitted on the other: {100 * crossed.macro_f1:.1f}, "
        f"{crossed.calibration_error:.3f}"
    )

"""`python -m processors.sentiment train | bundle | evaluate | behave`."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from processors.sentiment.behaviour import as_text as behaviour_as_text
from processors.sentiment.behaviour import behave
from processors.sentiment.bundle import DEFAULT
from processors.sentiment.evaluate import as_json, as_text, evaluate
from processors.sentiment.labels import HEADS
from processors.sentiment.model import SentimentModel
from schemas.errors import Fatal

_ROOT = Path(__file__).resolve().parents[2]
_DATA = _ROOT.parent / "shared" / "data"
_TRAINING = _ROOT / "build" / "training"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what it says, 1 with one line on standard error when it could not."""
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.command == "train":
            _train(chosen)
        elif chosen.command == "bundle":
            _bundle(chosen.learnt, chosen.data, chosen.out, chosen.heads)
        elif chosen.command == "behave":
            _behave(chosen.bundle, chosen.json)
        else:
            _evaluate(chosen.bundle, chosen.files, chosen.task, chosen.split, chosen.json)
    except Fatal as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m processors.sentiment", description="Sentiment bundles.")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a bundle: hours on two cores; goes on where it stopped")
    train.add_argument(
        "--data", type=Path, default=_DATA, help="folder of the training sets (default: %(default)s)"
    )
    train.add_argument(
        "--folder", type=Path, default=_TRAINING, help="keeps its state and curves (default: %(default)s)"
    )
    train.add_argument(
        "--out", type=Path, default=DEFAULT, help="bundle folder to write (default: %(default)s)"
    )
    train.add_argument(
        "--minutes", type=float, help="the most each encoder may take (default: as long as its epochs take)"
    )
    train.add_argument(
        "--begin", metavar="BUNDLE", help="go on from the deep part of a bundle that was trained here"
    )
    train.add_argument(
        "--layers",
        type=int,
        help="layers of the base that are kept, from the bottom (default: the recipe's, or as many as the bundle has)",
    )
    train.add_argument(
        "--without", nargs="+", default=[], metavar="SET", help="sets not to learn from (default: none)"
    )
    train.add_argument(
        "--tutor",
        type=Path,
        metavar="JAR",
        help="jar with the base of an English tutor, which labels recorded posts first, and of the bundle's English encoder (default: neither)",
    )
    bundle = commands.add_parser(
        "bundle", help="make a bundle of what training learnt; some minutes on one core"
    )
    bundle.add_argument(
        "learnt",
        type=Path,
        help="folder of training: learnt.npz, config.json, tokenizer.json; of one with a tutor tutored.jsonl and english/, too",
    )
    bundle.add_argument(
        "--data", type=Path, default=_DATA, help="folder of the training sets (default: %(default)s)"
    )
    bundle.add_argument(
        "--out", type=Path, default=DEFAULT, help="bundle folder to write (default: %(default)s)"
    )
    for one in (train, bundle):
        one.add_argument(
            "--heads",
            nargs="+",
            choices=list(HEADS),
            default=list(HEADS),
            help="heads to put in (default: all)",
        )
    evaluate = commands.add_parser("evaluate", help="judge a bundle on files of labelled texts")
    evaluate.add_argument("bundle", help="folder of a bundle, or the id of a model on the Hub")
    evaluate.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="JSON lines of text, label, lang"
    )
    evaluate.add_argument(
        "--task", choices=sorted(HEADS), help="head to judge (default: the one that knows the labels)"
    )
    evaluate.add_argument("--split", help="judge only lines whose `split` is this")
    evaluate.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    behave = commands.add_parser("behave", help="ask a bundle the behaviour suite")
    behave.add_argument("bundle", help="folder of a bundle, or the id of a model on the Hub")
    behave.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    return parser


def _train(chosen: argparse.Namespace) -> None:
    try:
        from processors.sentiment.training.recipe import Recipe  # noqa: PLC0415 -- needs the extra `train`
        from processors.sentiment.training.train import train  # noqa: PLC0415 -- same
    except ModuleNotFoundError as error:
        raise Fatal(
            f"training needs {error.name}: install the extra `denyut[train]`, or `make train`"
        ) from error
    recipe = Recipe(without=tuple(sorted(set(chosen.without))))
    train(
        chosen.data,
        chosen.folder,
        chosen.out,
        recipe,
        chosen.minutes,
        chosen.begin,
        chosen.layers,
        chosen.heads,
        chosen.tutor,
    )


def _bundle(learnt: Path, data: Path, out: Path, heads: Sequence[str]) -> None:
    try:
        from processors.sentiment.training.finishing import finish_folder  # noqa: PLC0415 -- needs the extra `bundles`
    except ModuleNotFoundError as error:
        raise Fatal(f"making a bundle needs {error.name}: install the extra `denyut[bundles]`") from error
    finish_folder(learnt, data, out, lambda line: print(line, flush=True), heads)


def _evaluate(
    bundle: str, files: Sequence[Path], task: str | None, split: str | None, as_object: bool
) -> None:
    model = SentimentModel(bundle)
    reports = [evaluate(model, file, task, split) for file in files]
    print(
        as_json(model, reports) if as_object else "\n\n".join([model.model_version, *map(as_text, reports)])
    )


def _behave(bundle: str, as_object: bool) -> None:
    model = SentimentModel(bundle)
    outcomes = behave(model)
    if as_object:
        tests = [asdict(one) | {"rate": one.rate, "weak": one.weak} for one in outcomes]
        print(
            json.dumps({"model_version": model.model_version, "tests": tests}, indent=2, ensure_ascii=False)
        )
    else:
        print(f"{model.model_version}\n{behaviour_as_text(outcomes)}")


if __name__ == "__main__":
    sys.exit(main())

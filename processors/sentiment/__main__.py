"""`python -m processors.sentiment train | evaluate`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from processors.sentiment.bundle import DEFAULT
from processors.sentiment.evaluate import as_json, as_text, evaluate
from processors.sentiment.labels import HEADS
from processors.sentiment.model import SentimentModel
from schemas.errors import Fatal

_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what it says, 1 with one line on standard error when it could not."""
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.command == "train":
            _train(chosen.data, chosen.out)
        else:
            _evaluate(chosen.bundle, chosen.files, chosen.task, chosen.split, chosen.json)
    except Fatal as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m processors.sentiment", description="Sentiment bundles.")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train the small bundle; minutes on one core")
    train.add_argument(
        "--data", type=Path, default=_DATA, help="folder of the training sets (default: %(default)s)"
    )
    train.add_argument(
        "--out", type=Path, default=DEFAULT, help="bundle folder to write (default: %(default)s)"
    )
    evaluate = commands.add_parser("evaluate", help="judge a bundle on files of labelled texts")
    evaluate.add_argument("bundle", help="folder of a bundle")
    evaluate.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="JSON lines of text, label, lang"
    )
    evaluate.add_argument(
        "--task", choices=sorted(HEADS), help="head to judge (default: the one that knows the labels)"
    )
    evaluate.add_argument("--split", help="judge only lines whose `split` is this")
    evaluate.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    return parser


def _train(data: Path, out: Path) -> None:
    try:
        from processors.sentiment.train import Recipe, train  # noqa: PLC0415 -- needs the train extra, evaluate does not
    except ModuleNotFoundError as error:
        raise Fatal(f"training needs {error.name}: install the extra `denyut[train]`") from error
    train(data, out, Recipe(), lambda line: print(line, flush=True))


def _evaluate(
    bundle: str, files: Sequence[Path], task: str | None, split: str | None, as_object: bool
) -> None:
    model = SentimentModel(bundle)
    reports = [evaluate(model, file, task, split) for file in files]
    print(
        as_json(model, reports) if as_object else "\n\n".join([model.model_version, *map(as_text, reports)])
    )


if __name__ == "__main__":
    sys.exit(main())

"""The training sets as examples with normalised texts."""

from collections.abc import Callable
from pathlib import Path

from processors.sentiment.data import Example, load
from processors.sentiment.normalise import normalise
from schemas.errors import Fatal


def read(data: Path, say: Callable[[str], None]) -> tuple[list[Example], list[str]]:
    """Examples and their normalised texts; texts that also stand in a valid split are kept out of train."""
    examples = list(load(data))
    texts = [normalise(one.text) for one in examples]
    held = {text for text, one in zip(texts, examples, strict=True) if one.split != "train"}
    keep = [at for at, one in enumerate(examples) if one.split != "train" or texts[at] not in held]
    if not any(examples[at].split == "train" for at in keep):
        raise Fatal(f"no training text under {data}")
    say(f"{len(keep)} texts; {len(examples) - len(keep)} left out of train, for they stand in a valid split")
    return [examples[at] for at in keep], [texts[at] for at in keep]

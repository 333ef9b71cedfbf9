"""A bundle for tests that are not about the model: a wide part alone, learnt in seconds from generated texts.

The package's own takes milliseconds a post, and whole stacks replay many thousands. Made once for what it is made of, whoever
asks first; who asks meanwhile waits.
"""

import fcntl
import hashlib
import tempfile
from functools import lru_cache
from pathlib import Path

from processors.sentiment.bundle import DEFAULT, MANIFEST, TOKENIZER
from processors.sentiment.training.finishing import finish
from processors.sentiment.training.wide import WideRecipe
from processors.sentiment.training.writing import Description
from tests.support.labelled import write_sets

_ROOT = Path(__file__).parents[2]
_KEPT = _ROOT / "build" / "tests"
_MADE_OF = (_ROOT / "processors" / "sentiment", _ROOT / "tests" / "support")


@lru_cache(maxsize=1)
def quick_bundle() -> Path:
    """Its folder."""
    digest = hashlib.sha256((DEFAULT / TOKENIZER).read_bytes())
    for sources in _MADE_OF:
        for file in sorted((*sources.rglob("*.py"), *sources.rglob("*.toml"))):
            digest.update(file.read_bytes())
    kept = _KEPT / f"bundle-{digest.hexdigest()[:12]}"
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / "bundle.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (kept / MANIFEST).is_file():
            _make(kept)
    return kept


def _make(kept: Path) -> None:
    with tempfile.TemporaryDirectory(dir=_KEPT, prefix="making-") as folder:
        data, making = Path(folder) / "data", Path(folder) / "bundle"
        write_sets(data)
        finish(
            data,
            making,
            (DEFAULT / TOKENIZER).read_text(encoding="utf-8"),
            None,
            Description("quick", {}),
            lambda _: None,
            wide_recipe=WideRecipe(slots=2**12, rounds=45, lessons=0),
        )
        making.rename(kept)

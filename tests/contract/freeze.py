"""`python -m tests.contract.freeze`, at a release: keeps the present schemas for ever in schemas/history/EVENT/ID.avsc."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import schemas.registry
from schemas.registry import PinnedIds, Schema, events, load_schema, released
from tests.support.evolution import violations

HISTORY = Path(schemas.registry.__file__).parent / "history"


def freeze(folder: Path, ids: Mapping[str, int], present: Mapping[str, Schema]) -> list[Path]:
    """Write what is not there yet; the new files. Schemas that did not change since stay as they are."""
    new = []
    for event, schema in present.items():
        path = folder / event / f"{ids[event]}.avsc"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            new.append(path)
    return new


def main() -> int:
    """1, naming why, where the present schemas may not be released."""
    ids = {event: PinnedIds().id_of(event) for event in events()}
    present = {event: load_schema(event) for event in events()}
    wrong = list(violations(released(), ids, present))
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    for path in freeze(HISTORY, ids, present):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())

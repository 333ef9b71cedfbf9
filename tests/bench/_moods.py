"""Peers of the sentiment bench: what stock-news projects use, and the un-shrunk model in PyTorch. Each where it is installed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from processors.sentiment.labels import HEADS
from processors.sentiment.normalise import normalise
from processors.sentiment.training.data import Example
from processors.sentiment.training.learnt import read_learnt

Says = Callable[[Sequence[str]], list[str]]

_SURE = 0.05
"""VADER's own threshold of its compound score; TextBlob's polarity is read with the same."""


def tf_idf(train: Sequence[Example], task: str) -> Pipeline:
    """Words and pairs of words after our normaliser, logistic regression over them; learnt from the same train splits."""
    labelled = [one for one in train if getattr(one, task) is not None and one.borrowed != task]
    words = TfidfVectorizer(
        preprocessor=normalise,
        token_pattern=r"\w+|[^\w\s]+",
        ngram_range=(1, 2),
        min_df=2,
        sublinear_tf=True,
    )
    # To the minimum: with a tolerance of 1e-3 it ended after 18 iterations, two points lower on headlines.
    model = make_pipeline(words, LogisticRegression(C=10, max_iter=1_000, tol=1e-5))
    return model.fit([one.text for one in labelled], [getattr(one, task) for one in labelled])


def vader() -> Says:
    """VADER; raises ModuleNotFoundError where it is not installed."""
    from vaderSentiment.vaderSentiment import (  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
        SentimentIntensityAnalyzer,
    )

    judge = SentimentIntensityAnalyzer()
    return lambda texts: [_label(judge.polarity_scores(text)["compound"]) for text in texts]


def textblob() -> Says:
    """TextBlob; raises ModuleNotFoundError where it is not installed."""
    from textblob import TextBlob  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    return lambda texts: [_label(TextBlob(text).sentiment.polarity) for text in texts]


def pytorch(learnt: Path, task: str, batch: int) -> Says:
    """What training left, in floats, through `transformers.pipeline` on one thread; raises ModuleNotFoundError without torch."""
    import torch  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
    from tokenizers import Tokenizer  # noqa: PLC0415
    from transformers import (  # noqa: PLC0415
        BertConfig,
        BertModel,
        BertPreTrainedModel,
        PreTrainedTokenizerFast,
        logging,
        pipeline,
    )
    from transformers.modeling_outputs import SequenceClassifierOutput  # noqa: PLC0415

    # It names all models that it knows, each time, for ours is none of them.
    logging.set_verbosity_error()
    found = read_learnt(learnt)
    encoder = found.encoder
    torch.set_num_threads(1)

    class MeanPooled(BertPreTrainedModel):  # type: ignore[misc,unused-ignore]
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.bert = BertModel(config, add_pooling_layer=False)
            self.classifier = torch.nn.Linear(config.hidden_size, config.num_labels)
            self.post_init()

        def forward(self, input_ids: Any, attention_mask: Any, **_: Any) -> Any:
            tokens = self.bert(input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask[..., None].to(tokens.dtype)
            return SequenceClassifierOutput(logits=self.classifier((tokens * mask).sum(1) / mask.sum(1)))

    labels = HEADS[task]
    config = BertConfig(
        vocab_size=len(encoder.words),
        hidden_size=encoder.hidden,
        num_hidden_layers=len(encoder.layers),
        num_attention_heads=encoder.heads,
        intermediate_size=encoder.layers[0].up.weight.shape[1],
        max_position_embeddings=len(encoder.positions),
        type_vocab_size=1,
        layer_norm_eps=encoder.epsilon,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    model = MeanPooled(config).eval()
    state = {name: torch.from_numpy(value) for name, value in _state(found, task).items()}
    missing = set(model.state_dict()) - set(state)
    if any("position_ids" not in one and "token_type_ids" not in one for one in missing):
        raise LookupError(f"weights are missing: {sorted(missing)}")
    model.load_state_dict(state, strict=False)
    cutter = Tokenizer.from_str(found.tokenizer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=cutter,
        pad_token=cutter.id_to_token(1),
        model_max_length=found.max_length,
        model_input_names=["input_ids", "attention_mask"],
    )
    ask = pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu", batch_size=batch)
    return lambda texts: [
        one["label"] for one in ask([normalise(text) or " " for text in texts], truncation=True)
    ]


def _state(found: Any, task: str) -> dict[str, Any]:
    encoder = found.encoder
    state = {
        "bert.embeddings.word_embeddings.weight": encoder.words,
        "bert.embeddings.position_embeddings.weight": encoder.positions,
        "bert.embeddings.token_type_embeddings.weight": np.zeros((1, encoder.hidden), np.float32),
        "bert.embeddings.LayerNorm.weight": encoder.norm.weight,
        "bert.embeddings.LayerNorm.bias": encoder.norm.bias,
        "classifier.weight": np.ascontiguousarray(found.heads[task].weight.T),
        "classifier.bias": found.heads[task].bias,
    }
    names = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "output": "attention.output.dense",
        "up": "intermediate.dense",
        "down": "output.dense",
        "attention_norm": "attention.output.LayerNorm",
        "norm": "output.LayerNorm",
    }
    for at, layer in enumerate(encoder.layers):
        for part, name in names.items():
            one = getattr(layer, part)
            weight = one.weight if "norm" in part else np.ascontiguousarray(one.weight.T)
            state[f"bert.encoder.layer.{at}.{name}.weight"] = weight
            state[f"bert.encoder.layer.{at}.{name}.bias"] = one.bias
    return state


def _label(polarity: float) -> str:
    if abs(polarity) < _SURE:
        return "neutral"
    return "positive" if polarity > 0 else "negative"

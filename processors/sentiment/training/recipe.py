"""Everything about the training of the deep part that was chosen by hand."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """Chosen on the valid splits, or by what two cores can do in an evening.

    Attributes:
        seed: of everything that is drawn.
        layers: how many of the base's layers are kept, from the bottom.
        pieces: size of the vocabulary.
        epochs: passes over the sets, each as often as `shares` says.
        shares: how often a text of a set is seen in one epoch; lessons are a number of sentences, new ones in each.
        lessons: sentences made for one epoch.
        noise: share of the texts that are changed a little before they are learnt from.
        borrowed: what a label counts that was taken over from the other task, by set.
        lesson_weight: what a lesson counts.
        max_length: tokens read of one text.
        batch_tokens: tokens of one batch, padding included, of one worker.
        rate: highest learning rate of the top layer; each layer below has `decay` of the one above.
        decay: see there.
        head_rate: highest learning rate of the two heads.
        warm_up: share of the training in which the rate rises; afterwards it falls to nothing.
        smoothing: share of a label that is given to the others.
        dropout: share of values dropped.
        workers: processes that train side by side.
        average_every: batches after which their weights are averaged.
    """

    seed: int = 20_261_129
    layers: int = 8
    pieces: int = 24_000
    epochs: float = 3.0
    shares: tuple[tuple[str, float], ...] = (
        ("smsa", 1.0),
        ("nusax", 3.0),
        ("cnbci", 2.0),
        ("tfns", 1.0),
        ("emot", 2.0),
        ("goemotions", 0.4),
    )
    lessons: int = 4_000
    noise: float = 0.25
    borrowed: tuple[tuple[str, float], ...] = (("goemotions", 0.3), ("emot", 0.2), ("cnbci", 0.5))
    lesson_weight: float = 0.5
    max_length: int = 128
    batch_tokens: int = 1_024
    rate: float = 1e-4
    decay: float = 0.9
    head_rate: float = 1e-3
    warm_up: float = 0.06
    smoothing: float = 0.05
    dropout: float = 0.1
    workers: int = 2
    average_every: int = 4

"""Generated training sets in the layout of the shared data: small, plainly separable, the same every time."""

import json
import random
from pathlib import Path

from processors.sentiment.training.data import SETS

_WORDS = {
    "id": {
        "positive": ["bagus", "mantap", "enak", "naik", "untung", "senang", "puas"],
        "negative": ["jelek", "buruk", "rugi", "turun", "marah", "kecewa", "anjlok"],
        "neutral": ["rapat", "jadwal", "laporan", "kantor", "pukul", "hari", "data"],
        "anger": ["marah", "kesal", "benci", "geram", "dongkol"],
        "joy": ["senang", "gembira", "bahagia", "riang", "ceria"],
        "sadness": ["sedih", "duka", "tangis", "pilu", "murung"],
        "fear": ["takut", "ngeri", "cemas", "seram", "gentar"],
        "love": ["cinta", "sayang", "rindu", "kasih", "mesra"],
    },
    "en": {
        "positive": ["great", "good", "gain", "happy", "love", "beat"],
        "negative": ["bad", "poor", "loss", "angry", "miss", "fell"],
        "neutral": ["meeting", "schedule", "report", "office", "data"],
        "anger": ["furious", "hate", "angry", "rage", "annoyed"],
        "joy": ["happy", "glad", "joyful", "delighted", "fun"],
        "sadness": ["sad", "sorrow", "tears", "grief", "gloomy"],
        "fear": ["afraid", "scared", "terror", "panic", "dread"],
        "disgust": ["gross", "nasty", "vile", "filthy", "yuck"],
        "surprise": ["wow", "unexpected", "sudden", "what"],
    },
}
_FILLERS = {
    "id": ["yang", "dan", "di", "ini", "itu", "saya", "kami"],
    "en": ["the", "and", "of", "this", "that", "we", "it"],
}
_LABELS = {
    "sentiment": ("positive", "negative", "neutral"),
    "emot": ("anger", "joy", "sadness", "fear", "love"),
    "goemotions": ("anger", "joy", "sadness", "fear", "disgust", "surprise", "neutral"),
}
_LANGUAGES = {
    "smsa": ("id",),
    "nusax": ("id", "en"),
    "cnbci": ("id",),
    "tfns": ("en",),
    "emot": ("id",),
    "goemotions": ("en",),
}


def write_sets(folder: Path, per_label: int = 12) -> None:
    """Every set that training reads, `per_label` train texts and a quarter as many valid ones per label and language."""
    chance = random.Random(11)
    for one in SETS:
        path = folder / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = []
        for lang in _LANGUAGES[one.name]:
            for label in _LABELS.get(one.name, _LABELS["sentiment"]):
                for number in range(per_label + per_label // 4):
                    words = (
                        chance.choices(_WORDS[lang][label], k=3)
                        + chance.choices(_FILLERS[lang], k=4)
                        + [one.name]
                    )
                    chance.shuffle(words)
                    split = "train" if number < per_label else "valid"
                    rows.append({"text": " ".join(words), "label": label, "lang": lang, "split": split})
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

"""MinHash in bands, the contender of bench-stories: 128 minima of the same runs of three words, 32 bands of four."""

import re

import numpy as np
import numpy.typing as npt

from processors.logic.fingerprint import word_hash

HASHES = 128
BANDS = 32
_WIDTH = HASHES // BANDS
_WORD = re.compile(r"\w+")
_DICE = np.random.default_rng(1)
_FACTORS = _DICE.integers(1, 1 << 63, HASHES, np.uint64) | np.uint64(1)
_TERMS = _DICE.integers(0, 1 << 63, HASHES, np.uint64)


class MinHashes:
    """Every text so far, found by its bands."""

    def __init__(self) -> None:
        self._minima: list[npt.NDArray[np.uint32]] = []
        self._bands: dict[tuple[int, bytes], list[int]] = {}

    def take(self, folded: str, least: float) -> int | None:
        """The number of the most alike text before it, None where none has that resemblance; then it is one of them."""
        minima = _minima(folded)
        bands = [(band, minima[band * _WIDTH : (band + 1) * _WIDTH].tobytes()) for band in range(BANDS)]
        candidates = sorted({number for band in bands for number in self._bands.get(band, ())})
        best: tuple[float, int] | None = None
        for number in candidates:
            found = float((self._minima[number] == minima).mean()), number
            if found[0] >= least and (best is None or found > best):
                best = found
        for band in bands:
            self._bands.setdefault(band, []).append(len(self._minima))
        self._minima.append(minima)
        return None if best is None else best[1]


def _minima(folded: str) -> npt.NDArray[np.uint32]:
    words = _WORD.findall(folded)
    hashed = np.fromiter(map(word_hash, words), np.uint64, len(words))
    runs = hashed[:-2] * np.uint64(3) ^ hashed[1:-1] * np.uint64(5) ^ hashed[2:] * np.uint64(7)
    mixed = (runs[:, None] * _FACTORS + _TERMS) >> np.uint64(32)
    minima: npt.NDArray[np.uint32] = mixed.min(axis=0).astype(np.uint32)
    return minima

"""Posts, and the receipts, mentions and dead letters that a stage would have made of them."""

from collections.abc import Sequence
from typing import Any

from schemas.registry import load_schema
from tests.support.landing import CODEC, COLLECTED, mention, publish

HOUR = 3_600_000
Published = tuple[str, bytes | None, int | None]
_FIELDS = [field["name"] for field in load_schema("post")["fields"] if field["name"] != "raw"]


class Ledger:
    """Posts of one partition from offset 0 on, read in batches of ten; an offset is a repeat, a dead letter or a mention.

    Platforms alternate, x first; ten posts are collected an hour, the first ten `hours` before this one.
    """

    def __init__(
        self,
        count: int,
        *,
        repeats: Sequence[int] = (),
        letters: Sequence[int] = (),
        partition: int = 0,
        source: str = "stocknet",
        hours: int = 0,
    ) -> None:
        self.partition = partition
        self.repeats, self.letters = repeats, letters
        self.made = [self._mention(number, source, hours) for number in range(count)]
        self.posts = [{**{name: one[name] for name in _FIELDS}, "raw": None} for one in self.made]
        self.mentions = [
            one for number, one in enumerate(self.made) if number not in repeats and number not in letters
        ]
        self.dead_letters = [self._letter(number) for number in letters]
        self.receipts = [self._receipt(first, min(first + 10, count) - 1) for first in range(0, count, 10)]

    def publish(self, bootstrap: str, prefix: str) -> None:
        """All of it; what cannot be read has bytes that are no Avro."""
        posts = [
            (post["id"], b"junk" if number in self.letters else CODEC.encode("post", post), self.partition)
            for number, post in enumerate(self.posts)
        ]
        publish(bootstrap, prefix, "posts", posts)
        for topic, event, records in (
            ("mentions", "mention", self.mentions),
            ("dead-letters", "dead_letter", self.dead_letters),
            ("receipts", "receipt", self.receipts),
        ):
            made: list[Published] = [(one["id"], CODEC.encode(event, one), self.partition) for one in records]
            if made:
                publish(bootstrap, prefix, topic, made, transactions=1)

    def _mention(self, number: int, source: str, hours: int) -> dict[str, Any]:
        collected = COLLECTED - (hours - number // 10 if hours else 0) * HOUR + number
        changes = {"source": source, "collected_at": collected, "enriched_at": COLLECTED + number // 10}
        return {**mention(number, self.partition), "id": f"{source}:{number}", **changes}

    def _letter(self, number: int) -> dict[str, Any]:
        origin = f"posts:{self.partition}:{number}"
        return {
            "id": origin,
            "origin": origin,
            "origin_topic": "posts",
            "origin_partition": self.partition,
            "origin_offset": number,
            "stage": "enrich",
            "reason": "undecodable",
            "detail": "junk",
            "schema_id": None,
            "key": None,
            "raw": b"junk",
            "raw_size": 4,
            "failed_at": self.made[number]["enriched_at"],
        }

    def _receipt(self, first: int, last: int) -> dict[str, Any]:
        counts: dict[tuple[str, int, str], int] = {}
        for number in range(first, last + 1):
            one = self.made[number]
            place = "" if number in self.letters else f"{one['platform']}/{one['source']}"
            outcome = (
                "dead_letter" if number in self.letters else "repeat" if number in self.repeats else "mention"
            )
            key = (place, one["collected_at"] // HOUR * HOUR, outcome)
            counts[key] = counts.get(key, 0) + 1

        def total(outcome: str) -> int:
            return sum(count for (_, _, what), count in counts.items() if what == outcome)

        return {
            "id": f"{self.partition}:{first}-{last}",
            "partition": self.partition,
            "first_offset": first,
            "last_offset": last,
            "records": last - first + 1,
            "mentions": total("mention"),
            "repeats": total("repeat"),
            "dead_letters": total("dead_letter"),
            "counts": [
                {"source": place, "hour": hour, "outcome": outcome, "count": count}
                for (place, hour, outcome), count in sorted(counts.items())
            ],
            "repeat_offsets": [number for number in self.repeats if first <= number <= last],
            "enriched_at": self.made[first]["enriched_at"],
        }

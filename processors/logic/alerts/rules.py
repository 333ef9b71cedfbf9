"""The rules as they stand now, found by what they watch."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from processors.logic.alerts.quiet import quiet_hours
from processors.logic.alerts.topic import AGES_MS
from schemas.errors import Poison
from schemas.events import AlertKind, Rule

Watched = Literal["trends", "bars", "runs", "topics", "closes"]

WATCHED: Mapping[AlertKind, tuple[Watched, ...]] = MappingProxyType(
    {
        "volume_spike": ("trends",),
        "sentiment_shift": ("trends",),
        "keyword": ("trends",),
        "price_move": ("bars",),
        "divergence": ("trends", "closes"),
        "new_topic": ("topics",),
        "source_silent": ("runs",),
    }
)
"""By kind of rule: the topics that tell of it."""

EVERY = "*"
"""At the end of a rule's subject: whatever begins like it (`keyword:*`, `source:rss/*`)."""


class RuleBook:
    """Active rules. A rule counts from the moment it is put here, and no longer once it is replaced or deleted."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        self._exact: dict[tuple[Watched, str], tuple[Rule, ...]] = {}
        self._prefixes: dict[tuple[Watched, str], list[tuple[str, Rule]]] = {}
        self._indexed = True

    def __len__(self) -> int:
        return len(self._rules)

    def put(self, rule_id: str, rule: Rule | None) -> None:
        """Replace or (None) delete a rule; Poison (invalid) for one that nobody can watch for, which then counts no more."""
        self._rules.pop(rule_id, None)
        self._indexed = False
        if rule is None or not rule["active"]:
            return
        quiet_hours(rule)
        if rule["kind"] == "new_topic" and rule["window"] not in AGES_MS:
            raise Poison("invalid", f"rule {rule_id}: {rule['window']!r} is no age of a topic")
        if rule["id"] != rule_id:
            raise Poison("invalid", f"rule {rule['id']} stands under the key {rule_id}")
        if ":" in rule_id:
            raise Poison(
                "invalid", f"rule {rule_id}: the ids of its alerts could not be told apart from others'"
            )
        self._rules[rule_id] = rule

    def watching(self, watched: Watched, subject: str) -> tuple[Rule, ...]:
        """The rules over that topic whose subject is `subject` (`kind:value`) or covers it."""
        if not self._indexed:
            self._index()
        exact = self._exact.get((watched, subject), ())
        prefixes = self._prefixes.get((watched, subject.partition(":")[0]))
        if prefixes is None:
            return exact
        return exact + tuple(rule for prefix, rule in prefixes if subject.startswith(prefix))

    def _index(self) -> None:
        exact: dict[tuple[Watched, str], tuple[Rule, ...]] = {}
        prefixes: dict[tuple[Watched, str], list[tuple[str, Rule]]] = {}
        # In order of their ids, so that equal inputs give equal outputs in equal order.
        for _, rule in sorted(self._rules.items()):
            subject = rule["subject"]
            for watched in WATCHED[rule["kind"]]:
                if subject.endswith(EVERY):
                    kind = subject.partition(":")[0]
                    prefixes.setdefault((watched, kind), []).append((subject.removesuffix(EVERY), rule))
                else:
                    exact[watched, subject] = (*exact.get((watched, subject), ()), rule)
        self._exact, self._prefixes, self._indexed = exact, prefixes, True

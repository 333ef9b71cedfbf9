"""The rules of X's filtered stream, held equal to what is searched for; those that somebody else has made stay."""

from collections.abc import Mapping
from typing import Any

from tweepy import StreamRule

from schemas.errors import Retryable

_OURS = "denyut:"
"""How the tags of our rules begin; the keyword's id follows."""


def keyword_of(tag: object) -> str | None:
    """The id of the keyword whose rule has this tag; None where the rule is not ours."""
    return tag.removeprefix(_OURS) if isinstance(tag, str) and tag.startswith(_OURS) else None


def changes(present: object, wanted: Mapping[str, str]) -> tuple[list[StreamRule], list[str]]:
    """(rules to add, ids of rules to delete) so that keyword ids have the queries `wanted`.

    `present` is X's list of rules, None where there are none; raises Retryable where it cannot be read.
    """
    if present is not None and not isinstance(present, list):
        raise Retryable("an answer that cannot be read: the rules are no list")
    kept: set[str] = set()
    gone: list[str] = []
    for rule in present or []:
        if not isinstance(rule, dict) or "id" not in rule:
            raise Retryable("an answer that cannot be read: a rule without id")
        name = keyword_of(rule.get("tag"))
        if name is None:
            continue
        if wanted.get(name) == rule.get("value") and name not in kept:
            kept.add(name)
        else:
            gone.append(str(rule["id"]))
    added = [StreamRule(value=query, tag=_OURS + name) for name, query in wanted.items() if name not in kept]
    return added, gone


def matched(line: Mapping[str, Any]) -> list[str]:
    """The keywords whose rules a line of the stream names, sorted."""
    rules = line.get("matching_rules")
    tags = [rule.get("tag") for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    return sorted({name for name in map(keyword_of, tags) if name is not None})

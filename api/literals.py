"""Queries with their parameters put in as literals: what a client can send to `/api/v1/sql` as it stands."""

import re
from collections.abc import Mapping
from typing import Any

_PARAMETER = re.compile(r"\{(\w+):([^}]+)\}")


def written_out(sql: str, parameters: Mapping[str, Any]) -> str:
    """`sql` with a literal for every `{name:Type}`."""
    return _PARAMETER.sub(lambda found: _literal(parameters[found[1]], found[2]), sql.strip())


def _literal(value: Any, kind: str) -> str:
    if isinstance(value, list | tuple):
        # Without its type an empty array would be one of nothing.
        return f"CAST([{', '.join(_plain(one) for one in value)}], '{kind}')"
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    raise TypeError(f"no literal for {value!r}")

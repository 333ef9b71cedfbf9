"""Settings that give a slow source up within a second: for an answer that must time out, and beside nothing that is well."""

from collections.abc import Mapping
from types import MappingProxyType

IMPATIENT: Mapping[str, str] = MappingProxyType(
    {
        "DENYUT_RSS_READ_S": "0.5",
        "DENYUT_RSS_TOTAL_S": "1",
        "DENYUT_WEB_READ_S": "0.5",
        "DENYUT_WEB_TOTAL_S": "1",
        "DENYUT_YAHOO_TIMEOUT_S": "1",
    }
)
"""In place of the collectors' own limits, which the servers here leave as they are: a busy machine is slow, too."""

"""What each of ClickHouse's error codes means for landing: try again, look for a bad row, or stop."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from schemas.errors import DenyutError, Fatal, Retryable

_TEXT = 1000


class Verdict(StrEnum):
    """What to do about an error."""

    RETRY = "retry"
    """The same may work later: back off, try again."""
    ROW = "row"
    """A row of the insert is at fault: nothing of it landed, the rest will without that row."""
    STOP = "stop"
    """Nothing that the sink does makes it work."""


class RowRefused(Fatal):
    """An insert was refused for what is in it. Whoever cannot take rows out of it has to stop."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"ClickHouse refused a row with code {code} ({name_of(code)}): {text[:_TEXT]}")


@dataclass(frozen=True, slots=True)
class Code:
    """One code by ClickHouse's own name; `rows_with` is a text by which an error of this code speaks of a row instead."""

    name: str
    verdict: Verdict
    rows_with: str = ""


def _codes() -> dict[int, Code]:
    retry, row, stop = Verdict.RETRY, Verdict.ROW, Verdict.STOP
    return {
        # Too much at once, here or there.
        159: Code("TIMEOUT_EXCEEDED", retry),
        202: Code("TOO_MANY_SIMULTANEOUS_QUERIES", retry),
        241: Code("MEMORY_LIMIT_EXCEEDED", retry),
        243: Code("NOT_ENOUGH_SPACE", retry),
        # Also what a block is refused with whose rows go to more partitions than one insert may make.
        252: Code("TOO_MANY_PARTS", retry, rows_with="partitions for single INSERT block"),
        425: Code("SYSTEM_ERROR", retry),
        573: Code("EPOLL_ERROR", retry),
        # The network, and what is behind it.
        198: Code("DNS_ERROR", retry),
        203: Code("NO_FREE_CONNECTION", retry),
        209: Code("SOCKET_TIMEOUT", retry),
        210: Code("NETWORK_ERROR", retry),
        279: Code("ALL_CONNECTION_TRIES_FAILED", retry),
        # Replicas and Keeper.
        225: Code("NO_ZOOKEEPER", retry),
        242: Code("TABLE_IS_READ_ONLY", retry),
        285: Code("TOO_FEW_LIVE_REPLICAS", retry),
        286: Code("UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE", retry),
        319: Code("UNKNOWN_STATUS_OF_INSERT", retry),
        999: Code("KEEPER_EXCEPTION", retry),
        # Shutting down, cancelled, or in the way of another worker's ALTER.
        122: Code("INCOMPATIBLE_COLUMNS", retry),
        236: Code("ABORTED", retry),
        394: Code("QUERY_WAS_CANCELLED", retry),
        473: Code("DEADLOCK_AVOIDED", retry),
        517: Code("CANNOT_ASSIGN_ALTER", retry),
        # A body that is no whole record of its schema.
        6: Code("CANNOT_PARSE_TEXT", row),
        27: Code("CANNOT_PARSE_INPUT_ASSERTION_FAILED", row),
        32: Code("ATTEMPT_TO_READ_AFTER_EOF", row),
        33: Code("CANNOT_READ_ALL_DATA", row),
        117: Code("INCORRECT_DATA", row),
        128: Code("TOO_LARGE_ARRAY_SIZE", row),
        131: Code("TOO_LARGE_STRING_SIZE", row),
        # Thrown for us where the text says so (see landing.send), else by something that we did not ask for.
        395: Code("FUNCTION_THROW_IF_VALUE_IS_NON_ZERO", stop, rows_with="whole record"),
        748: Code("AVRO_EXCEPTION", row),
        # How older servers tell the same; other errors of that code are nothing we know.
        1001: Code("STD_EXCEPTION", stop, rows_with="avro::Exception"),
        # A value that its column does not take.
        38: Code("CANNOT_PARSE_DATE", row),
        41: Code("CANNOT_PARSE_DATETIME", row),
        69: Code("ARGUMENT_OUT_OF_BOUND", row),
        70: Code("CANNOT_CONVERT_TYPE", row),
        72: Code("CANNOT_PARSE_NUMBER", row),
        321: Code("VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE", row),
        349: Code("CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN", row),
        407: Code("DECIMAL_OVERFLOW", row),
        469: Code("VIOLATED_CONSTRAINT", row),
        691: Code("UNKNOWN_ELEMENT_OF_ENUM", row),
        # Ours, or an operator's, to mend.
        16: Code("NO_SUCH_COLUMN_IN_TABLE", stop),
        44: Code("ILLEGAL_COLUMN", stop),
        47: Code("UNKNOWN_IDENTIFIER", stop),
        53: Code("TYPE_MISMATCH", stop),
        60: Code("UNKNOWN_TABLE", stop),
        62: Code("SYNTAX_ERROR", stop),
        81: Code("UNKNOWN_DATABASE", stop),
        115: Code("UNKNOWN_SETTING", stop),
        164: Code("READONLY", stop),
        192: Code("UNKNOWN_USER", stop),
        497: Code("ACCESS_DENIED", stop),
        516: Code("AUTHENTICATION_FAILED", stop),
    }


CODES: Mapping[int, Code] = MappingProxyType(_codes())
"""Every code that was thought about; any other stops the sink."""


def name_of(code: int) -> str:
    """Its name; `unknown` where it is none of ours."""
    return CODES[code].name if code in CODES else "unknown"


def verdict(code: int, text: str) -> Verdict:
    """What an error of this code and text means."""
    known = CODES.get(code)
    if known is None:
        return Verdict.STOP
    if known.rows_with and known.rows_with in text:
        return Verdict.ROW
    return known.verdict


def decided(code: int, text: str) -> DenyutError:
    """The error to raise for one of ClickHouse's: Retryable, RowRefused or another Fatal."""
    found = verdict(code, text)
    if found is Verdict.RETRY:
        return Retryable(f"ClickHouse cannot do it now: code {code} ({name_of(code)}): {text[:_TEXT]}")
    if found is Verdict.ROW:
        return RowRefused(code, text)
    return Fatal(f"ClickHouse refused with code {code} ({name_of(code)}): {text[:_TEXT]}")

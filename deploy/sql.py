"""Read-only SQL against ClickHouse over HTTP, as its reader, in any of its output formats."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from schemas.errors import Fatal, Retryable

DEFAULT_FORMAT = "PrettyCompact"
_TIMEOUT = httpx.Timeout(10, read=600)


@dataclass(frozen=True, slots=True)
class Reader:
    """Where ClickHouse is and who asks."""

    url: str
    database: str
    user: str
    password: str

    def query(self, sql: str, output: str = DEFAULT_FORMAT) -> Iterator[bytes]:
        """The answer in ClickHouse's format `output` unless the query names one, in chunks.

        Raises Fatal with ClickHouse's words where it refuses, Retryable where it is not there.
        """
        headers = {
            "X-ClickHouse-User": self.user,
            "X-ClickHouse-Key": self.password,
            "X-ClickHouse-Database": self.database,
            "X-ClickHouse-Format": output,
        }
        try:
            with httpx.stream(
                "POST",
                self.url,
                params={"database": self.database, "default_format": output},
                headers=headers,
                content=sql.encode(),
                timeout=_TIMEOUT,
            ) as response:
                if response.is_error or "X-ClickHouse-Exception-Code" in response.headers:
                    response.read()
                    raise Fatal(response.text.strip() or f"ClickHouse answered {response.status_code}")
                yield from response.iter_bytes()
        except httpx.TransportError as error:
            raise Retryable(f"ClickHouse at {self.url} does not answer: {error}") from error

    def rows(self, sql: str) -> list[list[str]]:
        """The answer as text cells."""
        text = b"".join(self.query(sql, "TabSeparated")).decode()
        return [line.split("\t") for line in text.splitlines()]

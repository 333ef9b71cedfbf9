"""A schema registry over HTTP, in the part of Confluent's API that other registries offer too."""

from collections.abc import Mapping
from typing import Any, Literal, Self
from urllib.parse import quote

import httpx
import orjson

from schemas.errors import Fatal, Retryable
from schemas.registry import Schema
from schemas.settings import SchemaSettings

COMPATIBILITY = "BACKWARD_TRANSITIVE"
"""What every subject is set to: a new schema reads all that was ever written under it."""

_TIMEOUT_S = 5.0
_TYPE = "application/vnd.schemaregistry.v1+json"
_REFUSED = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})


class Incompatible(Fatal):
    """The registry will not take a schema: it could not read what was written before."""


class RegistryServer:
    """One registry. Methods raise Retryable where it is away, Fatal where it refuses; usable from any thread."""

    def __init__(self, settings: SchemaSettings) -> None:
        if settings.schema_registry_url is None:
            raise Fatal("no schema registry is configured: set DENYUT_SCHEMA_REGISTRY_URL")
        self.url = settings.schema_registry_url
        login = None
        if settings.schema_registry_user is not None and settings.schema_registry_password is not None:
            login = settings.schema_registry_user, settings.schema_registry_password.get_secret_value()
        self._client = httpx.Client(
            auth=login, timeout=_TIMEOUT_S, headers={"Accept": f"{_TYPE}, application/json"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def schema(self, schema_id: int) -> Any:
        """The schema of an id; None where there is none, or where it is no Avro schema."""
        answer = self._ask("GET", f"/schemas/ids/{schema_id}")
        if answer is None or answer.get("schemaType", "AVRO") != "AVRO":
            return None
        return orjson.loads(answer["schema"])

    def versions(self, subject: str) -> list[int]:
        """The versions of a subject, oldest first; none where it is unknown."""
        return sorted(self._ask("GET", f"/subjects/{quote(subject, safe='')}/versions") or ())

    def version(self, subject: str, version: int) -> tuple[int, Any] | None:
        """(id, schema) of one version; None where it is gone."""
        answer = self._ask("GET", f"/subjects/{quote(subject, safe='')}/versions/{version}")
        return None if answer is None else (int(answer["id"]), orjson.loads(answer["schema"]))

    def register(self, subject: str, schema: Schema) -> int:
        """Register a version; its id. Raises Incompatible where the registry says that it breaks the subject's rule."""
        answer = self._ask("POST", f"/subjects/{quote(subject, safe='')}/versions", _body(schema), subject)
        if answer is None:
            raise Fatal(f"schema registry {self.url} cannot register {subject}: it answers 404")
        return int(answer["id"])

    def is_compatible(self, subject: str, schema: Schema) -> bool:
        """Whether the subject would take `schema` as its next version."""
        path = f"/compatibility/subjects/{quote(subject, safe='')}/versions"
        answer = self._ask("POST", path, _body(schema), subject)
        return answer is None or bool(answer["is_compatible"])

    def compatibility(self, subject: str) -> str | None:
        """The subject's own rule; None where it has none."""
        answer = self._ask("GET", f"/config/{quote(subject, safe='')}")
        return (
            None if answer is None else str(answer.get("compatibilityLevel") or answer.get("compatibility"))
        )

    def set_compatibility(self, subject: str) -> None:
        """Give the subject our rule."""
        self._ask("PUT", f"/config/{quote(subject, safe='')}", {"compatibility": COMPATIBILITY})

    def _ask(
        self,
        method: Literal["GET", "POST", "PUT"],
        path: str,
        body: Mapping[str, Any] | None = None,
        subject: str = "",
    ) -> Any:
        """The answer's JSON; None for 404."""
        content = None if body is None else orjson.dumps(body)
        try:
            answer = self._client.request(
                method, self.url + path, content=content, headers={"Content-Type": _TYPE} if content else {}
            )
        except httpx.HTTPError as error:
            raise Retryable(
                f"schema registry {self.url} is away: {str(error) or type(error).__name__}"
            ) from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code == httpx.codes.CONFLICT:
            raise Incompatible(
                f"schema registry {self.url}: the schema of {subject} is incompatible ({COMPATIBILITY}) with an "
                f"earlier version: {_reason(answer)}"
            )
        if answer.status_code in _REFUSED:
            raise Fatal(f"schema registry {self.url} refuses us: {answer.status_code} {answer.reason_phrase}")
        if (
            answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
            or answer.status_code == httpx.codes.TOO_MANY_REQUESTS
        ):
            raise Retryable(f"schema registry {self.url} answers {answer.status_code}: {_reason(answer)}")
        if answer.is_error:
            raise Fatal(
                f"schema registry {self.url}: {method} {path} answers {answer.status_code}: {_reason(answer)}"
            )
        try:
            return orjson.loads(answer.content)
        except orjson.JSONDecodeError as error:
            raise Fatal(
                f"schema registry {self.url}: {path} answers with no JSON: {answer.text[:100]!r}"
            ) from error


def _body(schema: Schema) -> Mapping[str, Any]:
    return {"schemaType": "AVRO", "schema": orjson.dumps(dict(schema)).decode()}


def _reason(answer: httpx.Response) -> str:
    try:
        return str(orjson.loads(answer.content)["message"])[:500]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return answer.text[:200]

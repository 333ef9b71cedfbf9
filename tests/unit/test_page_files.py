from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from api.headers import SecurityHeaders
from api.routes.page import PageFiles


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    for name in ("app.js", "style.css", "icon.svg", "index.html"):
        (tmp_path / name).write_text(f"// {name}")
    (tmp_path.parent / "secret.txt").write_text("secret")
    routes = [Mount("/static", PageFiles(directory=tmp_path))]
    app = Starlette(routes=routes, middleware=[Middleware(SecurityHeaders)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("app.js", "text/javascript"),
        ("style.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
        ("index.html", "text/html"),
    ],
)
async def test_files_have_their_type_and_are_asked_for_again(
    client: httpx.AsyncClient, name: str, kind: str
) -> None:
    first = await client.get(f"/static/{name}")
    assert first.status_code == 200
    assert first.headers["content-type"].startswith(kind)
    assert first.headers["cache-control"] == "no-cache"
    again = await client.get(f"/static/{name}", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/none.js", "/static/"]
)
async def test_nothing_else_is_served(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_no_inline_script_may_run(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/static/app.js")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert (await client.get("/static/app.js")).headers["x-content-type-options"] == "nosniff"

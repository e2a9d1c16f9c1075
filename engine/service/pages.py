"""The page that shows what can be asked: Swagger UI, whose files come from a package and no CDN."""

import base64
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse

_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")
_FOLDER = Path(fastapi_offline.__file__).parent / "static"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_FASTAPIS = ("HTTPValidationError", "ValidationError")
_NOTHING = "default-src 'none'; frame-ancestors 'none'"


def add_page(app: FastAPI) -> Callable[[str], str]:
    """Let an app show its page at `/docs`.

    Args:
        app: whose OpenAPI description is shown.

    Returns:
        Gives the Content-Security-Policy of an address: the page loads from the service alone, and
        all else loads nothing.
    """
    page = get_swagger_ui_html(
        # Relative, so that the page also works where a web server in front adds to the path.
        openapi_url="openapi.json",
        title=app.title,
        swagger_js_url=f"docs/{_FILES[0]}",
        swagger_css_url=f"docs/{_FILES[1]}",
        swagger_favicon_url=f"docs/{_FILES[2]}",
        swagger_ui_parameters={"validatorUrl": None},
    )
    text = bytes(page.body).decode()

    @app.get("/", include_in_schema=False)
    def first() -> RedirectResponse:
        return RedirectResponse("docs")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(text)

    for name in _FILES:
        _add_file(app, name)
    digests = (sha256(script.encode()).digest() for script in _INLINE.findall(text))
    scripts = "".join(f" 'sha256-{base64.b64encode(each).decode()}'" for each in digests)
    policy = (
        f"default-src 'none'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
    )
    return lambda path: policy if path == "/docs" else _NOTHING


def leave_out_other_faults(app: FastAPI) -> None:
    """Let an app's OpenAPI description tell of no faults in FastAPI's own form, which it never has.

    FastAPI tells of them wherever an address has a variable part.
    """
    own = app.openapi

    def described() -> dict[str, Any]:
        told = own()
        for operations in told["paths"].values():
            for operation in operations.values():
                if _FASTAPIS[0] in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]
        for name in _FASTAPIS:
            told["components"]["schemas"].pop(name, None)
        return told

    app.openapi = described  # type: ignore[method-assign]


def _add_file(app: FastAPI, name: str) -> None:
    @app.get(f"/docs/{name}", include_in_schema=False)
    def file() -> FileResponse:
        return FileResponse(_FOLDER / name)

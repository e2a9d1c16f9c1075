"""A server on which people sign in gives nothing to who has not, and nothing of one to another."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.errors import StreamlitAuthError
from streamlit.testing.v1 import AppTest

from engine.runs import Run
from tests.browser.conftest import App, running_app
from tests.conftest import ROOT
from tests.hostile import visitor
from tests.hostile.visitor import answer, cookie, media, page, status

SECRETS = f"""[auth]
redirect_uri = "http://localhost/oauth2callback"
cookie_secret = "{visitor.SECRET}"
client_id = "polygin"
client_secret = "not to be told"
server_metadata_url = "http://127.0.0.1:9/openid-configuration"
"""
ANNA, BEN = {"sub": "1", "email": "anna@example.com"}, {"sub": "2", "email": "ben@example.com"}


@pytest.fixture(scope="module")
def app(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The server, in a workspace with a finished run."""
    secrets = tmp_path_factory.mktemp("secrets") / "secrets.toml"
    secrets.write_text(SECRETS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STREAMLIT_SECRETS_FILES", str(secrets))
        with running_app("app.py", trained_home) as started:
            yield started


def test_a_deep_link_shows_nothing_before_the_sign_in(app: App, trained: Run) -> None:
    old = _aged(app.port, days=40)
    forged = cookie(app.port, secret="another", **ANNA)
    signed_out = cookie(app.port, **ANNA, is_logged_in=False)
    elsewhere = cookie(app.port + 1, **ANNA)
    for name, query in (
        ("predict", "smiles=*CC*"),
        ("monitor", f"run={trained.id}"),
        ("errors", ""),
    ):
        for signed in ("", old, forged, signed_out, elsewhere):
            with page(app.port, name, query, signed) as (drawn, _):
                assert b"Sign in" in drawn
                for told in (trained.name, trained.id, "Repeat unit", "textbook-slice"):
                    assert told.encode() not in drawn.replace(query.encode(), b"")
    with page(app.port, "monitor", f"run={trained.id}", cookie(app.port, **ANNA)) as (drawn, _):
        assert b"Sign in" not in drawn
        assert trained.name.encode() in drawn


def test_a_download_opens_for_whose_page_offers_it_alone(app: App, trained: Run) -> None:
    signed = cookie(app.port, **ANNA)
    with page(app.port, "errors", f"run={trained.id}", signed) as (drawn, _):
        address = media(drawn)[0]
        assert answer(app.port, address, Cookie=signed)[2].startswith(b"row,")
        # Anna again, on another day or in another browser.
        assert status(app.port, address, Cookie=cookie(app.port, **ANNA, iat=time.time())) == 200
        for other in ("", cookie(app.port, **BEN), cookie(app.port, secret="another", **ANNA)):
            code, _, body = answer(app.port, address, Cookie=other)
            assert code == 403
            assert b"row,smiles" not in body
        assert status(app.port, address, Cookie=_aged(app.port, days=40)) == 403


def test_nothing_is_uploaded_into_the_page_of_another(app: App) -> None:
    signed = cookie(app.port, **ANNA)
    with page(app.port, "train", "", signed) as (_, session):
        address = f"/_stcore/upload_file/{session}/file"
        for other in ("", cookie(app.port, **BEN)):
            for method in ("PUT", "DELETE"):
                assert status(app.port, address, method, Cookie=other) == 403
        assert b"not yours" in answer(app.port, address, "PUT", Cookie=cookie(app.port, **BEN))[2]
        # Anna comes as far as Streamlit's own check against forged requests.
        assert b"XSRF" in answer(app.port, address, "PUT", Cookie=signed)[2]


def test_a_session_is_not_taken_over_by_its_name(app: App, trained: Run) -> None:
    with page(app.port, "monitor", f"run={trained.id}", cookie(app.port, **ANNA)) as (_, known):
        pass
    for thief in ("", cookie(app.port, **BEN)):
        with page(app.port, "monitor", "", thief, resumed=known) as (_, session):
            assert session != known


def test_components_and_media_are_closed_to_who_has_not_signed_in(app: App) -> None:
    for address in (
        "/component/pages.parts.components.live_chart/index.html",
        f"/media/{'0' * 56}.csv",
        "/_stcore/upload_file/a/b",
        "/_stcore/bidi-components/x/y.js",
        "/_stcore/agent/openapi.json",
    ):
        assert status(app.port, address) == 403


def test_a_provider_that_does_not_answer_leads_back_with_a_word(app: App) -> None:
    for address in ("/auth/login?provider=", "/oauth2callback?state=x&code=y"):
        code, headers, body = answer(app.port, address)
        assert code == 303
        assert headers["location"] == "/?sign-in=failed"
        assert b"Traceback" not in body
    with page(app.port, "", "sign-in=failed") as (drawn, _):
        assert b"did not answer" in drawn
        assert b"Try again" in drawn


def test_what_is_wrong_with_the_sign_in_is_said_without_a_trace(monkeypatch) -> None:
    def fail() -> None:
        raise StreamlitAuthError("client_secret = not to be told")

    monkeypatch.setattr(st, "login", fail)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.secrets["auth"] = {"client_secret": "not to be told"}
    app.run().button[0].click().run()
    assert not app.exception
    assert "Signing in is not set up completely" in app.error[0].value
    assert "not to be told" not in app.error[0].value
    assert [button.label for button in app.button] == ["Try again"]


def test_secrets_that_cannot_be_read_keep_the_door_closed(tmp_path, monkeypatch) -> None:
    broken = tmp_path / "secrets.toml"
    broken.write_text("[auth")
    monkeypatch.setenv("STREAMLIT_SECRETS_FILES", str(broken))
    with running_app("app.py", tmp_path / "home") as app:
        with page(app.port, "predict", "smiles=*CC*") as (drawn, _):
            assert b"Sign in" in drawn
            assert b"Repeat unit" not in drawn
        assert status(app.port, f"/media/{'0' * 56}.csv") == 403


def _aged(port: int, days: int) -> str:
    """A cookie that the server itself signed so many days ago."""
    with pytest.MonkeyPatch.context() as patch:
        now = time.time()
        patch.setattr(time, "time", lambda: now - days * 86_400)
        return cookie(port, **ANNA)

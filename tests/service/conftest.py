"""A service that answers in this process, with the shipped model."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from engine.base.limits import Limits
from engine.service.app import make_app
from engine.service.jobs import Jobs
from engine.service.settings import ServiceSettings

TOKEN = "a token for tests only"
LIMITS = Limits(units_per_call=8, jobs_waiting=3, upload_mb=1)


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Asks a service that runs as long as the tests do, with its token."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(tmp_path_factory.mktemp("service")))
        settings = ServiceSettings(token=TOKEN, limits=LIMITS, call_bytes=100_000)
        asking = TestClient(
            make_app(settings, Jobs(LIMITS)),
            raise_server_exceptions=False,
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        asking.__enter__()
        # Its process is started here: one of a test's own workspace would end with that test.
        assert asking.post("/predict", json={"repeat_units": "*CC*"}).status_code == 200
    yield asking
    asking.__exit__()

"""Whatever is sent to the service, it answers or says in a sentence why not."""

import random
from collections import Counter

import pytest
from starlette.testclient import TestClient

from bench.hostile.requests import make_request

_FEW, _MANY = 400, 5000


def _statuses(client: TestClient, count: int, seed: str) -> Counter[int]:
    statuses: Counter[int] = Counter()
    for number in range(count):
        method, path, arguments = make_request(random.Random(f"{seed} {number}"))
        reply = client.request(method, path, **arguments)
        assert reply.status_code < 500 or reply.status_code == 503, (
            number,
            method,
            path,
            arguments,
        )
        assert "Traceback" not in reply.text
        if reply.status_code >= 400 and method != "HEAD":
            assert reply.json()["detail"], (number, method, path)
        statuses[reply.status_code] += 1
    return statuses


def test_a_hostile_request_is_answered_or_refused(client: TestClient) -> None:
    statuses = _statuses(client, _FEW, "few")
    assert {200, 404, 405, 422} <= statuses.keys()


@pytest.mark.slow
def test_thousands_of_hostile_requests_are_answered_or_refused(client: TestClient) -> None:
    statuses = _statuses(client, _MANY, "many")
    assert statuses.total() == _MANY

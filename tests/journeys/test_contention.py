"""Many writers on one person."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.journeys.serving import Client, Server
from tests.journeys.writing import PATCH_SCHEMA, check_whole

WRITERS = 8
ROUNDS = 25


def test_writers_on_one_person_wait_for_each_other(server: Server, key: str) -> None:
    """Of 8 clients that change one person at the same time, all but a few in a hundred succeed at once, the others
    are asked to come back, and every success is in the history.
    """
    with Client(server.address, key) as client:
        status, user = client.request("POST", "/Users", {"userName": "ada@example.com"})
        assert status == 201
    barrier = threading.Barrier(WRITERS)

    def write(writer: int) -> Counter[int]:
        statuses: Counter[int] = Counter()
        with Client(server.address, key) as client:
            barrier.wait()
            for number in range(ROUNDS):
                operations = [{"op": "replace", "path": "title", "value": f"{writer}-{number}"}]
                body = {"schemas": [PATCH_SCHEMA], "Operations": operations}
                statuses[client.request("PATCH", f"/Users/{user['id']}", body)[0]] += 1
        return statuses

    with ThreadPoolExecutor(WRITERS) as pool:
        statuses = sum(pool.map(write, range(WRITERS)), Counter[int]())
    assert statuses.keys() <= {200, 503}
    assert statuses[200] >= 0.9 * WRITERS * ROUNDS, statuses
    assert check_whole(server.database) == statuses[200] + 1

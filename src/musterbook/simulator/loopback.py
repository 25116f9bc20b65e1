"""*An application on loopback.* Decides how a provider that browsers and servers come to is started and stopped.

Knows ASGI and uvicorn; knows no provider. The application runs in a thread of its own, so that it stands beside a test,
a demo or a server without sharing their event loop.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"


@contextmanager
def listening() -> Iterator[tuple[socket.socket, str]]:
    """Yield a socket that listens on a free port of loopback, and its origin such as ``http://127.0.0.1:8123``."""
    with socket.create_server((HOST, 0)) as listener:
        yield listener, f"http://{HOST}:{listener.getsockname()[1]}"


@contextmanager
def running(app: ASGIApp, listener: socket.socket) -> Iterator[None]:
    """Serve an application on a socket that listens already; who connects from now on is answered."""
    config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()

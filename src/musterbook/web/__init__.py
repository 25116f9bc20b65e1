"""*HTTP*: takes requests from sockets to the rooms and answers back.

Translates and holds no rule: what SCIM means is decided in ``scim``, what may be done in ``directory``, who is asking
in ``identity``. Knows no SQL. ``/scim`` is a plain ASGI application, everything else is Starlette's.
"""

from musterbook.web.application import Application
from musterbook.web.log import console_log, json_log, standard_log
from musterbook.web.metrics import Metrics
from musterbook.web.observer import Observer
from musterbook.web.server import ServerFailedError, bind, serve, serve_with_workers, serving, url_of
from musterbook.web.services import NotReadyError, Services, ServicesOpener

__all__ = [
    "Application",
    "Metrics",
    "NotReadyError",
    "Observer",
    "ServerFailedError",
    "Services",
    "ServicesOpener",
    "bind",
    "console_log",
    "json_log",
    "serve",
    "serve_with_workers",
    "serving",
    "standard_log",
    "url_of",
]

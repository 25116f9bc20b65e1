"""*Mail by SMTP* (RFC 5321). Decides how a letter is handed to the operator's mail server.

Knows the protocol by its library; knows no account. A letter holds a link that opens an account, so it leaves this
machine over TLS alone: from the first byte (``smtps``), or before anything is said (STARTTLS, RFC 3207), and a server
that cannot do that is sent nothing. Only a mail server on this very machine may be spoken to in the clear.
"""

from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

import aiosmtplib

from musterbook.identity.mail import Letter, MailError

TIMEOUT_SECONDS = 10
_PORTS = {"smtp": 587, "smtps": 465}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server, and as whom it is spoken to."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    begins_with_tls: bool = False


class SmtpMail:
    """The port :class:`musterbook.identity.mail.Mail`."""

    def __init__(self, server: SmtpServer, sender: str) -> None:
        """Send by ``server``, as ``sender``."""
        self._server = server
        self._sender = sender

    @property
    def is_carried(self) -> bool:
        """Whether letters reach anybody."""
        return True

    async def send(self, letter: Letter) -> None:
        """Hand a letter to the mail server.

        Raises:
            MailError: it was not taken.
        """
        server = self._server
        try:
            await aiosmtplib.send(
                _message(letter, self._sender),
                hostname=server.host,
                port=server.port,
                username=server.user,
                password=server.password,
                use_tls=server.begins_with_tls,
                start_tls=None if server.begins_with_tls else server.host not in _LOOPBACK,
                timeout=TIMEOUT_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # The server's words may quote the letter; the kind of the failure is enough to look for it there.
            raise MailError(
                f"The mail server {server.host} did not take the letter: {type(error).__name__}."
            ) from error


def read_smtp_url(url: str) -> SmtpServer:
    """Return the server of an address such as ``smtp://user:password@mail.example.com:587``.

    Raises:
        ValueError: it is no such address.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("the address of a mail server looks like smtp://user:password@mail.example.com:587")
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        begins_with_tls=parts.scheme == "smtps",
    )


def _message(letter: Letter, sender: str) -> EmailMessage:
    # The library refuses a line break in a header, so no address can add one (RFC 5322 §2.2).
    message = EmailMessage()
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    # What a program has sent is answered by no other program (RFC 3834 §5).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message

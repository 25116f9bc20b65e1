"""How letters are carried."""

import email
import email.policy

import pytest

from musterbook.identity.mail import Letter, MailError, NoMail, PrintedMail
from musterbook.identity.smtp import SmtpMail, SmtpServer, read_smtp_url
from tests.identity.letterbox import open_letterbox

LETTER = Letter("ada@example.com", "Your account at Zoë's", "Follow https://directory.example/setup/canary-token\n")


async def test_a_letter_is_handed_to_the_mail_server() -> None:
    """The letter arrives with sender, addressee, subject and text, and says that no person has written it."""
    async with open_letterbox() as box:
        await SmtpMail(SmtpServer("127.0.0.1", box.port), "directory@example.com").send(LETTER)
    (text,) = box.letters
    message = email.message_from_string(text.removesuffix(".\r\n"), policy=email.policy.default)
    headers = {name: message[name] for name in ("From", "To", "Subject", "Auto-Submitted")}
    assert headers == {
        "From": "directory@example.com",
        "To": "ada@example.com",
        "Subject": "Your account at Zoë's",
        "Auto-Submitted": "auto-generated",
    }
    assert message.get_content().replace("\r\n", "\n").strip() == LETTER.text.strip()
    assert message["Message-ID"].endswith("@example.com>")


async def test_nothing_is_said_in_the_clear_to_another_machine() -> None:
    """A server that cannot do STARTTLS, and is not this machine by name, is told neither letter nor addressee."""
    async with open_letterbox("127.0.0.2") as box:
        with pytest.raises(MailError, match=r"The mail server 127\.0\.0\.2 did not take the letter"):
            await SmtpMail(SmtpServer("127.0.0.2", box.port, "user", "canary-Pa55word"), "d@example.com").send(LETTER)
    assert box.letters == []
    assert [command for command in box.commands if not command.startswith(("EHLO", "HELO", "QUIT"))] == []


async def test_a_server_that_refuses_is_named_without_its_words() -> None:
    """A refusal is told by the server's name and the kind of failure, never by words that may quote the letter."""
    async with open_letterbox() as box:
        box.refuses = True
        with pytest.raises(MailError) as caught:
            await SmtpMail(SmtpServer("127.0.0.1", box.port), "d@example.com").send(LETTER)
    assert str(caught.value) == "The mail server 127.0.0.1 did not take the letter: SMTPRecipientsRefused."


async def test_a_server_that_is_away_is_named() -> None:
    """Where nobody listens, the letter is not taken."""
    async with open_letterbox() as box:
        port = box.port
    with pytest.raises(MailError, match="did not take the letter"):
        await SmtpMail(SmtpServer("127.0.0.1", port), "d@example.com").send(LETTER)


@pytest.mark.parametrize("address", ["ada@example.com\r\nBcc: eve@example.com", "ada@example.com\nX: y"])
async def test_an_address_adds_no_header(address: str) -> None:
    """An address with a line break is refused, and nothing is sent."""
    async with open_letterbox() as box:
        with pytest.raises(MailError):
            await SmtpMail(SmtpServer("127.0.0.1", box.port), "d@example.com").send(Letter(address, "Hello", "Hello"))
    assert box.letters == []


async def test_a_developer_sees_the_letter() -> None:
    """Without a mail server a letter can be printed, link included, or is refused; never is it lost in silence."""
    printed: list[str] = []
    mail = PrintedMail(printed.append)
    await mail.send(LETTER)
    assert (mail.is_carried, NoMail().is_carried) == (True, False)
    assert "https://directory.example/setup/canary-token" in printed[0]
    with pytest.raises(MailError, match="smtp_url"):
        await NoMail().send(LETTER)
    assert "canary" not in repr(LETTER)


@pytest.mark.parametrize(
    "url, server",
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 587)),
        ("smtps://mail.example.com", SmtpServer("mail.example.com", 465, begins_with_tls=True)),
        (
            "smtp://ada%40example.com:a%2Fb@mail.example.com:25/",
            SmtpServer("mail.example.com", 25, "ada@example.com", "a/b"),
        ),
        ("smtp://[::1]:2525", SmtpServer("::1", 2525)),
    ],
)
def test_the_address_of_a_mail_server(url: str, server: SmtpServer) -> None:
    """Scheme, user, password, host and port are read; the port is that of the scheme where none is named."""
    assert read_smtp_url(url) == server


@pytest.mark.parametrize(
    "url", ["", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://a/b", "smtp://a:x", "smtp://a?b"]
)
def test_what_is_no_address_of_a_mail_server(url: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match=r"mail server|[Pp]ort"):
        read_smtp_url(url)

"""How mail leaves: over SMTP as the settings say, into an outbox one can open, or not at all."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from activities.mail import Mailer, MailRefused, MailUnavailable, NoMailer, OutboxMailer, SmtpMailer
from runtime.settings import Tls
from tests.activities.post_office import HOST, PostOffice, knows

ANN = "ann@customer.example"


def mail(to: str = ANN, message_id: str = "<1@example.com>", **headers: str) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "aftercare <service@example.com>"
    message["To"] = to
    message["Message-ID"] = message_id
    message["Subject"] = "响应已逾期"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("正文\n")
    message.add_alternative("<p>正文</p>", subtype="html")
    return message


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's TLS context for 127.0.0.1, with a certificate that this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post.example")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "post.pem"
    pem.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def plain(office: PostOffice) -> SmtpMailer:
    return SmtpMailer(HOST, office.port, tls=Tls.NONE, timeout=5)


async def test_the_servers_answer_is_returned_with_its_code(office: PostOffice):
    await office.open()
    assert await plain(office).send(mail()) == "250 taken as 1"
    assert [to for to, _ in office.received] == [ANN]


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
async def test_credentials_are_given_over_tls(office: PostOffice, certificate: ssl.SSLContext, tls: Tls):
    seen: list[str] = []
    office.options = {"authenticator": knows("aftercare", "secret", seen)}
    if tls is Tls.IMPLICIT:
        office.implicit_tls = certificate
        office.options["auth_require_tls"] = False  # aiosmtpd counts only STARTTLS as TLS
    else:
        office.options["tls_context"] = certificate
    await office.open()
    await SmtpMailer(HOST, office.port, "aftercare", "secret", tls, timeout=5).send(mail())
    assert seen == ["aftercare"]
    assert len(office.to(ANN)) == 1


async def test_wrong_credentials_are_ours_to_put_right_and_lose_no_mail(
    office: PostOffice, certificate: ssl.SSLContext
):
    office.options = {"authenticator": knows("aftercare", "secret"), "tls_context": certificate}
    await office.open()
    with pytest.raises(MailUnavailable) as trouble:
        await SmtpMailer(HOST, office.port, "aftercare", "wrong", Tls.STARTTLS, timeout=5).send(mail())
    assert (trouble.value.code, trouble.value.at_all) == (535, True)


async def test_starttls_does_not_fall_back_to_sending_in_the_clear(office: PostOffice):
    await office.open()
    with pytest.raises(MailUnavailable):
        await SmtpMailer(HOST, office.port, tls=Tls.STARTTLS, timeout=5).send(mail())
    assert office.received == []


async def test_a_certificate_nobody_vouches_for_is_not_trusted(
    office: PostOffice, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("SSL_CERT_FILE")
    office.options = {"tls_context": certificate}
    await office.open()
    with pytest.raises(MailUnavailable):
        await SmtpMailer(HOST, office.port, tls=Tls.STARTTLS, timeout=5).send(mail())
    assert office.received == []


async def test_no_server_is_unavailable_to_every_mail(office: PostOffice):
    with pytest.raises(MailUnavailable) as trouble:
        await plain(office).send(mail())
    assert trouble.value.at_all


@asynccontextmanager
async def a_server(greeting: bytes, reads: int) -> AsyncIterator[SmtpMailer]:
    """A mailer to a server that greets so, reads that many bytes (-1: to the end) and hangs up."""
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read(reads)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        gone.set()

    async with await asyncio.start_server(serve, HOST, 0) as server:
        yield SmtpMailer(HOST, server.sockets[0].getsockname()[1], tls=Tls.NONE, timeout=0.5)
        await gone.wait()


async def test_a_server_that_does_not_answer_in_time_is_unavailable_to_every_mail():
    async with a_server(b"", reads=-1) as mailer:
        with pytest.raises(MailUnavailable) as trouble:
            await mailer.send(mail())
    assert trouble.value.at_all


async def test_a_server_that_goes_away_has_not_taken_the_mail():
    async with a_server(b"220 post.example\r\n", reads=1) as mailer:
        with pytest.raises(MailUnavailable):
            await mailer.send(mail())


async def test_a_server_that_greets_with_a_refusal_takes_no_mail_now():
    async with a_server(b"421 closing for tonight\r\n", reads=-1) as mailer:
        with pytest.raises(MailUnavailable) as trouble:
            await mailer.send(mail())
    assert (trouble.value.code, trouble.value.at_all) == (421, True)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("550 5.1.1 no such user", MailRefused),
        ("552 mailbox full", MailRefused),
        ("450 try again", MailUnavailable),
        ("451 greylisted", MailUnavailable),
        ("530 authentication required", MailUnavailable),
    ],
)
async def test_a_refusal_is_final_by_its_code(office: PostOffice, answer: str, error: type[Exception]):
    office.refusals[ANN] = answer
    await office.open()
    with pytest.raises(error) as refusal:
        await plain(office).send(mail())
    assert cast(MailRefused | MailUnavailable, refusal.value).code == int(answer[:3])
    assert ANN not in str(refusal.value)
    assert refusal.value.__cause__ is None


async def test_an_address_beyond_ascii_goes_to_a_server_that_takes_it(office: PostOffice):
    await office.open()
    await plain(office).send(mail(to="王芳@customer.example"))
    assert [to for to, _ in office.received] == ["王芳@customer.example"]


async def test_an_outbox_file_opens_as_a_mail_with_both_parts(tmp_path: Path):
    answer = await OutboxMailer(tmp_path / "outbox").send(mail())
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.suffix == ".eml"
    assert file.name in answer
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["Subject"] == "响应已逾期"
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        assert "正文" in body.get_content()


async def test_outbox_names_sort_by_time_and_say_what_they_are_about(tmp_path: Path):
    outbox = OutboxMailer(tmp_path)
    about = {"Aftercare_Agreement": "ACME-1", "Aftercare_Request": "R_1"}
    later, earlier = "2026-03-02T10:00:00+08:00", "2026-03-02T01:00:00+00:00"
    await outbox.send(mail(message_id="<2@example.com>", Aftercare_At=later, **about))
    await outbox.send(mail(message_id="<1@example.com>", Aftercare_At=earlier, **about))
    names = sorted(file.name for file in tmp_path.iterdir())
    assert [name.rsplit(".", 2)[0] for name in names] == [
        "20260302T010000Z.ACME-1.R_1",
        "20260302T020000Z.ACME-1.R_1",
    ]


async def test_the_same_message_takes_its_own_file_again(tmp_path: Path):
    outbox = OutboxMailer(tmp_path)
    for at in ("2026-03-02T01:00:00+00:00", "2026-03-02T02:00:00+00:00"):
        await outbox.send(mail(Aftercare_At=at))
    await outbox.send(mail(message_id="<2@example.com>"))
    assert len(list(tmp_path.iterdir())) == 2


async def test_an_outbox_that_cannot_be_written_is_unavailable(tmp_path: Path):
    (tmp_path / "outbox").write_text("a file where the folder should be")
    with pytest.raises(MailUnavailable):
        await OutboxMailer(tmp_path / "outbox").send(mail())


async def test_with_mail_off_nothing_is_sent_and_that_is_said():
    mailer: Mailer = NoMailer()
    assert "off" in await mailer.send(mail())

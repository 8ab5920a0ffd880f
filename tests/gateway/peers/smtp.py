"""A mail server for tests: aiosmtpd, which writes what it gets as lines of JSON.

The first line it writes has its port; it ends when its standard input does. Who a mail is for says what becomes of it:
refused@… never gets one, busyN@… not the first N times, and all others do.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def say(**what):
    print(json.dumps(what), flush=True)


class Mailboxes:
    def __init__(self):
        self.tries = {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        self.tries[address] = self.tries.get(address, 0) + 1
        if name.startswith("refused"):
            return f"550 5.1.1 nobody here is {address}"
        if name.startswith("busy") and self.tries[address] <= int(name.removeprefix("busy")):
            return f"450 4.2.1 {address} is busy"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say(
            to=envelope.rcpt_tos,
            subject=mail["subject"],
            text=mail.get_content(),
            headers={name: str(value) for name, value in mail.items()},
            names=[name for name, _ in mail.items()],
            encrypted=session.ssl is not None or settings.get("tls") == "tls",
            connection=id(session) % 1_000_000_007,
            account=session.auth_data,
        )
        return "250 OK"


class Server(SMTP):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if settings.get("tls") == "tls":
            # Encrypted from the start: as good as STARTTLS for an account.
            self._auth_require_tls = False


def authenticator(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and data.password.decode() == settings["password"]
    if right and data.login.decode() == settings["user"]:
        return AuthResult(success=True, auth_data=settings["user"])
    return AuthResult(success=False, handled=False)


async def main():
    loop = asyncio.get_running_loop()
    context = None
    if "tls" in settings:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(settings["certificate"], settings["key"])
    starttls = settings.get("tls") == "starttls"
    mailboxes = Mailboxes()

    def connection():
        return Server(
            mailboxes,
            hostname="mail.test",
            loop=loop,
            tls_context=context if starttls else None,
            require_starttls=starttls,
            auth_required="user" in settings,
            authenticator=authenticator if "user" in settings else None,
        )

    at_once = context if settings.get("tls") == "tls" else None
    port = settings.get("port", 0)
    server = await loop.create_server(connection, "127.0.0.1", port, ssl=at_once)
    say(port=server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)


settings = json.loads(sys.argv[1])
asyncio.run(main())

"""A mail server of aiosmtpd for one story: it says its port, keeps what comes in a folder, and ends
with its standard input.

    smtp.py MODE CERTIFICATE KEY FOLDER     MODE: take, refuse, busy (once), hang, tls

It lets in whoever knows the password in $TAKAZA_TEST_SMTP_PASSWORD, and takes no word without TLS.
"""

import asyncio
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

MODE, CERTIFICATE, KEY, FOLDER = sys.argv[1:]


class Handler:
    asked = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        Handler.asked += 1
        if MODE == "refuse":
            return "550 5.1.1 nobody of that name"
        if MODE == "busy" and Handler.asked == 1:
            return "451 4.3.0 later, please"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = f"{len(os.listdir(FOLDER))}.eml"
        with open(os.path.join(FOLDER, name), "wb") as file:
            file.write(envelope.content)
        if MODE == "hang":
            await asyncio.sleep(3600)
        return "250 OK taken"


def authenticate(server, session, envelope, mechanism, data):
    good = os.environ["TAKAZA_TEST_SMTP_PASSWORD"].encode()
    return AuthResult(success=data.login == b"takaza" and data.password == good)


async def main():
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE, KEY)
    first = tls if MODE == "tls" else None

    def serve():
        return SMTP(
            Handler(),
            hostname="mail.example",
            tls_context=None if first else tls,
            require_starttls=first is None,
            authenticator=authenticate,
            auth_required=True,
            auth_require_tls=first is None,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(serve, "127.0.0.1", 0, ssl=first)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())

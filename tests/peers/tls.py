"""TLS before a plain server on this machine: tls.py PORT CERTIFICATE KEY PLAIN_PORT."""

import asyncio
import ssl
import sys


async def pour(source, sink):
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.close()


async def main(port, certificate, key, plain):
    async def meet(reader, writer):
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", plain)
        await asyncio.gather(pour(reader, behind_writer), pour(behind_reader, writer))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(meet, "127.0.0.1", port, ssl=context)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))

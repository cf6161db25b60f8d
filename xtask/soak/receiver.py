"""A receiver of callbacks that behaves as the path says: `receiver.py <file> <port or 0> <hosts> <secret> ...`.

Every request is verified with the library that Standard Webhooks publishes, with each of the secrets, and written to the
file as one line of JSON before it is answered. The hosts are separated by commas. The last part of a path is what it does:

    ok           204
    fail-<n>     503 to the first n requests of a task, then 204
    gone         410
    redirect     302, to `landed`
    landed       204
    wait-<s>     503 with `Retry-After: <s>` to the first request of a task, then 204
    nap-<ms>     204, so much later
    hang         takes the request and never answers
    reset        breaks the connection off
    drip-head    a head that never ends
    drip-body    200, and a body that never ends, a byte at a time
    huge         200, and a body that never ends, as fast as it is taken
    nonsense     what is no HTTP
"""

import asyncio
import hashlib
import json
import signal
import socket
import struct
import sys
import time
from collections import Counter
from datetime import datetime

from standardwebhooks import Webhook, WebhookVerificationError

EMPTY = b"HTTP/1.1 %s\r\ncontent-length: 0\r\nconnection: close\r\n%s\r\n"
FOREVER = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\nconnection: close\r\n\r\n"


def verified(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


def lag(body):
    """Seconds since the task ended, as the callback has it."""
    try:
        return time.time() - datetime.fromisoformat(json.loads(body)["finished_at"]).timestamp()
    except (ValueError, KeyError):
        return None


def age(headers):
    """Seconds since the callback was signed, as its head has it."""
    try:
        return time.time() - int(headers["webhook-timestamp"])
    except (ValueError, KeyError):
        return None


class Receiver:
    def __init__(self, log, secrets):
        self.log, self.secrets = log, secrets
        self.requests, self.under_way = Counter(), Counter()

    async def connected(self, reader, writer):
        host = writer.get_extra_info("sockname")[0]
        try:
            request, headers, body = await self.read(reader)
            self.under_way[host] += 1
            try:
                self.note(host, request, headers, body)
                await self.answer(request.split()[1], headers.get("webhook-id", ""), reader, writer)
            finally:
                self.under_way[host] -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # The sender went away: it was killed, or has waited for long enough.
        finally:
            writer.close()

    async def read(self, reader):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        request, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        return request, headers, await reader.readexactly(int(headers.get("content-length", 0)))

    def note(self, host, request, headers, body):
        method, path, _ = request.split()
        arrival = {
            "at": time.monotonic(),
            "lag": lag(body),
            "host": host,
            "method": method,
            "path": path,
            "id": headers.get("webhook-id", ""),
            "timestamp": headers.get("webhook-timestamp", ""),
            "body": hashlib.sha256(body).hexdigest(),
            "verified": [verified(secret, body, headers) for secret in self.secrets],
            # After it: if the clock was set before they were verified, this shows it.
            "age": age(headers),
            "under_way": self.under_way[host],
            "all_under_way": self.under_way.total(),
        }
        self.log.write(json.dumps(arrival) + "\n")
        self.log.flush()

    async def answer(self, path, task, reader, writer):
        does, _, much = path.rsplit("/", 1)[-1].partition("-")
        self.requests[path, task] += 1
        is_first = self.requests[path, task] == 1
        if does in ("ok", "landed"):
            writer.write(EMPTY % (b"204 No Content", b""))
        elif does == "fail" and self.requests[path, task] <= int(much):
            writer.write(EMPTY % (b"503 Service Unavailable", b""))
        elif does == "gone":
            writer.write(EMPTY % (b"410 Gone", b""))
        elif does == "redirect":
            writer.write(EMPTY % (b"302 Found", b"location: landed\r\n"))
        elif does == "wait" and is_first:
            writer.write(EMPTY % (b"503 Service Unavailable", b"retry-after: %s\r\n" % much.encode()))
        elif does == "nap":
            await asyncio.sleep(int(much) / 1000)
            writer.write(EMPTY % (b"204 No Content", b""))
        elif does == "hang":
            await reader.read()
        elif does == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif does == "drip" and much == "head":
            await self.drip(writer, b"HTTP/1.1 200 OK\r\nx-endless: ", 1, 0.05)
        elif does == "drip":
            await self.drip(writer, FOREVER, 1, 0.05)
        elif does == "huge":
            await self.drip(writer, FOREVER, 1 << 16, 0)
        elif does == "nonsense":
            writer.write(b"220 mail.example.com ESMTP\r\n")
        else:
            writer.write(EMPTY % (b"204 No Content", b""))
        await writer.drain()

    async def drip(self, writer, head, size, pause):
        writer.write(head)
        while True:
            writer.write(b"x" * size)
            await writer.drain()
            await asyncio.sleep(pause)


async def main(file, port, hosts, *secrets):
    with open(file, "w", encoding="utf-8") as log:
        receiver = Receiver(log, secrets)
        servers, port = [], int(port)
        for host in hosts.split(","):
            servers.append(await asyncio.start_server(receiver.connected, host, port, backlog=1024))
            port = servers[0].sockets[0].getsockname()[1]
        print(f"listening on http://127.0.0.1:{port}", flush=True)
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        await ended.wait()


asyncio.run(main(*sys.argv[1:]))

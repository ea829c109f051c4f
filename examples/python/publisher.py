"""A publisher for every path: Weighbridge hands it each request when it is due, it publishes, and says what came of it."""

import asyncio
import os
import sys

import engine

TRANSPORT = os.environ["WEIGHBRIDGE_TRANSPORT"]


def tell(word: str, sequence: str, more: str = "") -> None:
    sys.stdout.write(f"{word} {sequence} {' '.join(more.split())}".rstrip() + "\n")
    sys.stdout.flush()


async def connect():
    """What publishes one request on this path, and returns its answer where the path has one."""
    if TRANSPORT.startswith("redis"):
        import redis.asyncio

        client = redis.asyncio.from_url(os.environ["REDIS_URL"], **engine.redis_options())
        if TRANSPORT == "redis-pubsub":
            return client.publish

        async def add(subject, body):
            await client.xadd(engine.REQUESTS, {"subject": subject, "data": body})

        return add
    import nats

    client = await nats.connect(**engine.nats_options())
    if TRANSPORT == "nats-jetstream":
        return client.jetstream().publish
    if TRANSPORT == "nats-request":

        async def request(subject, body):
            return (await client.request(subject, body, timeout=30)).data

        return request
    return client.publish


async def publish(send, line: bytes) -> None:
    number, subject, body = line.split(b" ", 2)
    sequence = number.decode()
    try:
        answer = await send(subject.decode(), body.rstrip(b"\n"))
    except Exception as error:
        return tell("unknown", sequence, repr(error))
    if TRANSPORT == "nats-request":
        tell("answered", sequence, answer.decode())
    else:
        tell("confirmed", sequence)


async def main():
    send = await connect()
    requests = asyncio.StreamReader(limit=1 << 24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    engine.ready()
    under_way = set()
    while line := await requests.readline():
        task = asyncio.create_task(publish(send, line))
        under_way.add(task)
        task.add_done_callback(under_way.discard)


if __name__ == "__main__":
    asyncio.run(main())

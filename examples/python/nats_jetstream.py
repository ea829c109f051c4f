"""A worker of nats-jetstream: the guide's JetStreamService at its durable consumer. Weighbridge has created the streams
and the consumer with the guide's settings; a worker binds to them."""

import asyncio

import nats
from nats.errors import TimeoutError

import engine


class JetStreamService:
    def __init__(self, nc):
        self.nc = nc
        self.js = nc.jetstream()

    async def publish_with_ack(self, subject: str, data: bytes):
        """Publish with acknowledgment"""
        ack = await self.js.publish(subject, data)
        return ack

    async def handle(self, msg):
        try:
            category, result = await engine.answer(msg.data)
        except Exception as error:
            engine.refused(msg.data, error)
            # It will never be a request: not to be delivered again.
            return await msg.term()
        # Only a request whose result is stored is done.
        await self.publish_with_ack(engine.result_subject(category), result)
        await msg.ack()

    async def take_requests(self, consumer):
        """Takes one request at a time: fetch(n) of nats-py waits until there are n, or until its time is over."""
        while True:
            try:
                [msg] = await consumer.fetch(1, timeout=5)
            except TimeoutError:
                continue
            try:
                await self.handle(msg)
            except Exception as error:
                # Not acknowledged: it comes again.
                print(f"a request was not answered: {error!r}", flush=True)


async def main():
    service = JetStreamService(await nats.connect(**engine.nats_options()))
    consumer = await service.js.pull_subscribe_bind(consumer=engine.GROUP, stream=engine.STREAM)
    takers = [asyncio.create_task(service.take_requests(consumer)) for _ in range(engine.CONCURRENCY)]
    engine.ready()
    await asyncio.gather(*takers)


if __name__ == "__main__":
    asyncio.run(main())

"""A worker of redis-streams: a consumer of the group that Weighbridge has created, as JetStream's durable consumer is."""

import asyncio
import os
import time

import redis.asyncio as redis

import engine

CONSUMER = f"worker-{engine.WORKER}"


class RedisStreamService:
    def __init__(self):
        self.redis = redis.from_url(os.environ["REDIS_URL"], **engine.redis_options())

    async def handle(self, entry_id: bytes, fields: dict):
        data = fields.get(b"data", b"")
        pipe = self.redis.pipeline(transaction=False)
        try:
            category, result = await engine.answer(data)
            pipe.xadd(engine.RESULTS, {"subject": engine.result_subject(category), "data": result})
        except Exception as error:
            engine.refused(data, error)
        # Behind the result: an entry that is not answered comes again. What is done is deleted, as a work queue does.
        pipe.xack(engine.REQUESTS, engine.GROUP, entry_id)
        pipe.xdel(engine.REQUESTS, entry_id)
        await pipe.execute()

    async def handle_all(self, entries):
        await asyncio.gather(*(self.handle(entry_id, fields) for entry_id, fields in entries if fields))

    async def read(self, start: str, block_ms=None):
        """Entries behind `start`: those that are new, or those that this consumer has and did not acknowledge."""
        read = await self.redis.xreadgroup(
            engine.GROUP, CONSUMER, {engine.REQUESTS: start}, count=engine.CONCURRENCY, block=block_ms
        )
        return read[0][1] if read else []

    async def reclaim(self):
        """Takes over what others have had for too long, until it was delivered often enough."""
        pending = await self.redis.xpending_range(
            engine.REQUESTS, engine.GROUP, "-", "+", engine.CONCURRENCY, idle=engine.ACK_WAIT_MS
        )
        late = [entry["message_id"] for entry in pending if entry["times_delivered"] < engine.MAX_DELIVER]
        if late:
            await self.handle_all(
                await self.redis.xclaim(engine.REQUESTS, engine.GROUP, CONSUMER, engine.ACK_WAIT_MS, late)
            )

    async def take_requests(self):
        # What an earlier life of this worker has left.
        while entries := await self.read("0"):
            await self.handle_all(entries)
        engine.ready()
        reclaimed = time.monotonic()
        while True:
            await self.handle_all(await self.read(">", block_ms=1000))
            if time.monotonic() - reclaimed > 1:
                await self.reclaim()
                reclaimed = time.monotonic()


if __name__ == "__main__":
    asyncio.run(RedisStreamService().take_requests())

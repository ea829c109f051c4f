"""A worker of redis-pubsub, as the engine's RedisService does it today: one subscription, results on a channel."""

import asyncio
import os

import redis.asyncio as redis

import engine


class RedisService:
    def __init__(self):
        self.redis = redis.from_url(os.environ["REDIS_URL"], **engine.redis_options())
        self.slots = engine.Slots()

    async def publish_priority_result(self, category: str, result_data: bytes):
        await self.redis.publish(engine.result_subject(category), result_data)

    async def handle(self, data: bytes):
        try:
            category, result = await engine.answer(data)
        except Exception as error:
            return engine.refused(data, error)
        await self.publish_priority_result(category, result)

    async def subscribe_priority_requests(self):
        async with self.redis.pubsub() as pubsub:
            await pubsub.psubscribe(engine.REQUESTS)
            async for message in pubsub.listen():
                if message["type"] == "psubscribe":
                    engine.ready()
                elif message["type"] == "pmessage":
                    await self.slots.take(self.handle(message["data"]))


if __name__ == "__main__":
    asyncio.run(RedisService().subscribe_priority_requests())

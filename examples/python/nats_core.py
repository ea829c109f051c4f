"""A worker of nats-core: the guide's NATSService, in a queue group and with a subject for each category."""

import asyncio

import nats

import engine


class NATSService:
    def __init__(self):
        self.nc = None
        self.slots = engine.Slots()

    async def connect(self):
        """Connect to NATS server"""
        self.nc = await nats.connect(**engine.nats_options())

    async def publish_priority_result(self, category: str, result_data: bytes):
        """Publish prioritization result"""
        await self.nc.publish(engine.result_subject(category), result_data)

    async def subscribe_priority_requests(self, callback):
        """Subscribe to prioritization requests"""
        await self.nc.subscribe(engine.REQUESTS, queue=engine.GROUP, cb=callback)
        # Only now the server has the subscription.
        await self.nc.flush()

    async def take(self, msg):
        await self.slots.take(self.handle(msg))

    async def handle(self, msg):
        try:
            category, result = await engine.answer(msg.data)
        except Exception as error:
            return engine.refused(msg.data, error)
        await self.publish_priority_result(category, result)


async def main():
    service = NATSService()
    await service.connect()
    await service.subscribe_priority_requests(service.take)
    engine.ready()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

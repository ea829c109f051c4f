"""A worker of nats-request: the guide's RequestReplyService, in a queue group."""

import asyncio
import json

import nats

import engine


class RequestReplyService:
    def __init__(self, nc):
        self.nc = nc
        self.slots = engine.Slots()

    async def handle_sync_requests(self):
        """Handle synchronous prioritization requests"""

        async def request_handler(msg):
            try:
                _, result = await engine.answer(msg.data)
                await msg.respond(result)
            except Exception as e:
                engine.refused(msg.data, e)
                error_response = {"error": str(e)}
                await msg.respond(json.dumps(error_response).encode())

        async def request_taken(msg):
            await self.slots.take(request_handler(msg))

        await self.nc.subscribe(engine.REQUESTS, queue=engine.GROUP, cb=request_taken)
        # Only now the server has the subscription.
        await self.nc.flush()


async def main():
    nc = await nats.connect(**engine.nats_options())
    await RequestReplyService(nc).handle_sync_requests()
    engine.ready()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

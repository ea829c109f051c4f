"""Hears everything that goes over a broker and writes down whose it is, a line each, as it comes:

connected    listening, from here on
lost         the connection broke
request ID   a request went by, with its correlation_id
result ID    a result went by
other TEXT   anything else with a body

Knows the integration guide and the brokers' public clients, and nothing of Weighbridge. Ends when it is killed.
"""

import asyncio
import json
import sys
import time


def tell(*words):
    print(*words, flush=True)


def hear(body):
    """Tells what a message is by the guide's fields."""
    try:
        message = json.loads(body)
    except ValueError:
        tell("other", body[:80])
        return
    if "request_id" in message:
        tell("result", message["correlation_id"])
    elif "requester_role" in message:
        tell("request", message["correlation_id"])
    else:
        tell("other", body[:80])


async def hear_nats(url):
    """Subscribes to all subjects."""
    import nats

    async def on_message(message):
        # Housekeeping of the server and its clients: acknowledgements, inboxes, and canaries, which are empty. What tries
        # the subjects before the load has a token of its own.
        tries = "seam" in message.subject.split(".")
        if message.data and not tries and not message.subject.startswith(("$", "_INBOX")):
            hear(message.data)

    async def listening():
        # The server has the subscription once it has answered what was sent after it.
        await client.flush()
        tell("connected")

    async def lost():
        tell("lost")

    async def untold(_error):
        pass

    client = await nats.connect(
        url,
        reconnect_time_wait=0.05,
        max_reconnect_attempts=-1,
        reconnected_cb=listening,
        disconnected_cb=lost,
        error_cb=untold,
    )
    await client.subscribe(">", cb=on_message)
    await listening()
    await asyncio.Event().wait()


def hear_redis(url):
    """Reads MONITOR: every command, as the server carries it out."""
    import redis

    while True:
        try:
            with redis.Redis.from_url(url, socket_timeout=None).monitor() as monitor:
                tell("connected")
                for command in monitor.listen():
                    text = command["command"]
                    body = text.find('{"')
                    if text.startswith(("PUBLISH ", "XADD ")) and body >= 0:
                        hear(text[body:])
        except (redis.ConnectionError, redis.TimeoutError):
            tell("lost")
            time.sleep(0.05)


def main():
    url = sys.argv[1]
    if url.startswith("nats"):
        asyncio.run(hear_nats(url))
    else:
        hear_redis(url)


main()

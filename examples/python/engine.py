"""What every worker here shares: where it works, and how a request becomes its result.

Weighbridge tells a worker where to work by variables of its environment; docs/OWN-SERVICE.md lists them.
"""

import asyncio
import json
import os
import ssl
import sys
import time
from datetime import datetime, timezone
from urllib.parse import unquote, urlsplit

TRANSPORT = os.environ["WEIGHBRIDGE_TRANSPORT"]
REQUESTS = os.environ.get("WEIGHBRIDGE_REQUESTS", "")
RESULTS = os.environ.get("WEIGHBRIDGE_RESULTS", "")
RESULT_SUBJECT = os.environ.get("WEIGHBRIDGE_RESULT_SUBJECT", "")
GROUP = os.environ.get("WEIGHBRIDGE_GROUP", "")
STREAM = os.environ.get("WEIGHBRIDGE_STREAM", "")
WORKER = os.environ.get("WEIGHBRIDGE_WORKER", "1")
CONCURRENCY = int(os.environ.get("WEIGHBRIDGE_CONCURRENCY", "16"))
ACK_WAIT_MS = int(os.environ.get("WEIGHBRIDGE_ACK_WAIT_MS", "30000"))
MAX_DELIVER = int(os.environ.get("WEIGHBRIDGE_MAX_DELIVER", "3"))


async def get_ai_priority(task_request: dict) -> dict:
    """Scores a request. The call of your own model goes here."""
    text = f"{task_request['title']} {task_request['description']}".lower()
    score = 2.0 + sum(2.0 for word in ("critical", "failure", "outage") if word in text)
    level = "CRITICAL" if score >= 8 else "HIGH" if score >= 6 else "MEDIUM" if score >= 4 else "LOW"
    return {"urgency_level": level, "priority_score": score}


async def answer(data: bytes) -> tuple[str, bytes]:
    """The category of a request, and its PriorityResult. Raises for what is no request."""
    began = time.monotonic()
    task_request = json.loads(data)
    ai_result = await get_ai_priority(task_request)
    result = {
        "request_id": task_request["id"],
        "correlation_id": task_request["correlation_id"],
        "urgency_level": ai_result["urgency_level"],
        "priority_score": ai_result["priority_score"],
        "processing_time_ms": int((time.monotonic() - began) * 1000),
        "timestamp": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return task_request["category"], json.dumps(result).encode()


def result_subject(category: str) -> str:
    """Subject or channel of a result."""
    return (RESULT_SUBJECT or RESULTS).replace("{category}", category)


def redis_options() -> dict:
    """How to connect to Redis, beside its URL."""
    files = {"ssl_ca_certs": "CA", "ssl_certfile": "CERT", "ssl_keyfile": "KEY"}
    found = {option: os.environ.get(f"REDIS_TLS_{name}_PATH") for option, name in files.items()}
    return {option: path for option, path in found.items() if path and os.environ["REDIS_URL"].startswith("rediss:")}


def nats_options() -> dict:
    """How to connect to NATS. nats-py takes user and password as they stand in a URL, so they are decoded here."""
    url = urlsplit(os.environ["NATS_URL"])
    options = {
        "servers": [f"{url.scheme}://{url.netloc.rpartition('@')[2]}"],
        "name": "ai-priority-engine",
        "reconnect_time_wait": 2,
        # The guide's 10 give up after about 20 s, for good.
        "max_reconnect_attempts": -1,
        "ping_interval": 20,
        "max_outstanding_pings": 5,
    }
    if url.password is not None:
        options.update(user=unquote(url.username or ""), password=unquote(url.password))
    elif url.username:
        options["token"] = unquote(url.username)
    elif "NATS_NKEY_SEED" in os.environ:
        options["nkeys_seed_str"] = os.environ["NATS_NKEY_SEED"]
    elif "NATS_CREDENTIALS" in os.environ:
        import nats.aio.client

        options["user_credentials"] = nats.aio.client.RawCredentials(os.environ["NATS_CREDENTIALS"])
    if url.scheme == "tls":
        options["tls"] = ssl.create_default_context(cafile=os.environ.get("NATS_TLS_CA_PATH"))
        if "NATS_TLS_CERT_PATH" in os.environ:
            options["tls"].load_cert_chain(os.environ["NATS_TLS_CERT_PATH"], os.environ["NATS_TLS_KEY_PATH"])
    return options


def ready() -> None:
    """Says that requests may come: the one line that Weighbridge waits for."""
    print("ready", flush=True)


def refused(data: bytes, error: Exception) -> None:
    """Tells of a message that is no request. An empty one only asks whether anybody is there."""
    if data:
        print(f"not a request: {error!r}: {data[:200]!r}", file=sys.stderr, flush=True)


class Slots:
    """Runs so many at a time; whoever brings one more waits."""

    def __init__(self, count: int = CONCURRENCY):
        self.free = asyncio.Semaphore(count)
        self.busy: set[asyncio.Task] = set()

    async def take(self, work) -> None:
        await self.free.acquire()
        task = asyncio.create_task(work)
        self.busy.add(task)
        task.add_done_callback(self.done)

    def done(self, task: asyncio.Task) -> None:
        self.busy.discard(task)
        self.free.release()
        if not task.cancelled() and task.exception() is not None:
            print(f"a request was not answered: {task.exception()!r}", file=sys.stderr, flush=True)

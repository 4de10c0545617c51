"""What a packet in order costs the microphone: `python tests/media/measure_microphone.py`.

CPU time of the thread, the least of several runs; the Opus decode itself is measured alone and taken off.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from virtual_network import coded

from media.clock import SessionClock
from media.microphone import Microphone
from media.opus import Decoder

RUNS = 9


def least_us(run: Callable[[], object], packets: int) -> float:
    best = float("inf")
    for _ in range(RUNS):
        begin = time.thread_time()
        run()
        best = min(best, time.thread_time() - begin)
    return best / packets * 1e6


async def main() -> None:
    payloads = coded(20_000)
    loop = asyncio.get_running_loop()

    def decode() -> None:
        decoder = Decoder()
        for payload in payloads:
            decoder.decode(payload)

    def receive() -> None:
        microphone = Microphone(lambda pcm: None, clock=SessionClock(loop.time()))
        for number, payload in enumerate(payloads):
            microphone.receive(payload, number, number * 960, 7, loop.time())
        microphone.close()

    alone, whole = least_us(decode, len(payloads)), least_us(receive, len(payloads))
    print(f"receive {whole:.1f} us a packet, decode alone {alone:.1f} us, the rest {whole - alone:.1f} us")


if __name__ == "__main__":
    asyncio.run(main())

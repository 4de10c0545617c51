"""FastRTC under the bench's front: an AsyncStreamHandler with 24 kHz both ways.

Speech waits in the handler's queue until `emit` is asked for it; an interrupt empties that queue and, by
`clear_queue()`, FastRTC's own. Its peers must open a data channel.
`python -m tests.bench.peers.fastrtc_server --port N`, in an environment with fastrtc.
"""

from __future__ import annotations

import asyncio
import itertools

import numpy as np
from fastrtc import AsyncStreamHandler, Stream, get_current_context
from fastrtc.stream import Body
from numpy.typing import NDArray

from media.pcm import SAMPLE_RATE_HZ, as_array
from tests.bench.front import Call, serve

Sound = tuple[int, NDArray[np.int16]]
_calls: dict[str, Call] = {}
_numbers = itertools.count()


class Handler(AsyncStreamHandler):
    """One per connection: FastRTC copies the first one."""

    def __init__(self) -> None:
        super().__init__(
            expected_layout="mono", output_sample_rate=SAMPLE_RATE_HZ, input_sample_rate=SAMPLE_RATE_HZ
        )
        self._sounds: asyncio.Queue[Sound] = asyncio.Queue()
        self._call: Call | None = None

    def copy(self) -> Handler:
        return Handler()

    async def start_up(self) -> None:
        self._call = _calls[get_current_context().webrtc_id]
        self._call.start(self)

    async def receive(self, frame: Sound) -> None:
        if self._call is not None:
            self._call.ear.hear(frame[1].tobytes())

    async def emit(self) -> Sound:
        return await self._sounds.get()

    async def shutdown(self) -> None:
        if self._call is not None:
            self._call.stop()

    # ------------------------------------------------------------------ the front's Voice

    def begin(self) -> None:
        pass

    def push(self, pcm: bytes) -> None:
        self._sounds.put_nowait((SAMPLE_RATE_HZ, as_array(pcm).reshape(1, -1)))

    def end(self) -> None:
        pass

    def interrupt(self) -> None:
        while not self._sounds.empty():
            self._sounds.get_nowait()
        self.clear_queue()


_stream = Stream(Handler(), modality="audio", mode="send-receive", concurrency_limit=1000)


async def answer(sdp: str, call: Call) -> str:
    name = f"call-{next(_numbers)}"
    _calls[name] = call
    answered = await _stream.offer(Body(sdp=sdp, type="offer", webrtc_id=name))
    return str(answered["sdp"])


if __name__ == "__main__":
    serve(answer)

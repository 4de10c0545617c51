"""The product's media path alone under the bench's front: Floor, Lanes, Outbound and Microphone.

`python -m tests.bench.product --port N`. How a connection gets its media is `server.attachment.Attachment`'s
matter, as in the product.
"""

from __future__ import annotations

import asyncio

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from media.clock import SessionClock
from media.floor import Floor
from media.microphone import Microphone
from media.outbound import Outbound
from server.attachment import Attachment
from tests.bench.front import Call, Ear, serve

_rooms: dict[RTCPeerConnection, Room] = {}


class Room:
    """What is a session's media, without a conversation."""

    def __init__(self, ear: Ear) -> None:
        clock = SessionClock(asyncio.get_running_loop().time())
        self.floor = Floor(clock, lambda event: None)
        self.outbound = Outbound(self.floor, clock)
        self.microphone = Microphone(ear.hear)
        self._turns = 0
        ear.figures = lambda: {"lost": float(self.microphone.lost)}

    @property
    def _turn(self) -> str:
        return f"turn-{self._turns}"

    def begin(self) -> None:
        self._turns += 1
        self.floor.give(self._turn, pause_ms=0)

    def push(self, pcm: bytes) -> None:
        self.floor.lane(self._turn).put(pcm)

    def end(self) -> None:
        self.floor.lane(self._turn).finish()

    def interrupt(self) -> None:
        self.floor.cut()

    def close(self) -> None:
        self.outbound.close()
        self.microphone.close()


async def answer(sdp: str, call: Call) -> str:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    room = _rooms[connection] = Room(call.ear)

    @connection.on("connectionstatechange")
    async def changed() -> None:
        if connection.connectionState == "connected":
            call.start(room)
        elif connection.connectionState in ("failed", "closed") and connection in _rooms:
            _rooms.pop(connection).close()
            call.stop()
            await connection.close()

    await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
    Attachment(connection, [room.outbound], room.microphone)
    await connection.setLocalDescription(await connection.createAnswer())
    return connection.localDescription.sdp


if __name__ == "__main__":
    serve(answer)

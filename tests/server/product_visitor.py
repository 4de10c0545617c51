"""`python product_visitor.py URL CREATED`: a page in a process of its own, until it is killed."""

from __future__ import annotations

import asyncio
import json
import sys

from product_guest import guest


async def main(url: str, created: str) -> None:
    async with guest(url, created=json.loads(created)):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""What a page needs, as a server answers it, for the tests of the camera."""

from __future__ import annotations

import io
import random

from aiohttp import web
from PIL import Image


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def of_colour(colour: str, width: int, height: int) -> web.Response:
    return web.Response(body=png(Image.new("RGB", (width, height), colour)), content_type="image/png")


def of_style(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/css")


def noise(width: int, height: int) -> bytes:
    """A picture that compresses badly."""
    return png(Image.frombytes("RGB", (width, height), random.Random(7).randbytes(3 * width * height)))

"""An approved post, an account at the fake LinkedIn, and the publishing itself, for the tests."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from work_samples import Remembered

from orchestration.adapters.linkedin import Publication, Published, publish
from orchestration.adapters.linkedin.publishing import ADDRESS, AUTHOR, TOKEN, VERSION
from orchestration.adapters.picture_files import keep_picture
from orchestration.adapters.work import Means
from orchestration.approval import payload_hash
from tests.fakes.linkedin import PERSON, FakeLinkedIn

TEXT = "We bake (every night)! #bread\nC_{x} ~ <b> * [ok] | me@x \\ end."
ALT = "A card."


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (12, 6), "orange").save(file, "PNG")
    return file.getvalue()


def approved(
    assets: Path, text: str = TEXT, approval: str = "approval1", picture: bool = True
) -> Publication:
    image = keep_picture(png(), assets) if picture else ""
    post: dict[str, object] = {"text": text, "image": image, "alt": ALT}
    return Publication.of({**post, "approval": approval, "hash": payload_hash(post)})


def means(fake: FakeLinkedIn, token: str = "", version: str = "202611", author: str = "") -> Means:
    return Means(
        {
            TOKEN: token or fake.grant(),
            AUTHOR: author or f"urn:li:person:{PERSON}",
            VERSION: version,
            ADDRESS: fake.url,
        }
    )


def carry_out(publication: Publication, folder: Path, means: Means) -> Published:
    return publish(publication, folder, folder, means, Remembered())

"""The one way to publish: an approved post, an account, and a record that it was tried."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict
from pathlib import Path

from orchestration.adapters import littletext
from orchestration.adapters.linkedin import api
from orchestration.adapters.linkedin.ledger import Ledger
from orchestration.adapters.linkedin.outcomes import Code, Published, Status, outcome
from orchestration.adapters.linkedin.publication import Publication
from orchestration.adapters.picture_files import is_intact
from orchestration.adapters.work import Means, Report, WorkError, WorkErrorCode

log = logging.getLogger(__name__)

DRAFT_FILE = "post.json"
TOKEN, AUTHOR = "LINKEDIN_ACCESS_TOKEN", "LINKEDIN_AUTHOR"
"""Means that the session's account gives; the version and the address are settings."""
VERSION, ADDRESS = "MOENTREPRISE_LINKEDIN_VERSION", "MOENTREPRISE_LINKEDIN_URL"


def publish(publication: Publication, folder: Path, assets: Path, means: Means, report: Report) -> Published:
    """Publish with the session's account, else keep a draft in its `folder`; the picture is in `assets`.

    At most once for a session, however often it is called and wherever it breaks off: never a second call
    after one of which the outcome is not known. Raises WorkError `not_approved` when the picture is not the
    approved one, OSError when nothing can be written; then nothing was sent.
    """
    ended = _at_most_once(publication, assets, folder, _account(means), report)
    report.log(ended.reason or f"published: {ended.url}")
    _keep(publication, ended, folder, report)
    report.progress(100, "saved as a draft" if ended.status == Status.DRAFT else ended.status)
    return ended


def _account(means: Means) -> api.Account | None:
    token, author = means.text(TOKEN), means.text(AUTHOR)
    if not token or not author:
        return None
    return api.Account(token, author, means.text(VERSION), means.text(ADDRESS) or api.API)


def _at_most_once(
    publication: Publication, assets: Path, folder: Path, account: api.Account | None, report: Report
) -> Published:
    """Publish, unless an earlier start was here: what that did holds, also when the account, or the picture,
    is gone since."""
    ledger = Ledger(folder)
    approved = (publication.approval, publication.hash)
    with ledger.held() as ours:
        if not ours:
            return outcome(Code.INTERRUPTED)
        if (former := ledger.standing(*approved)) is not None:
            return former
        picture = _picture(publication, assets)
        if account is None:
            return outcome(Code.NO_ACCOUNT)
        if not littletext.fits(publication.text) or len(publication.alt) > api.ALT_CHARACTERS_MAX:
            return outcome(Code.TOO_LONG)
        ledger.intend(*approved)
        try:
            ended = _upload_and_post(publication, picture, ledger, account, report)
        except api.LinkedInError as error:
            ended = outcome(error.code, error.detail)
        try:
            ledger.end(*approved, ended)
        except OSError:
            # The post's fate is known now, and told; a later start finds "sent" and does not call.
            log.error("an outcome was not recorded", extra={"status": ended.status})
    return ended


def _picture(publication: Publication, assets: Path) -> bytes:
    """Its bytes, none where there is no picture. Raises WorkError `not_approved`, OSError."""
    if not publication.image:
        return b""
    if not is_intact(publication.image, assets):
        raise WorkError(WorkErrorCode.NOT_APPROVED, "The post's picture is not the one that was approved.")
    return (assets / publication.image).read_bytes()


def _upload_and_post(
    publication: Publication, picture: bytes, ledger: Ledger, account: api.Account, report: Report
) -> Published:
    image = ""
    if picture:
        report.progress(20, "handing over the picture")
        image = api.upload(account, picture)
        report.log(f"the picture is there as {image}")
    report.progress(60, "sending the post")
    ledger.sending(publication.approval, publication.hash)
    return Published(Status.PUBLISHED.value, api.create_post(account, publication, image))


def _keep(publication: Publication, ended: Published, folder: Path, report: Report) -> None:
    """The post with its outcome, for the human. After a call to LinkedIn a full disk changes nothing."""
    text = json.dumps({**asdict(publication), **ended.as_json()}, ensure_ascii=False, indent=2)
    fresh = folder / f".{DRAFT_FILE}.new"
    try:
        fresh.write_text(text + "\n", "utf-8")
        os.replace(fresh, folder / DRAFT_FILE)
    except OSError:
        if ended.status == Status.DRAFT:
            raise
        log.error("a post was not kept", extra={"status": ended.status})
        return
    report.log(f"saved the post as {DRAFT_FILE} ({len(text.encode())} bytes)")

"""Which work a kind of job is, one function each. Runs in the worker process; results are JSON objects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orchestration.adapters import linkedin, market, post, search, website
from orchestration.adapters.answers import Answers
from orchestration.adapters.work import Assignment, Means, Payload, Report, Task, WorkError, WorkErrorCode
from server.jobs.protocol import Request, message_line

ASSETS_FOLDER = "assets"

TASKS: dict[str, Task] = {}


def task(kind: str) -> Callable[[Task], Task]:
    """Let the function do the jobs of this kind (`Work.job` in orchestration.tools)."""

    def take(function: Task) -> Task:
        TASKS[kind] = function
        return function

    return take


def run_task(request: Request, report: Report) -> bytes:
    """Do the work; the answer is the protocol's last line, a result or a failure from the closed list."""
    try:
        task = TASKS.get(request.kind)
        if task is None:
            raise WorkError(WorkErrorCode.UNKNOWN_KIND, "Nobody here knows how to do this work.")
        folder = Path(request.folder)
        folder.mkdir(parents=True, exist_ok=True)
        assignment = Assignment(request.payload, folder, Means(request.means), report)
        return message_line("result", result=task(assignment))
    except WorkError as error:
        fields = {"code": error.code.value, "reason": error.reason, "retryable": error.retryable}
        return message_line("failed", **fields)
    except OSError as error:
        reason = f"The result could not be saved ({error.strerror or 'storage error'})."
        return message_line("failed", code=WorkErrorCode.STORAGE_FAILED.value, reason=reason)


@task("research")
def research(work: Assignment) -> Payload:
    return market.research(work, work.folder / ASSETS_FOLDER).as_json()


@task("website")
def build_website(work: Assignment) -> Payload:
    found = search.Research.of(work.payload.get("research"))
    website.clear_unfinished(work.folder)
    order = website.Order(Answers.of(work.payload), found, work.means)
    return website.choose(work.means).build(order, work.folder, work.report).as_json()


@task("post")
def draft_post(work: Assignment) -> Payload:
    assets = work.folder / ASSETS_FOLDER
    assets.mkdir(parents=True, exist_ok=True)
    site = work.payload.get("website")
    keeps = str(work.payload.get("keeps", ""))
    return post.draft(Answers.of(work.payload), site, assets, work.report, work.means, keeps).as_json()


@task("picture")
def draw_picture(work: Assignment) -> Payload:
    assets = work.folder / ASSETS_FOLDER
    assets.mkdir(parents=True, exist_ok=True)
    return post.another_picture(work.payload, assets, work.report, work.means).as_json()


@task("publish")
def publish(work: Assignment) -> Payload:
    publication = linkedin.Publication.of(work.payload)
    assets = work.folder / ASSETS_FOLDER
    return linkedin.publish(publication, work.folder, assets, work.means, work.report).as_json()

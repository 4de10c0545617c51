"""The product's last act without its voices: page, WebRTC, sign-in, jobs and approval are the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import web

from orchestration import events, notices
from orchestration.events import Command
from orchestration.work import Desk
from server.accounts import Accounts
from server.app import bare_app, house
from server.jobs import means
from server.jobs.runner import JobRunner
from server.settings import Settings
from tests.fakes.linkedin import CLIENT_ID, CLIENT_SECRET, FakeLinkedIn
from tests.server.signalling_fakes import FakeDirector, fake_crew


class Marketing(FakeDirector):
    """Lets the post be drafted and asks for its approval, as soon as somebody is there."""

    def __init__(self, **given: object) -> None:
        super().__init__(**given)  # type: ignore[arg-type]
        self.desk = self.conversation.desk = Desk(self.conversation.brief)  # type: ignore[assignment]
        self.began = False

    def post(self, event: events.Event) -> None:
        super().post(event)
        now = asyncio.get_running_loop().time()
        match event:
            case events.ListenerArrived() if not self.began:
                self.began = True
                self.publish(notices.PhaseEntered("marketing", 6, 7))
                self.carry_out(self.desk.call("draft_post", "sophie", events.ToolCall("", "draft_post"), now))
            case events.JobProgressed():
                self.carry_out(self.desk.progressed(event))
            case events.JobFinished():
                self.carry_out(self.desk.finished(event, now))
                if event.kind == "post":
                    self.carry_out(self.desk.ask_approval("sophie", "", now))
            case events.JobFailed():
                self.carry_out(self.desk.failed(event))
            case events.PostEdited():
                self.carry_out(self.desk.edit_post(event, now))
            case events.ApprovalDecided():
                approval = self.desk.approvals[event.approval]
                if approval.state == "open":
                    self.carry_out(self.desk.decide(approval, event.decision))
            case _:
                pass

    def carry_out(self, commands: Sequence[Command]) -> None:
        for command in commands:
            match command:
                case events.Tell(notice):
                    self.publish(notice)
                case events.StartJob():
                    self.jobs.start(command.job, command.kind, command.payload)
                case _:
                    pass


@dataclass(frozen=True)
class Office:
    """A server whose sessions begin with the post, and its LinkedIn."""

    url: str
    linkedin: FakeLinkedIn
    data: Path


@asynccontextmanager
async def office(data: Path) -> AsyncIterator[Office]:
    linkedin = await FakeLinkedIn(auto_consent=False).start()
    settings = Settings(
        data=data,
        max_load_percent=1000,  # the machine may be busy with other tests
        linkedin_client_id=CLIENT_ID,
        linkedin_client_secret=CLIENT_SECRET,
        linkedin_url=linkedin.url,
        linkedin_version="202611",
    )
    app = bare_app(settings)
    runner = JobRunner(settings.data, means=means.of_settings(settings, Accounts(settings).means))
    crew = replace(fake_crew(Marketing), workshop=runner)
    house(app, crew)
    served = web.AppRunner(app, shutdown_timeout=1.0)
    await served.setup()
    runner.warm()
    await web.TCPSite(served, "127.0.0.1", 0).start()
    host, port = served.addresses[0][:2]
    url = f"http://{host}:{port}"
    linkedin.redirects.add(f"{url}/oauth/linkedin/callback")
    try:
        yield Office(url, linkedin, data)
    finally:
        await served.cleanup()
        await runner.close()
        await linkedin.stop()

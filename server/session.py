"""One Session: the room that survives its Peers. Read this first.

Session = SessionClock + Floor + Outbound (what is heard) + Microphone (what the human says) + Director (who
speaks and why) + Presence (who is connected) + EventLog (what the page is told) + SessionWork (the jobs)
+ Recording (both sides, while it is on).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path

from media import floor as sounds
from media.clock import SessionClock
from media.echo import EchoGuard
from media.echowait import EchoWait
from media.fanout import Voice
from media.floor import Floor
from media.microphone import Microphone
from media.outbound import Outbound
from media.overheard import Overheard
from media.timing import Pacer
from orchestration import events
from orchestration.notices import Error, Notice, PostDrafted, ResearchReady, SessionState, SiteReady
from orchestration.personas import Cast
from orchestration.ports import LineFactory
from orchestration.shown import with_addresses
from orchestration.workflow import Workflow
from server import logs, metrics
from server.accounts import SessionAccount
from server.attachment import Attachment
from server.auth import Keys, Role
from server.conductor import MakeDirector
from server.costs import cost
from server.events import EventLog
from server.handovers import HandOvers
from server.limits import Bucket, Rate, refuse
from server.live_preview import LivePreview
from server.pagemessages import PageMessage, Playout, TalkKey, TypedMessage, Typing
from server.peer import Attach
from server.presence import LAST_MESSAGES_S, Presence
from server.recording import RENDERS_MAX, Recording, Sides
from server.sessionwork import SessionWork, Workshop
from server.settings import Settings
from server.snapshot import ENDED, Snapshot

log = logging.getLogger(__name__)

HAND = Rate(burst=40, per_s=4.0)
NEVER_CONNECTED_S = 120.0
STOP_S = 1.0
WATCH_S = 0.25
VERDICT_S, VERDICT_STEP_S = 2.0, 0.01
LAST_WORDS_S = 1.0
"""How long the Peers of a completed session stay: the last word is sent before it is heard."""
EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Crew:
    """What sessions are made of and do not make themselves."""

    director: MakeDirector
    open_line: LineFactory
    cast: Cast
    workflow: Workflow
    workshop: Workshop
    pacer: Pacer = field(default_factory=Pacer)
    """All sessions' packets leave by its clock."""
    renders: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(RENDERS_MAX))
    """All sessions' recordings are rendered by turns."""


class Session:
    """Create it on the loop, then `run` it once in a task; that task is its whole life."""

    def __init__(
        self,
        crew: Crew,
        settings: Settings,
        given_answers: tuple[str, ...] = (),
        share_microphone: bool = False,
    ) -> None:
        """`share_microphone`: spectators hear the human too, not the team alone."""
        loop = asyncio.get_running_loop()
        self.id = secrets.token_hex(12)
        self.keys = Keys.new()
        self.capability = secrets.token_hex(16)
        """Names the preview: who has it may see the site, and nothing else."""
        self.folder: Path = settings.data / "sessions" / self.id
        self.created = loop.time()
        self.ended_at: float | None = None
        self.snapshot = Snapshot()
        self.hand = Bucket(HAND, loop.time())
        """How often its human may type, correct, edit, decide or connect."""
        self.eyes = Bucket(HAND, loop.time())
        """How often its spectators may connect: whatever they do, the human's hand stays free."""
        self.decisions: dict[str, events.Decision] = {}
        """What the human decided, from the moment that the request was taken in."""
        self.streams = dict.fromkeys(Role, 0)
        """Readers of the event stream now, by whose token they use."""
        self._now = loop.time
        self._ttl_s = float(settings.session_ttl_s)
        self._way = settings.media
        self._prices = settings.token_prices if settings.openai_api_key else ()
        self._asked = ""
        """Why it was asked to end, empty while nobody did."""
        self._conducting: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._hand_overs = HandOvers(metrics.observe_hand_over)
        self.events = EventLog(self._now)
        clock = SessionClock(self._now())
        self.floor = Floor(clock, self._sounded)
        self.outbound = Outbound(self.floor, clock, crew.pacer)
        self.outbound.on_sound = (echo := EchoGuard()).sent
        self.work = SessionWork(crew.workshop, self.id, self.folder, self.publish, self.post)
        self.director = crew.director(
            floor=self.floor,
            open_line=crew.open_line,
            jobs=self.work.jobs,
            publish=self.publish,
            cast=crew.cast,
            workflow=crew.workflow,
            given_answers=given_answers,
            clock=self._now,
        )
        hear = EchoWait(self.director.hear, echo).hear
        self.microphone = Microphone(hear, self._sound_changed, clock=clock, echo=echo)
        self._overheard = Overheard(self.microphone, clock)
        self._share_microphone = share_microphone
        sides = Sides(self.outbound, self._overheard)
        self.recording = Recording(self.folder, sides, clock, self.publish, self._now, crew.renders)
        self.presence = Presence(self.events, self, self._attach, settings.ice_servers, self._now)
        self.account = SessionAccount(settings, self.id, self.publish)
        self.publish(SessionState("created"))
        self.account.offer()

    # ------------------------------------------------------------------ life

    async def run(self) -> None:
        """Live until completed, stopped or expired; everything that was started is over at the return."""
        logs.session_id.set(self.id)
        try:
            async with asyncio.TaskGroup() as life:
                self._conducting = life.create_task(self._conduct(), name="session-director")
                watch = life.create_task(self._watch(), name="session-watch")
                self._conducting.add_done_callback(lambda _: watch.cancel())
        finally:
            await self._ended()
            await self._close()
            self._over.set()

    async def verdict(self, approval: str, within_s: float = VERDICT_S) -> str:
        """The state of an approval once the Director has acted on what it was told of it; `open` after
        `within_s` seconds without."""
        approvals = self.director.conversation.desk.approvals
        until = self._now() + within_s
        while approvals[approval].state == "open" and not self.ended and self._now() < until:
            await asyncio.sleep(VERDICT_STEP_S)
        return approvals[approval].state

    async def stop(self, reason: str = "human") -> None:
        """End it, gently for a second; the session is over when this returns. Idempotent."""
        self._asked = self._asked or reason
        self.post(events.StopRequested(reason))
        try:
            async with asyncio.timeout(STOP_S):
                await self._over.wait()
        except TimeoutError:
            if self._conducting is not None:
                self._conducting.cancel()
            await self._over.wait()

    @property
    def ended(self) -> bool:
        return self.snapshot.ended

    @property
    def over(self) -> bool:
        """Ended, and everything that it had started is gone."""
        return self._over.is_set()

    async def _conduct(self) -> None:
        try:
            await self.director.run()
        except Exception:
            # A task root: whatever broke, the human learns that it did, and the session ends in order.
            log.exception("the director failed")
            self.publish(Error("internal", "Something broke on our side; the session had to end."))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            now = self._now()
            self.presence.watch(now)
            patience = self._ttl_s if self.presence.ever_heard else min(NEVER_CONNECTED_S, self._ttl_s)
            if not self.presence.listening and now - self.presence.absent_since > patience:
                await self.stop(EXPIRED)

    async def _ended(self) -> None:
        if not self.ended:
            # Also when it was asked to and did not manage in time: then that is the reason.
            self.publish(SessionState("stopped", self._asked or "internal"))
        self.ended_at = self._now()
        await self.recording.close()  # it may have to tell that its last write failed
        self.events.close()

    async def _close(self) -> None:
        completed = self.snapshot.state == "completed"
        if not completed:
            self.outbound.close()
        self.microphone.close()
        ear = self.microphone.figures
        metrics.observe_microphone(ear.received, ear.lost, ear.late, ear.recovered)
        self._settle()
        await self.work.close()
        self.account.close()
        if completed and self.presence.listening:
            await asyncio.sleep(LAST_WORDS_S)
        await self.presence.close(LAST_MESSAGES_S)
        self.outbound.close()

    def _settle(self) -> None:
        """What its voices used is counted, and priced where the operator named prices.

        The embedded engine counts tokens too, which cost nothing.
        """
        usage = self.director.usage
        spent = cost(usage, self._prices)
        metrics.count_tokens(usage, spent)
        log.info("session settled", extra={"tokens": sum(usage.counts().values()), "cost": spent})

    @property
    def live(self) -> LivePreview:
        """What is being built, while it is seen live."""
        return self.work.live

    @property
    def entered(self) -> bool:
        """Whether its human ever came."""
        return self.presence.ever_heard

    # ------------------------------------------------------------------ what goes in

    def limit(self, role: Role = Role.HUMAN) -> None:
        """Count one request. Raises Problem 429 when there were too many."""
        bucket = self.hand if role is Role.HUMAN else self.eyes
        refuse(bucket.take(self._now()))

    def post(self, event: events.Event | events.Measured) -> None:
        """Tell the Director what happened."""
        if not self.ended:
            self.director.post(event)

    def listener_arrived(self) -> None:
        self.post(events.ListenerArrived())

    def listener_lost(self, confirmed_rtp_timestamp: int | None) -> None:
        self.post(events.ListenerLost(confirmed_rtp_timestamp))

    def _sound_changed(self, sounding: bool) -> None:
        self.post(events.SoundHeard() if sounding else events.SoundStopped(self.microphone.quiet_since))

    def page_said(self, message: PageMessage) -> None:
        match message:
            case TypedMessage() if self.hand.take(self._now()):
                pass  # the same measure as over HTTP; nobody types that fast
            case TypedMessage(text):
                self.post(events.HumanSaid(text, typed=True))
            case TalkKey(down):
                self.post(events.PushToTalk(down))
            case Typing(typing):
                self.post(events.HumanTyping(typing))
            case Playout(int() as rtp_timestamp, at_ms, jitter_buffer_ms, rtt_ms):
                self.post(events.PlayoutReported(rtp_timestamp, at_ms, jitter_buffer_ms, rtt_ms))
            case _:
                pass

    def _sounded(self, event: sounds.FloorEvent) -> None:
        match event:
            case sounds.PlayoutStarted(turn, rtp_timestamp):
                self.director.playout_started(turn, rtp_timestamp)
            case sounds.PlayoutFinished(turn, sent_ms):
                self.director.playout_finished(turn, sent_ms)
            case sounds.PlayoutInterrupted(turn, sent_ms, source_ms):
                self.director.playout_interrupted(turn, sent_ms, source_ms)

    def _attach(self, role: Role) -> Attach:
        if role is Role.HUMAN:
            return lambda pc: Attachment(pc, [self.outbound], self.microphone, self._way)
        voices: list[Voice] = [self.outbound, self._overheard] if self._share_microphone else [self.outbound]
        return lambda pc: Attachment(pc, voices, None, self._way)

    # ------------------------------------------------------------------ what comes out

    def publish(self, notice: Notice) -> None:
        """Tell the page. Addresses within this server are filled in here: nobody else knows them."""
        match notice:
            case SessionState():
                self._publish_state(notice)
                return
            case SiteReady():
                notice = replace(notice, url=f"/preview/{self.capability}/")
            case ResearchReady(research=research):
                notice = replace(notice, research=with_addresses(research, f"/sessions/{self.id}/assets/"))
            case PostDrafted(image=image) if image:
                notice = replace(notice, image=f"/sessions/{self.id}/assets/{image}")
            case _:
                pass
        self._tell(notice)

    def _publish_state(self, notice: SessionState) -> None:
        if self._asked == EXPIRED and notice.state in ENDED:
            notice = SessionState("expired", "nobody was there")
        if not self.ended and (notice.state != self.snapshot.state or not self.events.last_seq):
            self._tell(notice)

    def _tell(self, notice: Notice) -> None:
        self.snapshot.apply(notice)
        metrics.observe(notice)
        self._hand_overs.told(notice)
        self.events.publish(notice)
        self.account.heard(notice)

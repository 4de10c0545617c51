"""The theatre with a human from a file in it, and a record of who could be heard when."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from orchestration import events, notices
from orchestration.events import Command, Event
from orchestration.turn import Stage
from tests.orchestration.theatre import ANSWERS, Theatre
from tests.scenarios.scenario import OPINION, QUESTIONS, Deed, Said, Scenario

NOTICED_S = 0.06
"""From a sound's beginning to SoundHeard: 40 ms of it, and a packet."""
SPEECH_S = 0.11
QUIET_S = 0.06
"""After a sound's end: SoundStopped."""
WORDS_S = 0.2
"""How often, and how late, the words so far are told."""
TRANSCRIPT_S = 0.1
REACTION_S = 0.5
READING_S = 8.0
FADE_S = 0.04


@dataclass(slots=True)
class Sounded:
    """A sound of the human's. A hum may go on over a voice."""

    began: float
    ended: float
    hum: bool


@dataclass(slots=True)
class Utterance:
    """What turn detection makes one item of: it ends after the patience that holds then."""

    item: str
    confidence: float
    words: list[str] = field(default_factory=list)
    quiet_from: float | None = None


class Play(Theatre):
    """`play()` acts the file; afterwards `sounds`, `voices` and `states` say what could be heard."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(given=ANSWERS if scenario.given else ())
        self.scenario = scenario
        self.job_s = scenario.job_s
        self.human = Play._react
        self.sounds: list[Sounded] = []
        self.voices: list[tuple[float, float]] = []
        """When voices were audible."""
        self.states: list[tuple[float, str]] = []
        """From when on which of `away`, `voice`, `human`, `decision`, `work`, `pause`, `over`."""
        self.said: list[str] = []
        """What the human said or typed that must not be lost."""
        self.done = 0
        self._away = False
        self._sounding = 0
        self._busy_until = 0.0
        self._utterance: Utterance | None = None
        self._seen: Counter[tuple[str, str]] = Counter()

    def start(self) -> Play:
        super().start()
        for deed in self.scenario.does:
            if deed.when == "at":
                self.at(float(deed.of), lambda deed=deed: self._do(deed))  # type: ignore[misc]
        return self

    # ------------------------------------------------------------------ the record

    def receive(self, event: Event) -> None:
        silent_from = self.now + FADE_S
        sounding = self.heard is not None
        if isinstance(event, events.PlayoutStarted):
            self.voices.append((self.now, float("inf")))
        super().receive(event)
        if self.voices and self.voices[-1][1] == float("inf") and self.heard is None:
            self.voices[-1] = (self.voices[-1][0], silent_from if sounding else self.now)
        self._note()

    def _note(self) -> None:
        state = self._state()
        if not self.states or self.states[-1][1] != state:
            self.states.append((self.now, state))

    def _state(self) -> str:
        c = self.conversation
        if c.stage is Stage.ENDED or c.farewell:
            return "over"
        if self._away:
            return "away"
        if self._sounding:
            return "human"
        if self.heard is not None:
            return "voice"
        if c.stage is Stage.APPROVING and c.desk.open_approval is not None:
            return "decision"
        return "work" if c.stage in (Stage.WORKING, Stage.APPROVING) else "pause"

    # ------------------------------------------------------------------ when

    def _react(self, command: Command) -> None:
        if not isinstance(command, events.Tell):
            return
        match command.notice:
            case notices.TurnStarted(speaker=speaker, act=act):
                self._happened("during", f"{speaker} {act}")
            case notices.TurnEnded(turn=turn):
                spoken = self.spoken[turn]
                self._happened("after", f"{spoken.speaker} {spoken.act}")
            case notices.PhaseEntered(phase=phase):
                self._happened("phase", phase)
            case notices.HumanListening(listening=True):
                self._asked(self.conversation.open_question or OPINION)
            case notices.ApprovalRequested(approval=approval) if self.scenario.approves:
                self.later(READING_S, events.ApprovalDecided(approval, events.Decision.APPROVE))

    def _happened(self, when: str, of: str) -> bool:
        """Whether the human does something about it."""
        self._seen[when, of] += 1
        here = [
            deed
            for deed in self.scenario.does
            if (deed.when, deed.of, deed.nth) == (when, of, self._seen[when, of])
        ]
        for deed in here:
            self.at(deed.wait_s, lambda deed=deed: self._do(deed))  # type: ignore[misc]
        return bool(here)

    def _asked(self, key: str) -> None:
        """The human has the floor: a deed of the file, or the answer."""
        if self._happened("asked", key) or self.now < self._busy_until:
            return
        usual: Said = ("I like it",) if key == OPINION else (ANSWERS[QUESTIONS.index(key)],)
        answer = self.scenario.answers.get(key, usual)
        if answer is not None:
            self.at(REACTION_S, lambda: self._speak(answer, 2.0))
            self._busy_until = self.now + REACTION_S

    # ------------------------------------------------------------------ what

    def _do(self, deed: Deed) -> None:
        self.done += 1
        match deed.what:
            case "say":
                self._speak(deed.value, deed.length_s)  # type: ignore[arg-type]
            case "hum":
                self._utter(str(deed.value), 0.0, deed.length_s, hum=True)
            case "sound":
                self._noise(deed.length_s)
            case "type":
                self.said.append(str(deed.value))
                self.receive(events.HumanSaid(str(deed.value), typed=True))
            case "correct":
                assert isinstance(deed.value, dict)
                for key, text in deed.value.items():
                    self.receive(events.AnswerCorrected(key, text))
            case "tap":
                self._tap(events.Decision(str(deed.value)))
            case "press":
                self.receive(events.PushToTalk(True))
                self.later(deed.length_s, events.PushToTalk(False))
            case "leave":
                self._leave(deed.value)  # type: ignore[arg-type]
            case _:
                self.receive(events.StopRequested())

    def _tap(self, decision: events.Decision) -> None:
        approval = self.conversation.desk.open_approval
        assert approval is not None, "there is nothing to tap on"
        self.receive(events.ApprovalDecided(approval.approval, decision))

    def _leave(self, away_s: float) -> None:
        if self._utterance is not None or self._sounding:
            self.said.pop()  # nobody hears the rest of it
        self._away, self._utterance = True, None
        self.receive(events.ListenerLost())
        self.at(away_s, self._come_back)

    def _come_back(self) -> None:
        self._away = False
        self.receive(events.ListenerArrived())

    def _speak(self, said: Said, length_s: float) -> None:
        """All parts, the time that is no pause spread over them by their letters."""
        letters = sum(len(part) for part in said if isinstance(part, str))
        after_s = 0.0
        for part in said:
            if isinstance(part, str):
                lasts_s = length_s * len(part) / letters
                self._utter(part, after_s, lasts_s, hum=False)
                if not self._away:
                    self.said.append(part)
                after_s += lasts_s
            else:
                after_s += part
        self._busy_until = self.now + after_s

    # ------------------------------------------------------------------ the ear

    def _noise(self, length_s: float) -> None:
        self.later(NOTICED_S, events.SoundHeard())
        self.later(length_s + QUIET_S, events.SoundStopped(0.0))

    def _utter(self, text: str, after_s: float, length_s: float, hum: bool) -> None:
        def begin() -> None:
            self._sounding += 1
            self.sounds.append(Sounded(self.now, self.now + length_s, hum))
            self._note()

        self.at(after_s, begin)
        self._hears(after_s + NOTICED_S, lambda: self.receive(events.SoundHeard()))
        if length_s > SPEECH_S:
            self._hears(after_s + SPEECH_S, lambda: self._speech_started(0.3 if hum else 0.9))
        words = text.split()
        ticks = int(length_s / WORDS_S)
        for tick in range(1, ticks + 1):
            known = words[: int(len(words) * (tick - 1) / max(1, ticks))]
            if known and not hum:
                self._hears(after_s + tick * WORDS_S, lambda known=known: self._words(known))  # type: ignore[misc]
        self.at(after_s + length_s, lambda: self._quiet(words))
        self._hears(after_s + length_s + QUIET_S, lambda: self.receive(events.SoundStopped(0.0)))

    def _hears(self, delay_s: float, action: object) -> None:
        assert callable(action)
        self.at(delay_s, lambda: None if self._away else action())

    def _speech_started(self, confidence: float) -> None:
        if self._utterance is None:
            self._utterance = Utterance(f"item{len(self.sounds)}", confidence)
            self.receive(events.SpeechStarted(self._utterance.item))
        self._utterance.quiet_from = None

    def _words(self, known: list[str]) -> None:
        if self._utterance is not None:
            text = " ".join([*self._utterance.words, *known])
            self.receive(events.WordsHeard(self._utterance.item, text))

    def _quiet(self, words: list[str]) -> None:
        self._sounding -= 1
        self._note()
        if self._utterance is not None:
            self._utterance.words += words
            self._utterance.quiet_from = self.now
            self._wait(self._utterance)

    def _wait(self, utterance: Utterance) -> None:
        """End the turn when it is quiet for as long as the conversation is patient."""
        if utterance is not self._utterance or utterance.quiet_from is None:
            return
        left_s = utterance.quiet_from + self.conversation.patience_ms / 1000 - self.now
        if left_s > 1e-6:
            self.at(left_s, lambda: self._wait(utterance))
            return
        self._utterance = None
        self.receive(events.SpeechStopped(utterance.item))
        said = events.HumanSaid(
            " ".join(utterance.words), item=utterance.item, confidence=utterance.confidence
        )
        self._hears(TRANSCRIPT_S, lambda: self.receive(said))

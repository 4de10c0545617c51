"""What happens (past tense) and what is to be done (imperative).

The conversation machine takes Events and returns Commands; the Director carries the commands out.
All are frozen and hold no clock: the time at which an event is received travels beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from orchestration.brief import Expects
from orchestration.notices import Notice, Word

# --------------------------------------------------------------------------- events: the peer


@dataclass(frozen=True, slots=True)
class ListenerArrived:
    """The first `playout` or `ping` of a connected Peer: from now on the human can hear."""


@dataclass(frozen=True, slots=True)
class ListenerLost:
    """No sign of the Peer for 3 s, or it closed."""

    confirmed_rtp_timestamp: int | None = None
    """The last RTP time that the page reported as played, None when it never did."""


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The human (or the operator) ended the session."""

    reason: str = "human"


# --------------------------------------------------------------------------- events: the human


@dataclass(frozen=True, slots=True)
class SoundHeard:
    """The microphone's level rose above the gate, 40 ms ago: perhaps speech. Ducks, decides nothing."""


@dataclass(frozen=True, slots=True)
class SoundStopped:
    """The microphone has been quiet for 60 ms: a word, or a sentence, is over."""

    at: float
    """When the last sound came, in the event loop's time."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The engine's turn detection decided that the human speaks (`input_audio_buffer.speech_started`)."""

    item: str


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The human's turn ended (`input_audio_buffer.speech_stopped`); the transcript follows."""

    item: str


@dataclass(frozen=True, slots=True)
class WordsHeard:
    """What was understood so far of speech that goes on."""

    item: str
    text: str


@dataclass(frozen=True, slots=True)
class HumanSaid:
    """What the human said, as understood or as typed."""

    text: str
    typed: bool = False
    item: str = ""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class TranscriptionFailed:
    """Speech was detected but nothing was understood."""

    item: str


@dataclass(frozen=True, slots=True)
class PushToTalk:
    down: bool


@dataclass(frozen=True, slots=True)
class HumanTyping:
    """What is written on the page changes; not `typing`: no more, for it was sent, left or emptied."""

    typing: bool


@dataclass(frozen=True, slots=True)
class AnswerCorrected:
    """The human edited an answer's card. Raises nothing: the caller has checked the key."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class PostEdited:
    """The human changed the draft: its text, what is said of its picture, or both; None stays as it is."""

    text: str | None = None
    alt: str | None = None


class Picture(StrEnum):
    """What the human wants instead of the post's picture."""

    ANOTHER = "another"
    """A new one: by the image model where there is one, else a card with another pattern."""
    CARD = "card"
    """The card that is drawn here."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PictureWanted:
    picture: Picture


class Decision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class ApprovalDecided:
    """A tap on exactly the payload that was shown (`hash` was checked by the caller)."""

    approval: str
    decision: Decision


# --------------------------------------------------------------------------- events: the voices


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function call in a model's response. `arguments` is validated against the tool's schema."""

    call: str
    name: str
    arguments: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResponseFinished:
    """A Line has generated the whole turn (its audio may still wait in its Lane)."""

    turn: str
    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseFailed:
    """A Line could not generate the turn."""

    turn: str
    code: str
    retryable: bool = True


@dataclass(frozen=True, slots=True)
class VoiceLost:
    """A persona's Line cannot be reached, for longer than a moment; it goes on trying."""

    speaker: str


@dataclass(frozen=True, slots=True)
class VoiceRestored:
    """The Line is back. What was asked of it meanwhile is generated now."""

    speaker: str


@dataclass(frozen=True, slots=True)
class PlayoutStarted:
    """The first sample of the turn was sent."""

    turn: str
    rtp_timestamp: int


@dataclass(frozen=True, slots=True)
class PlayoutFinished:
    """The last sample of the turn was sent. `sent_ms` counts what is audible."""

    turn: str
    sent_ms: int
    words: tuple[Word, ...] = ()
    """All of its words, those of a closed turn up to where it was closed."""


@dataclass(frozen=True, slots=True)
class PlayoutInterrupted:
    """The turn was cut. `sent_ms` is audible time; `source_ms` the position in the received audio."""

    turn: str
    sent_ms: int
    source_ms: int
    heard_text: str = ""
    """The words that had begun to sound."""
    words: tuple[Word, ...] = ()
    """The same with their times."""


# --------------------------------------------------------------------------- events: the work


@dataclass(frozen=True, slots=True)
class JobProgressed:
    job: str
    percent: int
    message: str


@dataclass(frozen=True, slots=True)
class JobFinished:
    """`result` is the job's own JSON object; it goes back to the model that asked, unchanged."""

    job: str
    kind: str
    result: dict[str, object]


@dataclass(frozen=True, slots=True)
class JobFailed:
    job: str
    kind: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The machine's `deadline()` has come."""


Event = (
    ListenerArrived
    | ListenerLost
    | StopRequested
    | SoundHeard
    | SoundStopped
    | SpeechStarted
    | SpeechStopped
    | WordsHeard
    | HumanSaid
    | TranscriptionFailed
    | PushToTalk
    | HumanTyping
    | AnswerCorrected
    | PostEdited
    | PictureWanted
    | ApprovalDecided
    | ResponseFinished
    | ResponseFailed
    | VoiceLost
    | VoiceRestored
    | PlayoutStarted
    | PlayoutFinished
    | PlayoutInterrupted
    | JobProgressed
    | JobFinished
    | JobFailed
    | TimePassed
)


# --------------------------------------------------------------------------- what is only measured


@dataclass(frozen=True, slots=True)
class PlayoutReported:
    """What the page hears: `rtp_timestamp` was handed to its loudspeaker at `at_ms` of its own clock."""

    rtp_timestamp: int
    at_ms: float | None = None
    jitter_buffer_ms: float | None = None
    rtt_ms: float | None = None


Measured = PlayoutReported
"""For the Director's figures; the conversation never sees them."""

# --------------------------------------------------------------------------- commands


@dataclass(frozen=True, slots=True)
class Speak:
    """Generate a turn into its Lane, unheard. `context` becomes conversation items `kind: json`."""

    turn: str
    speaker: str
    act: str
    context: dict[str, object] = field(default_factory=dict)
    tools: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    """The speakers that `select_next_speaker` may name in this turn."""
    after: str = ""
    """The turn that broke off and that this one goes on with; empty for a turn of its own."""


@dataclass(frozen=True, slots=True)
class Give:
    """Make the turn's Lane the next one heard, `pause_ms` after the last audible sample."""

    turn: str
    pause_ms: int


@dataclass(frozen=True, slots=True)
class Duck:
    """Lower the voice that is heard: the human may be speaking."""


@dataclass(frozen=True, slots=True)
class Restore:
    """Bring the voice back up: it was nothing."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Fade out and flush the voice that is heard. PlayoutInterrupted follows."""


@dataclass(frozen=True, slots=True)
class Discard:
    """Drop a turn that was never heard: cancel its response, empty its Lane, forget its item."""

    turn: str


@dataclass(frozen=True, slots=True)
class Close:
    """Nothing more will come for this turn: what was received of it is heard, to the end of its last whole
    sentence, or word; nothing at all where nothing came.
    """

    turn: str


@dataclass(frozen=True, slots=True)
class Truncate:
    """Cancel what still runs of the turn and cut the model's memory to what was sent."""

    turn: str
    source_ms: int
    heard_text: str


@dataclass(frozen=True, slots=True)
class Share:
    """Tell every Line except the speaker's own who said what, as it was heard."""

    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class AnswerTool:
    """Send a function call's result back to the model that called."""

    speaker: str
    call: str
    output: dict[str, object]


@dataclass(frozen=True, slots=True)
class StartJob:
    job: str
    kind: str
    payload: dict[str, object]


@dataclass(frozen=True, slots=True)
class CancelJob:
    job: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Stop the Floor: nobody can hear."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Start the Floor again."""


@dataclass(frozen=True, slots=True)
class CommitSpeech:
    """Push-to-talk was released: the human's turn ends now (`input_audio_buffer.commit`)."""


@dataclass(frozen=True, slots=True)
class SetPatience:
    """How long the human may be silent, from now on, before the turn counts as over."""

    silence_ms: int


@dataclass(frozen=True, slots=True)
class Expect:
    """What the human's next words are likely to be."""

    what: Expects


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the page."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class End:
    """The session is over; `state` is `completed` or `stopped`."""

    state: str


Command = (
    Speak
    | Give
    | Duck
    | Restore
    | Cut
    | Discard
    | Close
    | Truncate
    | Share
    | AnswerTool
    | StartJob
    | CancelJob
    | Hold
    | Resume
    | CommitSpeech
    | SetPatience
    | Expect
    | Tell
    | End
)

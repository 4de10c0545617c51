"""A whole session by voice: what it leaves, whose words are in it, how long it takes, who waits for whom."""

from __future__ import annotations

from typing import cast

import av
import pytest
from sessions import Figures, Held, Note, content_words

from orchestration.standing import FAREWELL_S

pytestmark = [pytest.mark.accept, pytest.mark.parametrize("answers", ["bakery", "repair"])]

LEFT = (
    "recording.ogg",
    "transcript.txt",
    "brief.json",
    "site/index.html",
    "post.txt",
    "post.png",
    "figures.json",
)
PHASES = ["greeting", "interview", "ideation_prep", "ideation", "showcase", "marketing", "closing"]
SESSION_MAX_S = 240
ANSWER_S = 5.0
"""The session's limit is for answers of this length; shorter ones are counted as if they were as long."""
SILENCE_MAX_MS = 6000
WORDS_MIN = 2
OWN_WORDS_MIN = 8


@pytest.fixture
def held(answers: str, request: pytest.FixtureRequest) -> Held:
    return cast(Held, request.getfixturevalue(answers))


@pytest.fixture
def other(answers: str, request: pytest.FixtureRequest) -> Held:
    return cast(Held, request.getfixturevalue("repair" if answers == "bakery" else "bakery"))


def test_a_rehearsal_succeeds_and_leaves_everything(held: Held, note: Note) -> None:
    missing = [name for name in LEFT if not (held.folder / name).is_file() or not _size(held, name)]
    length_s = _recorded_s(held) if "recording.ogg" not in missing else 0.0
    measured = (
        f"exit {held.exit_code}; missing: {', '.join(missing) or 'nothing'}; recording {length_s:.0f} s"
    )
    required = "exit 0; recording, transcript, brief, site, post and figures are there; seven phases in order"
    note(point="`moentreprise rehearse`", required=required, measured=measured, load=held.load)
    assert held.exit_code == 0, held.output[-2000:]
    assert not missing
    assert held.figures["phases"] == PHASES
    # After the last voice the session waits for the human's goodbye; this one says none.
    assert length_s >= _number(held.figures, "session_s") - FAREWELL_S


def test_site_and_post_hold_each_answer_as_understood(held: Held, note: Note) -> None:
    site, post = content_words(held.site), content_words(held.post)
    found: dict[str, tuple[int, int]] = {}
    short = []
    for key, answer in held.brief.items():
        words = content_words(answer)
        found[key] = (len(words & site), len(words & post))
        if min(found[key]) < min(WORDS_MIN, len(words)) or not words:
            short.append(f"{key}: {sorted(words)}")
    measured = "site/post words: " + ", ".join(f"{key} {s}/{p}" for key, (s, p) in found.items())
    required = f"at least {WORDS_MIN} content words of each answer in both; the corrected name exactly"
    note(point="Site and post are the human's", required=required, measured=measured, load=held.load)
    assert len(found) == 6
    assert not short, short
    assert held.brief["name"] == held.business
    assert held.business in held.site
    assert held.business in " ".join(held.post.split())


def test_other_answers_make_other_words(held: Held, other: Held, note: Note) -> None:
    ours, theirs = (content_words(" ".join(session.brief.values())) for session in (held, other))
    own = ours - theirs
    figures = []
    for mine, strange in ((held.site, other.site), (held.post, other.post)):
        told = own & content_words(mine)
        figures.append((len(told - content_words(strange)), len(told & content_words(strange))))
    (site, site_shared), (post, post_shared) = figures
    measured = (
        f"own words only here: site {site}, post {post}; also there: site {site_shared}, post {post_shared}"
    )
    required = (
        f"at least {OWN_WORDS_MIN} words of this brief that the other site and post lack; no foreign name"
    )
    note(point="Other answers, other words", required=required, measured=measured, load=held.load)
    assert min(site, post) >= OWN_WORDS_MIN
    assert other.business not in held.site + held.post


def test_it_is_short_and_no_silence_is_unexplained(held: Held, note: Note) -> None:
    figures = held.figures
    length_s = _number(figures, "session_s")
    silence_ms = _number(figures, "longest_unexplained_silence_ms")
    said = cast(list[float], figures["said_s"])
    stretched_s = length_s + sum(max(0.0, ANSWER_S - one) for one in said)
    measured = (
        f"{length_s:.0f} s with {len(said)} answers of {min(said):.1f} to {max(said):.1f} s,"
        f" {stretched_s:.0f} s were they of {ANSWER_S:.0f} s;"
        f" longest silence {_number(figures, 'longest_silence_ms'):.0f} ms, unexplained {silence_ms:.0f} ms"
    )
    required = (
        f"at most {SESSION_MAX_S} s with six answers of {ANSWER_S:.0f} s;"
        f" no silence over {SILENCE_MAX_MS} ms unexplained"
    )
    note(point="Length and silence", required=required, measured=measured, load=held.load)
    assert len(said) >= 6
    assert stretched_s <= SESSION_MAX_S
    assert silence_ms <= SILENCE_MAX_MS


def _recorded_s(held: Held) -> float:
    with av.open(str(held.folder / "recording.ogg")) as container:
        stream = container.streams.audio[0]
        return float(sum(frame.samples for frame in container.decode(stream)) / stream.rate)


def _size(held: Held, name: str) -> int:
    return (held.folder / name).stat().st_size


def _number(figures: Figures, name: str) -> float:
    value = figures[name]
    assert isinstance(value, int | float)
    return float(value)

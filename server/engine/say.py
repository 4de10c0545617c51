"""Speak a text into a WAV file (24 kHz mono PCM16): the voice of simulated humans.

python -m server.engine.say --voice echo --out answer.wav "We bake bread."
"""

from __future__ import annotations

import argparse
import wave
from collections.abc import Sequence
from pathlib import Path

from server.engine.voices import SAMPLE_RATE_HZ, Voices, names


def say(text: str, voice: str, out: Path, speed: float = 1.0, voices: Voices | None = None) -> int:
    """Write `text` spoken by `voice` to `out`; returns the length in ms (0 for text without a sound)."""
    pcm = b"".join(chunk.pcm for chunk in (voices or Voices()).speak(text, voice, speed))
    with wave.open(str(out), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm)
    return len(pcm) // 2 * 1000 // SAMPLE_RATE_HZ


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="say", description="Speak a text into a WAV file.")
    parser.add_argument("--voice", default="echo", choices=names())
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("text")
    given = parser.parse_args(arguments)
    say(given.text, given.voice, given.out, given.speed)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

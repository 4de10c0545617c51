"""Who speaks and listens: OpenAI with a key, else the embedded engine."""

from __future__ import annotations

from dataclasses import dataclass

from server.costs import TokenPrice, token_prices
from server.settings import values
from server.settings.descriptor import setting


@dataclass(frozen=True)
class Voices:
    """See the module; part of `server.settings.Settings`."""

    openai_api_key: str = setting(
        "",
        "OPENAI_API_KEY",
        values.text,
        "a key",
        "With it the team's voices are OpenAI's; without it the embedded engine speaks.",
        secret=True,
    )
    openai_base_url: str = setting(
        "",
        "OPENAI_BASE_URL",
        values.url,
        "an http or https address",
        "Another server that speaks the OpenAI protocol, used with the key.",
    )
    realtime_model: str = setting(
        "gpt-realtime-2.1",
        "MOENTREPRISE_REALTIME_MODEL",
        values.text,
        "a model's name",
        "The model of the voices.",
    )
    transcription_model: str = setting(
        "gpt-transcribe",
        "MOENTREPRISE_TRANSCRIPTION_MODEL",
        values.text,
        "a model's name",
        "The model that writes down what you say.",
    )
    token_prices: tuple[TokenPrice, ...] = setting(
        (),
        "MOENTREPRISE_TOKEN_PRICES",
        token_prices,
        "prices such as input.text=4, cached.text=0.4, output.audio=64",
        "What a million of the voices' tokens costs, by kind; with it `/metrics` and the log tell costs."
        " Cached input without a price costs what other input does.",
    )
    brain_url: str = setting(
        "",
        "MOENTREPRISE_BRAIN_URL",
        values.url,
        "an http or https address",
        "An OpenAI-compatible chat endpoint (up to and with /v1): the embedded engine then says what its "
        "model answers, and templates only when that fails.",
    )
    brain_model: str = setting(
        "default",
        "MOENTREPRISE_BRAIN_MODEL",
        values.text,
        "a model's name",
        "The model that the chat endpoint is asked for.",
    )
    brain_key: str = setting(
        "",
        "MOENTREPRISE_BRAIN_KEY",
        values.text,
        "a key",
        "The chat endpoint's key, if it wants one.",
        secret=True,
    )
    voice_model: str = setting(
        "",
        "MOENTREPRISE_VOICE_MODEL",
        values.text,
        "a folder",
        "A folder with a Kokoro, VITS or Piper model in sherpa-onnx's form: the embedded engine speaks "
        "with it.",
    )
    hearing_model: str = setting(
        "",
        "MOENTREPRISE_HEARING_MODEL",
        values.text,
        "a folder",
        "A folder with a streaming transducer in sherpa-onnx's form: the embedded engine hears with it.",
    )

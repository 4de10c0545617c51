"""The `usage` of a `response.done`, read carefully: services differ in how much of it they tell."""

from __future__ import annotations

from orchestration.realtime_wire import JsonObject, count_of, object_of
from orchestration.usage import Usage


def usage_of(response: JsonObject) -> Usage | None:
    """The tokens of a response that ended; None where the service counts none.

    Tokens without a modality are text. Cached tokens are a part of the input there and apart from it
    here, so that each token is counted once.
    """
    usage = object_of(response, "usage")
    given, made = object_of(usage, "input_token_details"), object_of(usage, "output_token_details")
    input_text, input_audio, input_image = _parts(given, count_of(usage, "input_tokens"))
    output_text, output_audio, _ = _parts(made, count_of(usage, "output_tokens"))
    details = object_of(given, "cached_tokens_details")
    cached_text, cached_audio, cached_image = (
        min(cached, whole)
        for cached, whole in zip(
            _parts(details, count_of(given, "cached_tokens")),
            (input_text, input_audio, input_image),
            strict=True,
        )
    )
    found = Usage(
        input_text=input_text - cached_text,
        input_audio=input_audio - cached_audio,
        input_image=input_image - cached_image,
        cached_text=cached_text,
        cached_audio=cached_audio,
        cached_image=cached_image,
        output_text=output_text,
        output_audio=output_audio,
    )
    return found if found != Usage() else None


def _parts(details: JsonObject, whole: int | None) -> tuple[int, int, int]:
    """Text, audio and image tokens. Text is what is left of `whole` where it is not told."""
    audio, image = count_of(details, "audio_tokens") or 0, count_of(details, "image_tokens") or 0
    text = count_of(details, "text_tokens")
    if text is None:
        text = max(0, (whole or 0) - audio - image)
    return text, audio, image

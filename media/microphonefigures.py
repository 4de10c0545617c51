"""What has become of a microphone's packets, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MicrophoneFigures:
    """Since the microphone's beginning, over all its streams."""

    received: int
    """Packets that came, the late, double and malformed ones too."""
    lost: int
    """Packets that never came, and malformed ones."""
    late: int
    """Packets that came after they had been given up."""
    recovered: int
    """Lost or late packets that were rebuilt from the FEC of the next one."""
    concealed_samples: int
    """24 kHz samples that stand for lost ones and were in no packet."""
    corrected_samples: int
    """24 kHz samples left out or repeated to keep in step with the session clock."""
    delay_ms: float
    """How much later than the earliest possible the newest sample was passed on."""
    patience_ms: float
    """How long a hole is waited for at present."""
    speech: int
    """Packets that ended in sound, by the gate's guess."""
    speech_missing: int
    """Packets neither received in time nor rebuilt, from the midst of sound, by the same guess."""

    @property
    def missing(self) -> int:
        """Packets neither received in time nor rebuilt."""
        return self.lost + self.late - self.recovered

"""Runs what others wrote behind walls: another user, no network, no files but those given, and limits.

`probe()` tells whether this machine can. Where it cannot, nothing that was generated is ever executed.
"""

from orchestration.adapters.sandbox.files import get, put
from orchestration.adapters.sandbox.folders import Swept, What, sweep
from orchestration.adapters.sandbox.probing import probe
from orchestration.adapters.sandbox.running import Running
from orchestration.adapters.sandbox.sandbox import Expose, Sandbox
from orchestration.adapters.sandbox.terms import Ended, Exit, Limits, Missing, Mount, SandboxError

__all__ = [
    "Ended",
    "Exit",
    "Expose",
    "Limits",
    "Missing",
    "Mount",
    "Running",
    "Sandbox",
    "SandboxError",
    "Swept",
    "What",
    "get",
    "probe",
    "put",
    "sweep",
]

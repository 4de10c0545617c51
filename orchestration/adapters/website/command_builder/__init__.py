"""A site that an agent's command line writes (Codex, OpenManus, opencode): a profile for each, as data.

Such an agent needs the network for its model, which the sandbox never gives. So it runs outside of it, as
this user, in a private copy of the project, and only where the operator has said so. Of what it wrote, files
that may be written are copied; they are built and checked in the sandbox as all others.
"""

from orchestration.adapters.website.command_builder.author import CommandAuthor
from orchestration.adapters.website.command_builder.profiles import PROFILES, Profile

__all__ = ["PROFILES", "CommandAuthor", "Profile"]

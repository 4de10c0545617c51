"""Sites whose source is written by somebody else, a model or an agent's command line: what both share.

They start from the project that the usual builder writes, change what they may, and what they wrote is built
and checked as everything else is. Whatever goes wrong, the usual builder goes on, and the result says why.
"""

from orchestration.adapters.website.authored.bench import Bench
from orchestration.adapters.website.authored.builder import AuthoredBuilder
from orchestration.adapters.website.authored.kit import BuildFailed, Draft, Kit
from orchestration.adapters.website.authored.rules import Refused
from orchestration.adapters.website.authored.terms import Author, Unable

__all__ = ["Author", "AuthoredBuilder", "Bench", "BuildFailed", "Draft", "Kit", "Refused", "Unable"]

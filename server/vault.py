"""What must not lie readable on a disk: encrypted with Fernet (AES-128-CBC and HMAC), under one key.

The key is the operator's (MOENTREPRISE_SECRET_KEY) or is made once, in a file of the data folder that this
user alone may read.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

FILE = "secret.key"


class Vault:
    """Made without touching the disk; the methods raise OSError when the key can be neither read nor made."""

    def __init__(self, data: Path, secret: str = "") -> None:
        self._path = data / FILE
        self._secret = secret

    def seal(self, text: str) -> bytes:
        return self._fernet(make=True).encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Raises ValueError when it was not sealed with this key, or was changed."""
        try:
            return self._fernet(make=False).decrypt(sealed).decode()
        except (InvalidToken, FileNotFoundError):
            raise ValueError("it was sealed with another key") from None

    def _fernet(self, make: bool) -> Fernet:
        if self._secret:
            return Fernet(base64.urlsafe_b64encode(hashlib.sha256(self._secret.encode()).digest()))
        if make:
            self._make()
        return Fernet(self._path.read_bytes())

    def _make(self) -> None:
        """Once, and whole: another process may do it at the same time."""
        if self._path.exists():
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f".{FILE}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        try:
            with contextlib.suppress(FileExistsError):
                os.link(fresh, self._path)
        finally:
            fresh.unlink()

"""A certificate of our own for the local network, where browsers give a microphone to https alone."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ifaddr
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 397
"""What browsers accept at most for a server (CA/Browser Forum, Baseline Requirements 6.3.2)."""
RENEW_DAYS = 30
_SHARED = ipaddress.ip_network(
    "100.64.0.0/10"
)  # RFC 6598; overlay networks between one's own machines use it
_VIRTUAL = ("docker", "br-", "veth", "virbr", "cni", "podman")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where the certificate and its key lie, as PEM."""

    cert: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.cert, self.key)
        return context


def lan_addresses() -> list[str]:
    """The private IPv4 addresses of this machine, the one of the default route first. Sends nothing."""
    found = [
        str(ip.ip)
        for adapter in ifaddr.get_adapters()
        if not adapter.nice_name.startswith(_VIRTUAL)
        for ip in adapter.ips
        if ip.is_IPv4
    ]
    private = sorted({address for address in found if is_lan(address)})
    first = _default_route_address()
    return sorted(private, key=lambda address: address != first)


def is_lan(address: str) -> bool:
    """Whether a phone beside us could reach this address: private, neither loopback nor link-local."""
    ip = ipaddress.ip_address(address)
    return (ip.is_private or ip in _SHARED) and not (ip.is_loopback or ip.is_link_local or ip.is_unspecified)


def _default_route_address() -> str:
    """Connecting a datagram socket only asks the routing table; nothing leaves the machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: an address for documentation
        except OSError:
            return ""
        address: str = probe.getsockname()[0]
        return address


def host_names() -> list[str]:
    """This machine's names as others on the network may write them."""
    name = socket.gethostname().split(".")[0].lower()
    usable = name.isascii() and name.replace("-", "").isalnum() and name != "localhost"
    return ["localhost", *([name, f"{name}.local"] if usable else [])]


def ensure_certificate(folder: Path, addresses: Sequence[str], now: datetime | None = None) -> Certificate:
    """The kept certificate when it still fits, else a new one.

    It fits while it names every one of `addresses` and has 30 days to go. `folder` is made readable for its
    owner only. Raises OSError when it cannot be written.
    """
    now = now or datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = Certificate(folder / "cert.pem", folder / "key.pem")
    if not _fits(kept, addresses, now):
        _write(kept, ["127.0.0.1", "::1", *addresses], host_names(), now)
    return kept


def _fits(kept: Certificate, addresses: Iterable[str], now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(kept.cert.read_bytes())
        kept.context()
    except (OSError, ValueError):  # ssl.SSLError is an OSError: key and certificate do not match
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    named = {str(ip) for ip in names.get_values_for_type(x509.IPAddress)}
    return set(addresses) <= named and now < certificate.not_valid_after_utc - timedelta(days=RENEW_DAYS)


def _write(to: Certificate, addresses: Sequence[str], names: Sequence[str], now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(key, addresses, names, now)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _replace(to.key, pem)
    _replace(to.cert, certificate.public_bytes(Encoding.PEM))


def _signed(
    key: ec.EllipticCurvePrivateKey, addresses: Sequence[str], names: Sequence[str], now: datetime
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Moentreprise on this network")])
    alternative: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    alternative += [x509.IPAddress(ipaddress.ip_address(address)) for address in dict.fromkeys(addresses)]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # the phone's clock may be behind
        .not_valid_after(now + timedelta(days=VALID_DAYS - 1))
        .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _replace(path: Path, content: bytes) -> None:
    """Write for the owner only, then rename: nobody ever reads half a file."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)

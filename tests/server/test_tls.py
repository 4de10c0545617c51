"""The certificate for the network names this machine's addresses, is kept, and is renewed in time."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from server import tls

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADDRESSES = ["192.168.1.7", "10.0.0.3"]


def read(certificate: tls.Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.cert.read_bytes())


def test_it_names_every_address_and_the_machine(tmp_path: Path) -> None:
    certificate = read(tls.ensure_certificate(tmp_path / "tls", ADDRESSES, NOW))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = [str(ip) for ip in names.get_values_for_type(x509.IPAddress)]
    assert set(addresses) == {"127.0.0.1", "::1", *ADDRESSES}
    assert "localhost" in names.get_values_for_type(x509.DNSName)


def test_only_its_owner_can_read_the_key(tmp_path: Path) -> None:
    kept = tls.ensure_certificate(tmp_path / "tls", ADDRESSES, NOW)
    assert kept.key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700


def test_it_is_kept_so_that_a_phone_asks_once(tmp_path: Path) -> None:
    first = tls.ensure_certificate(tmp_path, ADDRESSES, NOW).cert.read_bytes()
    again = tls.ensure_certificate(tmp_path, ADDRESSES[:1], NOW + timedelta(days=300)).cert.read_bytes()
    assert again == first


@pytest.mark.parametrize(("addresses", "days"), [([*ADDRESSES, "192.168.1.8"], 0), (ADDRESSES, 370)])
def test_it_is_renewed_for_a_new_address_and_before_it_expires(
    tmp_path: Path, addresses: list[str], days: int
) -> None:
    first = tls.ensure_certificate(tmp_path, ADDRESSES, NOW).cert.read_bytes()
    later = NOW + timedelta(days=days)
    renewed = tls.ensure_certificate(tmp_path, addresses, later)
    assert renewed.cert.read_bytes() != first
    assert read(renewed).not_valid_after_utc > later + timedelta(days=300)
    assert renewed.key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["cert.pem", "key.pem"])
def test_a_damaged_file_is_replaced(tmp_path: Path, name: str) -> None:
    tls.ensure_certificate(tmp_path, ADDRESSES, NOW)
    (tmp_path / name).write_text("no longer a certificate")
    tls.ensure_certificate(tmp_path, ADDRESSES, NOW).context()


def test_it_is_not_valid_for_longer_than_browsers_accept(tmp_path: Path) -> None:
    certificate = read(tls.ensure_certificate(tmp_path, ADDRESSES, NOW))
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=397)


def test_a_client_that_trusts_it_gets_through_by_address(tmp_path: Path) -> None:
    kept = tls.ensure_certificate(tmp_path, [])
    client_context = ssl.create_default_context(cafile=kept.cert)
    here, there = socket.socketpair()
    with here, there:
        serving = threading.Thread(target=lambda: kept.context().wrap_socket(there, server_side=True).close())
        serving.start()
        with client_context.wrap_socket(here, server_hostname="127.0.0.1") as secured:
            assert secured.version() in ("TLSv1.2", "TLSv1.3")
        serving.join()


@pytest.mark.parametrize(
    ("address", "reachable"),
    [
        ("192.168.0.2", True),
        ("10.1.2.3", True),
        ("172.20.0.9", True),
        ("100.100.1.1", True),
        ("127.0.0.1", False),
        ("169.254.3.4", False),
        ("8.8.8.8", False),
        ("0.0.0.0", False),
    ],
)
def test_only_addresses_that_a_phone_could_reach_count(address: str, reachable: bool) -> None:
    assert tls.is_lan(address) is reachable


def test_the_machines_own_addresses_are_all_of_that_kind() -> None:
    for address in tls.lan_addresses():
        assert ipaddress.ip_address(address).version == 4
        assert tls.is_lan(address)

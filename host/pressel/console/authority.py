"""The venue's own certificate authority: made once, it signs the console's certificate, which is
made anew before it ends or when the console gets another name. Browsers and commands are told to
trust the authority once, by its fingerprint.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pressel.errors import PresselError, UsageError
from pressel.registry.secret_file import read_private
from pressel.whole_file import write_whole

from .secrets_kept import AUTHORITY_KEY, CONSOLE_KEY, TLS

AUTHORITY_DAYS = 3650  # as long as a venue's boxes
DAYS = 397  # browsers take none that lasts longer
RENEWED_DAYS = 30  # before its end: a console is started anew within a month
TOLD_DAYS = 90  # before the authority's end: everybody has to compare and log in anew
EARLIER = datetime.timedelta(days=1)  # a browser whose clock is behind
_KEY_BYTES_MAX = 10_000
_WRITABLE = 0o022  # by group or others
_UNREADABLE = (OSError, ValueError, TypeError, UnsupportedAlgorithm)  # a damaged PEM may be any

Name = x509.Name


@dataclass(frozen=True)
class Identity:
    """Files of the certificate and its key, and the authority's certificate, PEM, with its end."""

    certificate: Path
    key: Path
    authority: str
    ends: datetime.datetime

    @property
    def fingerprint(self) -> str:
        """Of the authority: what people compare."""
        return fingerprint(self.authority)


def fingerprint(pem: str) -> str:
    """SHA-256 of a certificate in groups of four. ValueError when it is none."""
    digest = x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA256()).hex().upper()
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def ends(state: Path) -> dict[str, datetime.datetime]:
    """When the certificates end that are there: "authority", "console". PresselError when one of
    them cannot be read."""
    found = {}
    for name in ("authority", "console"):
        file = state / TLS / f"{name}.pem"
        try:
            known = x509.load_pem_x509_certificate(file.read_bytes())
        except FileNotFoundError:
            continue
        except _UNREADABLE as error:
            raise PresselError(f"cannot use {file}: {error}") from error
        found[name] = known.not_valid_after_utc
    return found


def ends_soon(end: datetime.datetime, now: datetime.datetime) -> str:
    """When the authority ends, and what then, in a sentence; "" while that is far."""
    if end - now > datetime.timedelta(days=TOLD_DAYS):
        return ""
    return (
        f"the venue's authority ends on {end:%Y-%m-%d}: until then delete the folder {TLS} of "
        "the host's state and start the console anew; everybody then compares the new fingerprint "
        "and logs in"
    )


def identity(state: Path, names: Iterable[str], now: datetime.datetime) -> Identity:
    """That of the console of the host with the folder `state`, good for `names`; made where it is
    missing or ends soon. PresselError when the files cannot be read or written, others could have
    read or put them, or the authority has ended."""
    folder = state / TLS
    _check_folder(folder)
    wanted = sorted({name.lower() for name in names})
    authority, authority_key = _authority(folder, now)
    certificate, key = folder / "console.pem", folder / CONSOLE_KEY
    if not _is_good(certificate, key, authority, wanted, now):
        own = ec.generate_private_key(ec.SECP256R1())
        signed = _signed(wanted, own.public_key(), authority, authority_key, now)
        write_whole(key, _text(own))
        write_whole(certificate, _pem(signed) + _pem(authority))
    return Identity(certificate, key, _pem(authority), authority.not_valid_after_utc)


def _check_folder(folder: Path) -> None:
    """Who can write in it can put another authority there."""
    try:
        facts = folder.lstat()
        owners = (os.geteuid(), folder.parent.stat().st_uid)
    except FileNotFoundError:
        return
    except OSError as error:
        raise PresselError(f"cannot use {folder}: {error.strerror}") from error
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid not in owners:
        raise PresselError(f"{folder} is no folder of this host's user; look who put it there")
    if facts.st_mode & _WRITABLE:
        raise PresselError(
            f"others can write in {folder}: delete it, start the console again, and let everybody "
            "log in anew"
        )


def _authority(
    folder: Path, now: datetime.datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    file, key_file = folder / "authority.pem", folder / AUTHORITY_KEY
    try:
        known = x509.load_pem_x509_certificate(file.read_bytes())
        key = _read_key(key_file, "key of the venue's authority")
        # These are read only when they are wanted: a damaged one is found here.
        public, _ = known.public_key(), known.subject.public_bytes()
    except FileNotFoundError:
        return _new_authority(file, key_file, now)
    except UsageError as error:
        raise PresselError(
            f"{error}; if somebody else has had it, delete {folder} instead: everybody then "
            "compares the new fingerprint and logs in"
        ) from error
    except _UNREADABLE as error:
        raise PresselError(
            f"cannot use {folder}: {error}; restore it, or delete it and log in everywhere anew"
        ) from error
    is_pair = isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == public
    if not is_pair:
        raise PresselError(f"key and certificate in {folder} do not belong together")
    if now >= known.not_valid_after_utc:
        raise PresselError(
            f"the venue's authority has ended on {known.not_valid_after_utc:%Y-%m-%d}: delete "
            f"{folder} and start the console again; everybody then compares the new fingerprint "
            "and logs in"
        )
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return known, key


def _read_key(file: Path, kind: str) -> object:
    return serialization.load_pem_private_key(read_private(file, kind, _KEY_BYTES_MAX), None)


def _new_authority(
    file: Path, key_file: Path, now: datetime.datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pressel of this venue")])
    made = (
        _begun(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_whole(key_file, _text(key))
    write_whole(file, _pem(made))
    return made, key


def _signed(
    names: list[str],
    key: ec.EllipticCurvePublicKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pressel console")])
    left = authority.not_valid_after_utc - now
    return (
        _begun(subject, authority.subject, key, now, min(DAYS, max(1, left.days)))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), False)
        .sign(authority_key, hashes.SHA256())
    )


def _begun(
    subject: Name, issuer: Name, key: ec.EllipticCurvePublicKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates,
        crl_sign=signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _is_good(
    file: Path,
    key_file: Path,
    authority: x509.Certificate,
    names: list[str],
    now: datetime.datetime,
) -> bool:
    """Whether the certificate on disk is still the one that is wanted; a damaged one is not, nor
    one whose key others could read."""
    try:
        known = x509.load_pem_x509_certificate(file.read_bytes())
        key = _read_key(key_file, "key of the console")
        known.verify_directly_issued_by(authority)
        told = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (*_UNREADABLE, UsageError, x509.ExtensionNotFound, InvalidSignature):
        return False
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != known.public_key():
        return False
    ends = known.not_valid_after_utc - datetime.timedelta(days=RENEWED_DAYS)
    has = set(told) == {_general(each) for each in names}
    return has and known.not_valid_before_utc <= now < ends


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _text(key: ec.EllipticCurvePrivateKey) -> str:
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode(
        "ascii"
    )

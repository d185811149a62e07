"""Who may take part: whoever has the files of one folder. A scheduler and the boxes that lend
themselves carry out whatever each other says, so all of them show a certificate that one authority
has signed, and take nobody who does not.

The authority's key is not kept: nobody can be let in later but by a copy of the folder, and all are
locked out by another folder.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pressel.errors import UsageError
from pressel.registry.secret_file import read_private
from pressel.whole_file import write_whole

AUTHORITY, CERTIFICATE, KEY = "authority.pem", "certificate.pem", "key.pem"
_SHOWN = (("cert", CERTIFICATE), ("key", KEY))
DAYS = 365  # a farm is made for a season of tests
_EARLIER = datetime.timedelta(days=1)  # a box whose clock is behind
_KEY_BYTES_MAX = 10_000


def make(folder: Path, now: datetime.datetime) -> None:
    """Write the three files into `folder`, which nobody else can read. UsageError when one is there
    already; PresselError when they cannot be written."""
    for name in (KEY, CERTIFICATE, AUTHORITY):
        if (folder / name).exists():
            raise UsageError(f"{folder} has keys already; name another folder, or delete it first")
    signer, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name, own_name = _named("Pressel's farm, authority"), _named("Pressel's farm")
    authority = _signed(authority_name, signer.public_key(), authority_name, signer, now)
    certificate = _signed(own_name, own.public_key(), authority_name, signer, now)
    text = own.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_whole(folder / KEY, text.decode("ascii"))
    write_whole(folder / CERTIFICATE, certificate)
    write_whole(folder / AUTHORITY, authority)


def security(folder: Path, distributed: Any) -> Any:
    """What Dask needs to know of the keys in `folder`. UsageError when one is missing, damaged or
    over, or others can read the key."""
    try:
        read_private(folder / KEY, "key of the farm", _KEY_BYTES_MAX)
        known = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
    except FileNotFoundError as error:
        raise UsageError(
            f"{error.filename} is missing; 'pressel sim farm keys {folder}' makes keys, and all "
            "who take part have a copy of that folder"
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError(f"the keys in {folder} cannot be read: {error}; copy them anew") from error
    if datetime.datetime.now(datetime.UTC) >= known.not_valid_after_utc:
        raise UsageError(
            f"the keys in {folder} have ended on {known.not_valid_after_utc:%Y-%m-%d}; make others"
        )
    files = {"tls_ca_file": str(folder / AUTHORITY)}
    for role in ("tls_client", "tls_scheduler", "tls_worker"):
        files |= {f"{role}_{what}": str(folder / file) for what, file in _SHOWN}
    return distributed.Security(require_encryption=True, **files)


def _named(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


def _signed(
    name: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
) -> str:
    is_authority = name == issuer
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(
            x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None),
            critical=True,
        )
        .sign(signer, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode("ascii")

//! Who may vouch for an archive, and whether somebody did.

use std::fmt;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use pgp::composed::{
    CleartextSignedMessage, Deserializable, DetachedSignature, SignedPublicKey, SignedPublicSubKey,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{RevocationCode, Signature, SignatureType};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, Tag, VerifyingKey};

/// Debian's keys in use and its retired ones; see `keyrings/README.md`.
const DEBIAN: [&[u8]; 2] = [
    include_bytes!("../keyrings/debian-archive-keyring.gpg"),
    include_bytes!("../keyrings/debian-archive-removed-keys.gpg"),
];

/// SHA-1 signatures made from here on count for nothing. Debian had left SHA-1
/// by then, and apt has refused it since 1.2.7 (March 2016).
const SHA1_UNTIL: i64 = 1_451_606_400; // 2016-01-01T00:00:00Z

/// So far may the signer's clock be ahead, in seconds (apt's Max-FutureTime).
const CLOCK_SKEW: i64 = 10;

/// The keys that are trusted to sign a release.
#[derive(Clone)]
pub struct Keyring {
    keys: Vec<SignedPublicKey>,
}

/// Who signed something, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signer {
    /// Fingerprint of the primary key, in capital hexadecimal digits.
    pub(crate) fingerprint: String,
    pub(crate) signed: Timestamp,
}

/// Why no signature counts; one reason for each.
pub(crate) type Refusal = String;

impl Keyring {
    /// The keys of the Debian archive, those in use and those retired.
    ///
    /// # Panics
    /// Where the built-in keyrings are damaged, which a test rules out.
    #[must_use]
    pub fn debian() -> Self {
        let keys = DEBIAN.iter().flat_map(|bytes| {
            Self::parse(bytes)
                .expect("the built-in keyrings are valid")
                .keys
        });
        Self {
            keys: keys.collect(),
        }
    }

    /// Reads binary OpenPGP public keys, as `gpg --export` writes them.
    ///
    /// # Errors
    /// Where there is no key in it that this program can use.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        // A key of a kind that is not supported, such as one of 1997, is left out.
        let keys: Vec<_> = SignedPublicKey::from_bytes_many(bytes)
            .context("this is no OpenPGP keyring")?
            .filter_map(Result::ok)
            .collect();
        ensure!(!keys.is_empty(), "there is no usable key in this keyring");
        Ok(Self { keys })
    }

    /// The text inside a cleartext-signed file, with line feeds as line ends,
    /// and one of those who signed it.
    pub(crate) fn open(&self, file: &[u8], now: Timestamp) -> Result<(String, Signer), Refusal> {
        let (message, _) = CleartextSignedMessage::from_armor(file)
            .map_err(|error| format!("no cleartext-signed file ({error})"))?;
        let text = message.signed_text();
        let signer = self.any(message.signatures(), text.as_bytes(), now)?;
        Ok((text.replace("\r\n", "\n"), signer))
    }

    /// Checks a detached, armored signature.
    pub(crate) fn verify(
        &self,
        file: &[u8],
        signature: &[u8],
        now: Timestamp,
    ) -> Result<Signer, Refusal> {
        let (signatures, _) = DetachedSignature::from_armor_many(signature)
            .map_err(|error| format!("no signature file ({error})"))?;
        let signatures: Vec<_> = signatures.filter_map(Result::ok).map(|s| s.signature).collect();
        self.any(&signatures, file, now)
    }

    /// One valid signature by one trusted key is enough, as it is for apt.
    fn any(&self, signatures: &[Signature], data: &[u8], now: Timestamp) -> Result<Signer, Refusal> {
        let mut refusals = Vec::new();
        for signature in signatures {
            match self.signer(signature, data, now) {
                Ok(signer) => return Ok(signer),
                Err(refusal) => refusals.push(refusal),
            }
        }
        refusals.sort();
        refusals.dedup();
        Err(match refusals.is_empty() {
            true => "no signature".to_owned(),
            false => refusals.join("; "),
        })
    }

    fn signer(&self, signature: &Signature, data: &[u8], now: Timestamp) -> Result<Signer, Refusal> {
        let created = signature.created().map(|time| i64::from(time.as_secs()));
        let created = created.ok_or("a signature without a date")?;
        let date = Timestamp::from_second(created).map_err(|error| error.to_string())?;
        check_signature(signature, created, now)?;
        let mut refusal = format!("a signature by the unknown key {}", issuer(signature));
        for key in &self.keys {
            let fingerprint = format!("{:X}", key.fingerprint());
            let verified = if signature.verify(&key.primary_key, data).is_ok() {
                Ok(Validity::of_primary(key))
            } else if let Some(subkey) = (key.public_subkeys.iter())
                .find(|subkey| signature.verify(&subkey.key, data).is_ok())
            {
                Validity::of_subkey(key, subkey)
            } else {
                if names(signature, key) {
                    refusal = format!("a bad signature by {fingerprint}");
                }
                continue;
            };
            match verified.and_then(|validity| validity.check(created)) {
                Ok(()) => return Ok(Signer { fingerprint, signed: date }),
                Err(why) => refusal = format!("a signature of {date} by {fingerprint}, {why}"),
            }
        }
        Err(refusal)
    }
}

/// What can be said against a signature before any key is looked at.
fn check_signature(signature: &Signature, created: i64, now: Timestamp) -> Result<(), Refusal> {
    if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) {
        return Err("a signature that is not over a file".to_owned());
    }
    match signature.hash_alg() {
        Some(HashAlgorithm::Sha256 | HashAlgorithm::Sha384 | HashAlgorithm::Sha512) => {}
        Some(HashAlgorithm::Sha1) if created < SHA1_UNTIL => {}
        other => {
            let other = other.map_or("an unknown hash".to_owned(), |hash| hash.to_string());
            return Err(format!("a signature with {other}, which is too weak"));
        }
    }
    if created > now.as_second() + CLOCK_SKEW {
        return Err("a signature dated in the future (is this machine's clock right?)".to_owned());
    }
    let lifetime = signature.signature_expiration_time();
    match lifetime.map(|lifetime| i64::from(lifetime.as_secs())) {
        Some(lifetime) if lifetime != 0 && created + lifetime <= now.as_second() => {
            Err("a signature that has expired".to_owned())
        }
        _ => Ok(()),
    }
}

fn issuer(signature: &Signature) -> String {
    let fingerprint = signature.issuer_fingerprint().first().map(|f| format!("{f:X}"));
    let id = || signature.issuer_key_id().first().map(|id| format!("{id}"));
    fingerprint.or_else(id).unwrap_or_else(|| "without a name".to_owned())
}

/// Whether a signature claims to be by this key or one of its subkeys.
fn names(signature: &Signature, key: &SignedPublicKey) -> bool {
    let issuers = signature.issuer_key_id();
    issuers.contains(&&key.legacy_key_id())
        || (key.public_subkeys.iter()).any(|subkey| issuers.contains(&&subkey.key.legacy_key_id()))
}

/// When a key could sign, in seconds since 1970: from its creation to its
/// expiry or revocation.
struct Validity {
    from: i64,
    until: Option<i64>,
}

impl Validity {
    /// By the newest self-signature, which is how an expiry is put off.
    fn of_primary(key: &SignedPublicKey) -> Self {
        let primary = &key.primary_key;
        let by_user = key.details.users.iter().flat_map(|user| {
            (user.signatures.iter())
                .filter(|s| s.verify_certification(primary, Tag::UserId, &user.id).is_ok())
        });
        let direct = (key.details.direct_signatures.iter()).filter(|s| s.verify_key(primary).is_ok());
        let revocations = key.details.revocation_signatures.iter();
        Self::new(
            primary,
            by_user.chain(direct),
            revocations.filter(|s| s.verify_key(primary).is_ok()),
        )
    }

    /// A subkey signs only while its primary key may, too.
    fn of_subkey(key: &SignedPublicKey, subkey: &SignedPublicSubKey) -> Result<Self, Refusal> {
        let bound: Vec<_> = (subkey.signatures.iter())
            .filter(|s| s.verify_subkey_binding(&key.primary_key, &subkey.key).is_ok())
            .collect();
        let of_type = |typ| bound.iter().copied().filter(move |s| s.typ() == Some(typ));
        let may_sign = of_type(SignatureType::SubkeyBinding).any(|binding| {
            // The subkey has to agree, or any key could be claimed.
            binding.key_flags().sign()
                && binding.embedded_signature().is_some_and(|back| {
                    back.verify_primary_key_binding(&subkey.key, &key.primary_key).is_ok()
                })
        });
        if !may_sign {
            return Err("whose subkey may not sign".to_owned());
        }
        let primary = Self::of_primary(key);
        let own = Self::new(
            &subkey.key,
            of_type(SignatureType::SubkeyBinding),
            of_type(SignatureType::SubkeyRevocation),
        );
        Ok(Self {
            from: primary.from.max(own.from),
            until: [primary.until, own.until].into_iter().flatten().min(),
        })
    }

    fn new<'a>(
        key: &(impl VerifyingKey + Serialize),
        bindings: impl Iterator<Item = &'a Signature>,
        revocations: impl Iterator<Item = &'a Signature>,
    ) -> Self {
        let seconds = |signature: &Signature| signature.created().map_or(0, |t| i64::from(t.as_secs()));
        let from = i64::from(key.created_at().as_secs());
        let newest = bindings
            .filter(|s| s.typ() != Some(SignatureType::CertRevocation))
            .max_by_key(|s| seconds(s));
        // A key that nothing binds to its owner never signs.
        let expiry = match newest {
            None => Some(from),
            Some(binding) => (binding.key_expiration_time())
                .map(|lifetime| i64::from(lifetime.as_secs()))
                .filter(|lifetime| *lifetime != 0)
                .map(|lifetime| from + lifetime),
        };
        // What a retired key signed before it was revoked stays valid; what a
        // stolen one signed never was (RFC 9580, section 5.2.3.31).
        let revoked = revocations.map(|revocation| match revocation.revocation_reason_code() {
            Some(RevocationCode::KeySuperseded | RevocationCode::KeyRetired) => seconds(revocation),
            _ => from,
        });
        Self {
            from,
            until: revoked.chain(expiry).min(),
        }
    }

    fn check(&self, signed: i64) -> Result<(), Refusal> {
        if signed < self.from {
            return Err("made before the key was".to_owned());
        }
        match self.until {
            Some(until) if signed >= until => {
                Err("when that key had expired or was revoked".to_owned())
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({} keys)", self.keys.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_keyrings_hold_the_keys_of_every_release() {
        let keyring = Keyring::debian();
        let fingerprints: Vec<_> = (keyring.keys.iter())
            .map(|key| format!("{:X}", key.fingerprint()))
            .collect();
        for (release, key) in [
            ("squeeze", "9FED2BCBDCD29CDF762678CBAED4B06F473041FA"),
            ("wheezy", "A1BD8E9D78F7FE5C3E65D8AF8B48AD6246925553"),
            ("jessie", "126C0D24BD8A2942CC7DF8AC7638D0442B90D010"),
            ("bookworm", "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8"),
            ("trixie", "04B54C3CDCA79751B16BC6B5225629DF75B188BD"),
        ] {
            assert!(fingerprints.iter().any(|f| f == key), "{release}: {fingerprints:#?}");
        }
    }
}

//! The keys that may sign a release file, and whether one of them did.

use std::fmt;

use anyhow::{Result, ensure};
use jiff::Timestamp;
use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Packet, PacketParser, Signature, SignatureType};
use pgp::types::KeyDetails;

use crate::debian::cleartext;
use crate::debian::validity::Validity;

/// Debian's keys in use and its retired ones; see `keyrings/README.md`.
const DEBIAN: [&[u8]; 2] = [
    include_bytes!("../../keyrings/debian-archive-keyring.gpg"),
    include_bytes!("../../keyrings/debian-archive-removed-keys.gpg"),
];

/// SHA-1 signatures made from here on count for nothing. Debian had left SHA-1
/// by then, and apt has refused it since 1.2.7 (March 2016).
const SHA1_UNTIL: i64 = 1_451_606_400; // 2016-01-01T00:00:00Z

/// So far may the signer's clock be ahead, in seconds (apt's Max-FutureTime).
const CLOCK_SKEW: i64 = 10;

/// A signed file has some thousand lines; one of more is none of Debian's.
const MAX_LINES: usize = 20_000;
/// Debian signs with two to four keys.
const MAX_SIGNATURES: usize = 32;
/// One signature has some 800 bytes.
const MAX_ARMOR: usize = 64 << 10;

const UNSIGNED: &str = "no cleartext-signed file";

/// Whether a refusal is of something without any signature, such as the page of a
/// portal that stands for every address.
pub(crate) fn is_unsigned(refusal: &str) -> bool {
    refusal.starts_with(UNSIGNED)
}

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
        // What GnuPG notes for itself in its own key rings would part a key from its owner.
        let packets = PacketParser::new(bytes).filter(|it| !matches!(it, Ok(Packet::Trust(_))));
        let keys: Vec<_> = SignedPublicKey::from_packets(packets.peekable())
            .filter_map(Result::ok)
            .collect();
        ensure!(!keys.is_empty(), "there is no usable key in this keyring");
        Ok(Self { keys })
    }

    /// No keys: nothing is signed by one of them.
    pub(crate) fn empty() -> Self {
        Self { keys: Vec::new() }
    }

    /// Adds the keys of another ring.
    pub(crate) fn extend(&mut self, other: Self) {
        self.keys.extend(other.keys);
    }

    /// Keeps the keys whose fingerprint, in capital digits, is wanted.
    pub(crate) fn keep(&mut self, is_wanted: impl Fn(&str) -> bool) {
        let wanted = |key: &SignedPublicKey| is_wanted(&format!("{:X}", key.fingerprint()));
        self.keys.retain(wanted);
    }

    /// Whether the key with this fingerprint is in it.
    pub(crate) fn has(&self, fingerprint: &str) -> bool {
        let mut keys = self.keys.iter();
        keys.any(|key| format!("{:X}", key.fingerprint()) == fingerprint)
    }

    /// The text inside a cleartext-signed file, with line feeds as line ends,
    /// and one of those who signed it.
    pub(crate) fn open(&self, file: &[u8], now: Timestamp) -> Result<(String, Signer), String> {
        if file.iter().filter(|&&byte| byte == b'\n').count() > MAX_LINES {
            return Err(format!("a file of over {MAX_LINES} lines"));
        }
        let message = cleartext::parse(file).map_err(|error| format!("{UNSIGNED} ({error})"))?;
        let text = message.hashed;
        let signer = self.verify(text.as_bytes(), message.armor.as_bytes(), now)?;
        Ok((text.replace("\r\n", "\n"), signer))
    }

    /// Checks a detached, armored signature.
    pub(crate) fn verify(
        &self,
        file: &[u8],
        signature: &[u8],
        now: Timestamp,
    ) -> Result<Signer, String> {
        if signature.len() > MAX_ARMOR {
            return Err(format!("a signature of {} bytes", signature.len()));
        }
        let (signatures, _) = DetachedSignature::from_armor_many(signature)
            .map_err(|error| format!("no signature file ({error})"))?;
        let signatures: Vec<_> = signatures
            .filter_map(Result::ok)
            .map(|s| s.signature)
            .collect();
        self.any(&signatures, file, now)
    }

    /// Checks a signature alone, as binary packets. With SHA-1, however young, it counts by
    /// the keys with the fingerprints in `weak_keys` only, and its digest is given, too.
    pub(crate) fn verify_packet(
        &self,
        packet: &[u8],
        data: &[u8],
        weak_keys: &[&str],
        now: Timestamp,
    ) -> Result<(Signer, Option<String>), String> {
        if packet.len() > MAX_ARMOR {
            return Err(format!("a signature of {} bytes", packet.len()));
        }
        let signature = DetachedSignature::from_bytes(packet)
            .map_err(|error| format!("no signature ({error})"))?
            .signature;
        let is_named = |key: &SignedPublicKey| {
            let fingerprint = format!("{:X}", key.fingerprint());
            weak_keys.contains(&&*fingerprint) && names(&signature, key)
        };
        let may_be_weak = self.keys.iter().any(is_named);
        let signer = self.signer(&signature, data, now, may_be_weak)?;
        let weak = signature
            .hash_alg()
            .filter(|hash| *hash == HashAlgorithm::Sha1);
        Ok((signer, weak.map(|hash| hash.to_string())))
    }

    /// One valid signature by one trusted key is enough, as it is for apt.
    fn any(&self, signatures: &[Signature], data: &[u8], now: Timestamp) -> Result<Signer, String> {
        let mut refusals = Vec::new();
        for signature in signatures.iter().take(MAX_SIGNATURES) {
            match self.signer(signature, data, now, false) {
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

    /// Who made a signature, which may be of SHA-1 though it is young if its key is known
    /// for that.
    fn signer(
        &self,
        signature: &Signature,
        data: &[u8],
        now: Timestamp,
        may_be_weak: bool,
    ) -> Result<Signer, String> {
        let created = signature.created().map(|time| i64::from(time.as_secs()));
        let created = created.ok_or("a signature without a date")?;
        let date = Timestamp::from_second(created).map_err(|error| error.to_string())?;
        check_signature(signature, created, now, may_be_weak)?;
        let mut refusal = format!("a signature by the unknown key {}", issuer(signature));
        // To hash the file once a key would take long.
        for key in self.keys.iter().filter(|key| may_be_by(signature, key)) {
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
                Ok(()) => {
                    return Ok(Signer {
                        fingerprint,
                        signed: date,
                    });
                }
                Err(why) => refusal = format!("a signature of {date} by {fingerprint}, {why}"),
            }
        }
        Err(refusal)
    }
}

/// What can be said against a signature before any key is looked at.
fn check_signature(
    signature: &Signature,
    created: i64,
    now: Timestamp,
    may_be_weak: bool,
) -> Result<(), String> {
    if !matches!(
        signature.typ(),
        Some(SignatureType::Binary | SignatureType::Text)
    ) {
        return Err("a signature that is not over a file".to_owned());
    }
    match signature.hash_alg() {
        Some(HashAlgorithm::Sha256 | HashAlgorithm::Sha384 | HashAlgorithm::Sha512) => {}
        Some(HashAlgorithm::Sha1) if may_be_weak || created < SHA1_UNTIL => {}
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
    let fingerprint = signature
        .issuer_fingerprint()
        .first()
        .map(|f| format!("{f:X}"));
    let id = || signature.issuer_key_id().first().map(|id| format!("{id}"));
    fingerprint
        .or_else(id)
        .unwrap_or_else(|| "without a name".to_owned())
}

/// Whether a key is worth a try: it is the one that the signature names, or the
/// signature names none.
fn may_be_by(signature: &Signature, key: &SignedPublicKey) -> bool {
    names(signature, key) || signature.issuer_key_id().is_empty()
}

/// Whether a signature claims to be by this key or one of its subkeys.
fn names(signature: &Signature, key: &SignedPublicKey) -> bool {
    let issuers = signature.issuer_key_id();
    issuers.contains(&&key.legacy_key_id())
        || (key.public_subkeys.iter()).any(|subkey| issuers.contains(&&subkey.key.legacy_key_id()))
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
            assert!(
                fingerprints.iter().any(|f| f == key),
                "{release}: {fingerprints:#?}"
            );
        }
    }

    /// The file is a key ring of GnuPG's own, with its notes between the packets.
    #[test]
    fn the_keys_of_ubuntu_may_sign() {
        let bytes = include_bytes!("../../keyrings/ubuntu-archive-keyring.gpg");
        let keyring = Keyring::parse(bytes).unwrap();
        assert_eq!(keyring.keys.len(), 3);
        for key in &keyring.keys {
            let today = 1_795_000_000; // 2026-11-18
            assert_eq!(Validity::of_primary(key).check(today), Ok(()));
        }
    }

    /// Some bind themselves to their owner by SHA-1, and one has expired since.
    #[test]
    fn the_keys_of_vendors_of_rpm_packages_could_sign_when_they_were_made() {
        let bytes = include_bytes!("../../keyrings/rpm-vendors.gpg");
        let keyring = Keyring::parse(bytes).unwrap();
        assert_eq!(keyring.keys.len(), 21);
        for key in &keyring.keys {
            let created = i64::from(key.primary_key.created_at().as_secs());
            let (validity, name) = (Validity::of_primary(key), key.fingerprint());
            assert_eq!(validity.check(created + 86_400), Ok(()), "{name:X}");
        }
    }

    #[test]
    fn a_genuine_release_file_is_accepted_and_an_altered_one_is_not() {
        // Of 12 September 2026, signed by an RSA subkey.
        let file = include_str!("../../tests/data/bullseye-security.InRelease");
        let now = "2026-11-23T00:00:00Z".parse().unwrap();
        let (text, signer) = Keyring::debian().open(file.as_bytes(), now).unwrap();
        assert!(
            text.starts_with("Origin: Debian\nLabel: Debian-Security\n"),
            "{text}"
        );
        assert_eq!(signer.signed.strftime("%F").to_string(), "2026-09-12");

        let altered = file.replacen(
            "Codename: bullseye-security",
            "Codename: bullseye-securitz",
            1,
        );
        let refusal = Keyring::debian().open(altered.as_bytes(), now).unwrap_err();
        assert!(refusal.contains("bad signature"), "{refusal}");
        let earlier = "2026-09-01T00:00:00Z".parse().unwrap();
        let refusal = Keyring::debian()
            .open(file.as_bytes(), earlier)
            .unwrap_err();
        assert!(refusal.contains("future"), "{refusal}");
    }
    /// Found beside fuzzing: 8 MiB of short lines would be taken apart for minutes.
    #[test]
    fn a_file_of_very_many_lines_is_not_taken_apart() {
        let file = include_str!("../../tests/data/bullseye-security.InRelease");
        let now = "2026-11-23T00:00:00Z".parse().unwrap();
        let long = file.replacen("\n\n", &format!("\n\n{}", "x: y\n".repeat(1 << 20)), 1);
        let refusal = Keyring::debian().open(long.as_bytes(), now).unwrap_err();
        assert!(refusal.contains("lines"), "{refusal}");
    }

    /// Of twice the lines, the library would take four times as long.
    #[test]
    fn a_long_file_with_a_broken_signature_is_refused_at_once() {
        let file = include_str!("../../tests/data/bullseye-security.InRelease");
        let now = "2026-11-23T00:00:00Z".parse().unwrap();
        let line = format!(" {}\n", "x".repeat(340));
        let long = file.replacen(
            "\nSHA256:",
            &format!("\nSHA256:\n{}", line.repeat(19_000)),
            1,
        );
        assert!(long.len() > 6_400_000);
        let begun = std::time::Instant::now();
        let refusal = Keyring::debian().open(long.as_bytes(), now).unwrap_err();
        assert!(refusal.contains("bad signature"), "{refusal}");
        // Some 75 s before.
        let took = begun.elapsed();
        assert!(took < std::time::Duration::from_secs(20), "{took:?}");
    }
}

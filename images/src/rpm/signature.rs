//! Who signed an RPM.
//!
//! There are three kinds of signatures: over the header alone, as OpenPGP packets (since
//! RPM 4.0) or in base64 (since RPM 6), and over header and payload together (until RPM
//! 4.14, which put a digest of the payload into the header). All are looked at.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;

use super::{RpmIdentity, RpmPackage};
use crate::debian::keyring::Keyring;

/// Tags of the header with signatures.
mod tag {
    /// Over the header, by DSA (and EdDSA) and by RSA.
    pub(super) const HEADER: [u32; 2] = [267, 268];
    /// Over the header, in base64.
    pub(super) const HEADER_BASE64: u32 = 278;
    /// Over header and payload, by RSA and by DSA.
    pub(super) const WHOLE: [u32; 2] = [1002, 1005];
}

/// How many signatures are looked at.
const MAX_SIGNATURES: usize = 8;

/// Who signed an RPM, when, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RpmSigner {
    /// Fingerprint of the primary key, in capital hexadecimal digits.
    pub fingerprint: String,
    /// When it was signed.
    pub signed: Timestamp,
    /// A digest that is too weak, which counts only by a key that was named for it.
    pub weak: Option<String>,
}

impl RpmPackage<'_> {
    /// Who of a key ring signed the package, if it is the one that is wanted. Signatures
    /// with SHA-1, however young, count only by the keys with the fingerprints in
    /// `weak_keys`.
    ///
    /// # Errors
    /// If it is another package, or there is no good signature over its header and, by the
    /// header or by itself, over its payload: the reason, in a few words.
    pub fn verify(
        &self,
        wanted: &RpmIdentity,
        keyring: &Keyring,
        weak_keys: &[&str],
        now: Timestamp,
    ) -> Result<RpmSigner, String> {
        let mut refusals = Vec::new();
        let mut first = |packets: Vec<Vec<u8>>, data: &[u8]| {
            packets.iter().take(MAX_SIGNATURES).find_map(|packet| {
                let signed = keyring.verify_packet(packet, data, weak_keys, now);
                signed.map_err(|refusal| refusals.push(refusal)).ok()
            })
        };
        let packets = |tags: &[u32]| -> Vec<Vec<u8>> {
            let found = tags.iter().filter_map(|tag| self.signatures.bytes(*tag));
            found.map(<[u8]>::to_vec).collect()
        };
        let in_base64 = self.signatures.texts(tag::HEADER_BASE64);
        let in_base64 = in_base64.filter_map(|text| BASE64_STANDARD.decode(text).ok());
        let of_header = in_base64.chain(packets(&tag::HEADER)).collect();
        let whole = || [self.header.bytes, self.payload].concat();
        let signed = match self.payload_matches() {
            Some(false) => {
                let why = "its payload is not the one that its header describes";
                return Err(why.to_owned());
            }
            Some(true) => first(of_header, self.header.bytes),
            None => None,
        };
        // Without a digest of the payload, only a signature over both will do.
        let signed = signed.or_else(|| first(packets(&tag::WHOLE), &whole()));
        let Some((signer, weak)) = signed else {
            refusals.dedup();
            return Err(match refusals.is_empty() {
                true => "no signature over its header and payload".to_owned(),
                false => refusals.join("; "),
            });
        };
        let found = self.identity()?;
        if found != *wanted {
            return Err(format!("{found}, signed by {}", signer.fingerprint));
        }
        Ok(RpmSigner {
            fingerprint: signer.fingerprint,
            signed: signer.signed,
            weak,
        })
    }
}

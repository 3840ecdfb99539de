//! From when to when a key may sign.

use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{RevocationCode, Signature, SignatureType};
use pgp::types::{KeyDetails, Tag};

/// When a key could sign, in seconds since 1970: from its creation to its
/// expiry or revocation.
pub(crate) struct Validity {
    from: i64,
    until: Option<i64>,
}

impl Validity {
    pub(crate) fn of_primary(key: &SignedPublicKey) -> Self {
        let primary = &key.primary_key;
        let details = &key.details;
        let by_user = details.users.iter().flat_map(|user| {
            let signatures = user.signatures.iter();
            signatures.filter(|s| {
                s.verify_certification(primary, Tag::UserId, &user.id)
                    .is_ok()
            })
        });
        let of_key = |signatures: &'_ [Signature]| -> Vec<Signature> {
            let verified = signatures.iter().filter(|s| s.verify_key(primary).is_ok());
            verified.cloned().collect()
        };
        // A signature over the key alone may say nothing of an expiry, such as one
        // that names who may revoke the key; then what is said of the user counts.
        let direct = of_key(&details.direct_signatures);
        let revocations = of_key(&details.revocation_signatures);
        let mut validity = Self::new(primary, by_user, &revocations);
        let expiry = newest(direct.iter()).and_then(|direct| expiry(primary, direct));
        validity.until = validity.until.into_iter().chain(expiry).min();
        validity
    }

    /// A subkey signs only while its primary key may, too.
    pub(crate) fn of_subkey(
        key: &SignedPublicKey,
        subkey: &SignedPublicSubKey,
    ) -> Result<Self, String> {
        let primary = &key.primary_key;
        let bound = |typ: SignatureType| {
            let signatures = subkey
                .signatures
                .iter()
                .filter(move |s| s.typ() == Some(typ));
            signatures.filter(|s| s.verify_subkey_binding(primary, &subkey.key).is_ok())
        };
        let may_sign = bound(SignatureType::SubkeyBinding).any(|binding| {
            // The subkey has to agree, or any key could be claimed.
            binding.key_flags().sign()
                && binding.embedded_signature().is_some_and(|back| {
                    back.verify_primary_key_binding(&subkey.key, primary)
                        .is_ok()
                })
        });
        if !may_sign {
            return Err("whose subkey may not sign".to_owned());
        }
        let revocations: Vec<_> = bound(SignatureType::SubkeyRevocation).cloned().collect();
        let own = Self::new(
            &subkey.key,
            bound(SignatureType::SubkeyBinding),
            &revocations,
        );
        let primary = Self::of_primary(key);
        Ok(Self {
            from: primary.from.max(own.from),
            until: primary.until.into_iter().chain(own.until).min(),
        })
    }

    /// By the newest of the signatures that bind the key to its owner, which is
    /// how an expiry is put off.
    fn new<'a>(
        key: &impl KeyDetails,
        bindings: impl Iterator<Item = &'a Signature>,
        revocations: &[Signature],
    ) -> Self {
        let from = i64::from(key.created_at().as_secs());
        let expiry = match newest(bindings) {
            // A key that nothing binds to its owner never signs.
            None => Some(from),
            Some(binding) => expiry(key, binding),
        };
        // What a retired key signed before it was revoked stays valid; what a
        // stolen one signed never was (RFC 9580, section 5.2.3.31).
        let revoked = revocations
            .iter()
            .map(|s| match s.revocation_reason_code() {
                Some(RevocationCode::KeySuperseded | RevocationCode::KeyRetired) => created(s),
                _ => from,
            });
        Self {
            from,
            until: revoked.chain(expiry).min(),
        }
    }

    /// Whether the key could sign then.
    pub(crate) fn check(&self, signed: i64) -> Result<(), String> {
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

fn newest<'a>(signatures: impl Iterator<Item = &'a Signature>) -> Option<&'a Signature> {
    let claims = signatures.filter(|s| s.typ() != Some(SignatureType::CertRevocation));
    claims.max_by_key(|s| created(s))
}

/// When a key ends, as a signature over it says.
fn expiry(key: &impl KeyDetails, signature: &Signature) -> Option<i64> {
    let lifetime = i64::from(signature.key_expiration_time()?.as_secs());
    // Zero stands for no expiry.
    (lifetime != 0).then(|| i64::from(key.created_at().as_secs()) + lifetime)
}

fn created(signature: &Signature) -> i64 {
    signature
        .created()
        .map_or(0, |time| i64::from(time.as_secs()))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use pgp::composed::Deserializable;

    use super::*;

    #[test]
    fn the_retired_keys_of_debian_ended_when_gpg_says() {
        let keys = include_bytes!("../../keyrings/debian-archive-removed-keys.gpg");
        let keys: Vec<_> = SignedPublicKey::from_bytes_many(&keys[..])
            .unwrap()
            .filter_map(Result::ok)
            .collect();
        for (fingerprint, from, until) in [
            (
                "9FED2BCBDCD29CDF762678CBAED4B06F473041FA",
                "2010-08-27",
                "2018-03-05",
            ),
            (
                "A1BD8E9D78F7FE5C3E65D8AF8B48AD6246925553",
                "2012-04-27",
                "2020-04-25",
            ),
            (
                "126C0D24BD8A2942CC7DF8AC7638D0442B90D010",
                "2014-11-21",
                "2022-11-19",
            ),
            (
                "E1CF20DDFFE4B89E802658F1E0B11894F66AEC98",
                "2017-05-22",
                "2025-05-20",
            ),
        ] {
            let key = keys
                .iter()
                .find(|key| format!("{:X}", key.fingerprint()) == fingerprint);
            let validity = Validity::of_primary(key.unwrap());
            let day = |second| {
                Timestamp::from_second(second)
                    .unwrap()
                    .strftime("%F")
                    .to_string()
            };
            assert_eq!(day(validity.from), from, "{fingerprint}");
            assert_eq!(
                validity.until.map(day).as_deref(),
                Some(until),
                "{fingerprint}"
            );
        }
    }
}

//! Throw-away keys.

use std::time::Duration;

use jiff::Timestamp;
use pgp::composed::{
    CleartextSignedMessage, DetachedSignature, KeyType, SecretKeyParamsBuilder, SignedPublicKey,
    SignedSecretKey,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{
    PacketTrait, RevocationCode, Signature, SignatureConfig, SignatureType, Subpacket,
    SubpacketData,
};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, Password, SignedUser, SigningKey as _, Tag};
use rand::rngs::StdRng;
use rand::{CryptoRng, Rng, SeedableRng, thread_rng};

/// A key that signs releases.
pub struct SigningKey {
    secret: SignedSecretKey,
    public: SignedPublicKey,
    /// Of the digest in signatures.
    hash: HashAlgorithm,
}

impl SigningKey {
    /// A key made in 2010 that does not expire.
    #[must_use]
    pub fn generate() -> Self {
        Self::generate_at(start_of_2010(), None)
    }

    /// The same, of the kind that was usual then: RSA, and SHA-1 in signatures.
    #[must_use]
    pub fn of_2013() -> Self {
        // Always the same key; its primes are found sooner than most.
        let rng = StdRng::seed_from_u64(5);
        Self {
            hash: HashAlgorithm::Sha1,
            ..Self::of_type(KeyType::Rsa(2048), rng, start_of_2010(), None)
        }
    }

    /// A key of a given age, which expires after its lifetime, if it has one.
    #[must_use]
    pub fn generate_at(created: Timestamp, lifetime: Option<Duration>) -> Self {
        Self::of_type(KeyType::Ed25519Legacy, thread_rng(), created, lifetime)
    }

    fn of_type(
        kind: KeyType,
        rng: impl Rng + CryptoRng,
        created: Timestamp,
        lifetime: Option<Duration>,
    ) -> Self {
        let secret = SecretKeyParamsBuilder::default()
            .key_type(kind)
            .can_certify(true)
            .can_sign(true)
            .created_at(seconds(created))
            .primary_user_id("Test Archive <archive@example.org>".to_owned())
            .build()
            .expect("the parameters are complete")
            .generate(rng)
            .expect("a key is made");
        let mut public = SignedPublicKey::from(secret.clone());
        let mut claims = vec![SubpacketData::SignatureCreationTime(seconds(created))];
        claims.extend(lifetime.map(|lifetime| {
            SubpacketData::KeyExpirationTime(lifetime.try_into().expect("a lifetime"))
        }));
        let id = public.details.users[0].id.clone();
        let binding = config(
            &secret,
            SignatureType::CertPositive,
            HashAlgorithm::Sha256,
            claims,
        )
        .sign_certification(
            &secret.primary_key,
            &public.primary_key,
            &Password::empty(),
            Tag::UserId,
            &id,
        )
        .expect("a key certifies itself");
        public.details.users = vec![SignedUser::new(id, vec![binding])];
        Self {
            secret,
            public,
            hash: HashAlgorithm::Sha256,
        }
    }

    /// The same key, revoked: as compromised, or else as retired.
    #[must_use]
    pub fn revoked_at(mut self, at: Timestamp, compromised: bool) -> Self {
        let reason = match compromised {
            true => RevocationCode::KeyCompromised,
            false => RevocationCode::KeyRetired,
        };
        let claims = vec![
            SubpacketData::SignatureCreationTime(seconds(at)),
            SubpacketData::RevocationReason(reason, Default::default()),
        ];
        let revocation = config(
            &self.secret,
            SignatureType::KeyRevocation,
            HashAlgorithm::Sha256,
            claims,
        )
        .sign_key(
            &self.secret.primary_key,
            &Password::empty(),
            &self.public.primary_key,
        )
        .expect("a key revokes itself");
        self.public.details.revocation_signatures.push(revocation);
        self
    }

    /// The public key, as `gpg --export` writes it.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.public.to_writer(&mut bytes).expect("a key is written");
        bytes
    }

    /// In capital hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{:X}", self.public.fingerprint())
    }

    /// The text, cleartext-signed at that time.
    #[must_use]
    pub fn sign(&self, text: &str, at: Timestamp) -> Vec<u8> {
        let config = self.config(SignatureType::Text, at);
        CleartextSignedMessage::new(text, config, &self.secret.primary_key, &Password::empty())
            .and_then(|message| message.to_armored_bytes(Default::default()))
            .expect("a text is signed")
    }

    /// A detached signature.
    #[must_use]
    pub fn sign_detached(&self, bytes: &[u8], at: Timestamp) -> Vec<u8> {
        let signature: Signature = self
            .config(SignatureType::Binary, at)
            .sign(&self.secret.primary_key, &Password::empty(), bytes)
            .expect("bytes are signed");
        DetachedSignature::new(signature)
            .to_armored_bytes(Default::default())
            .expect("a signature is written")
    }

    /// A signature alone, as a binary packet.
    #[must_use]
    pub fn sign_packet(&self, bytes: &[u8], at: Timestamp) -> Vec<u8> {
        let config = self.config(SignatureType::Binary, at);
        packet(config.sign(&self.secret.primary_key, &Password::empty(), bytes))
    }

    /// The same, of the version that was usual for RPMs until some years ago. The library
    /// only reads it.
    #[must_use]
    pub fn sign_packet_v3(&self, bytes: &[u8], at: Timestamp) -> Vec<u8> {
        let key = &self.secret.primary_key;
        let (algorithm, id) = (key.algorithm(), key.legacy_key_id());
        let binary = SignatureType::Binary;
        let config = SignatureConfig::v3(binary, algorithm, self.hash, seconds(at), id);
        let signed = || {
            let mut hasher = self.hash.new_hasher()?;
            hasher.update(bytes);
            config.hash_signature_data(&mut hasher)?;
            let digest = hasher.finalize();
            let signature = key.sign(&Password::empty(), self.hash, &digest)?;
            Signature::from_config(config, [digest[0], digest[1]], signature)
        };
        packet(signed())
    }

    fn config(&self, typ: SignatureType, at: Timestamp) -> SignatureConfig {
        let claims = vec![
            SubpacketData::SignatureCreationTime(seconds(at)),
            SubpacketData::IssuerFingerprint(self.secret.fingerprint()),
        ];
        config(&self.secret, typ, self.hash, claims)
    }
}

fn packet(signature: pgp::errors::Result<Signature>) -> Vec<u8> {
    let mut packet = Vec::new();
    signature
        .and_then(|signature| signature.to_writer_with_header(&mut packet))
        .expect("bytes are signed");
    packet
}

fn start_of_2010() -> Timestamp {
    "2010-01-01T00:00:00Z".parse().expect("a time")
}

fn config(
    key: &SignedSecretKey,
    typ: SignatureType,
    hash: HashAlgorithm,
    claims: Vec<SubpacketData>,
) -> SignatureConfig {
    let claims = claims.into_iter().map(Subpacket::regular);
    let mut config = SignatureConfig::v4(typ, key.primary_key.algorithm(), hash);
    config.hashed_subpackets = claims.collect::<Result<_, _>>().expect("claims fit");
    let issuer = SubpacketData::IssuerKeyId(key.primary_key.legacy_key_id());
    config.unhashed_subpackets = vec![Subpacket::regular(issuer).expect("a key id fits")];
    config
}

fn seconds(time: Timestamp) -> pgp::types::Timestamp {
    pgp::types::Timestamp::from_secs(time.as_second().try_into().expect("a time after 1970"))
}

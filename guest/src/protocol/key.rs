//! The secret of a boot.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;
use siphasher::sip128::{Hasher128, SipHasher24 as SipHasher128};

/// A secret that the host makes up for each boot and tells PID 1 of the guest
/// before anything else runs there.
///
/// Every message carries a tag of its bytes under this key (SipHash-2-4, which
/// was made to be one). So nothing that was recorded in another boot is taken for
/// a message of this one, and a program in the guest, be it root, cannot make one
/// up unless it reads the memory of PID 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key([u8; 16]);

impl Key {
    /// No secret: the key of the greeting, before there is one.
    pub const NONE: Self = Self([0; 16]);

    /// A key of these bytes, which are to be random.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The key of the host's own messages: none of them can be sent back as one
    /// of the guest's.
    #[must_use]
    pub fn of_host(self) -> Self {
        self.of(b"host")
    }

    /// The key of a task that is begun while others run, which may read what is sent: it is
    /// made of this key, which is not sent then.
    #[must_use]
    pub fn with(self, sent: Self) -> Self {
        self.of(&sent.0)
    }

    /// A key for this purpose only.
    pub(super) fn of(self, purpose: &[u8]) -> Self {
        let mut hasher = SipHasher128::new_with_key(&self.0);
        hasher.write(purpose);
        Self(hasher.finish128().as_bytes())
    }

    /// The tag of these bytes.
    pub(crate) fn tag(self, bytes: &[u8]) -> u64 {
        let mut hasher = self.hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    /// What computes a tag, part by part.
    pub(super) fn hasher(self) -> SipHasher24 {
        SipHasher24::new_with_key(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key 00 01 … 0f and the bytes 00 01 … 0e (the paper's appendix A).
    #[test]
    fn a_tag_is_that_of_the_paper() {
        let key = Key::new(std::array::from_fn(|byte| byte as u8));
        let bytes: Vec<u8> = (0..15).collect();
        assert_eq!(key.tag(&bytes), 0xa129_ca61_49be_45e5);
    }

    #[test]
    fn the_hosts_key_is_another() {
        let key = Key::new([7; 16]);
        assert_ne!(key.of_host(), key);
        assert_ne!(key.of_host(), Key::new([8; 16]).of_host());
    }

    #[test]
    fn the_key_of_a_task_takes_both_parts() {
        let [key, sent] = [7, 8].map(|byte| Key::new([byte; 16]));
        let of_task = key.with(sent);
        assert_ne!(of_task, key);
        assert_ne!(of_task, sent);
        assert_ne!(of_task, key.with(key));
        assert_ne!(of_task, Key::NONE.with(sent));
    }
}

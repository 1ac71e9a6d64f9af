//! Ed25519 keys of a store and their text form (C2SP `signed-note`: `name+hash+base64`).

use std::fmt;

use ed25519_dalek::{Signature, Signer as _};

use crate::merkle::sha256;
use crate::text::{decode, encode};
use crate::{Error, Result};

/// Signature type Ed25519 in C2SP `signed-note`.
const ED25519: u8 = 1;
/// The longest name that a key may have, in bytes.
pub const NAME_BYTES_MAX: usize = 255;

/// Who signed: the first 4 bytes of SHA-256(name || 0x0A || 0x01 || public key).
pub type KeyId = [u8; 4];

/// A key that signs. Its seed is not shown by `Debug` and is wiped when dropped.
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

/// A key that signatures are checked against.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    key: ed25519_dalek::VerifyingKey,
}

/// Whether a name can be on a note: not empty, no white space, no `+`, no control characters.
fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(Error::Key("the name must have 1 to 255 bytes"));
    }
    if name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(Error::Key("the name must not have white space, control characters or `+`"));
    }
    Ok(())
}

impl SigningKey {
    /// The key of a seed of 32 random bytes (RFC 8032), under a name like `muster.example.org/store-1`.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<SigningKey> {
        check_name(name)?;
        Ok(SigningKey { name: name.to_owned(), key: ed25519_dalek::SigningKey::from_bytes(seed) })
    }

    /// The key's name, which is also the origin of the checkpoints that it signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key to check its signatures with.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl VerifyingKey {
    /// The key of a public key of 32 bytes. Refuses points of small order, under which one signature fits many texts.
    pub fn from_bytes(name: &str, bytes: &[u8; 32]) -> Result<VerifyingKey> {
        check_name(name)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| Error::Key("not a point of the curve"))?;
        if key.is_weak() {
            return Err(Error::Key("a point of small order is not a key"));
        }
        Ok(VerifyingKey { name: name.to_owned(), key })
    }

    /// Reads `name+hash+base64`, the form that `Display` writes.
    pub fn parse(text: &str) -> Result<VerifyingKey> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(data)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Error::Key("expected `name+hash+base64`"));
        };
        let data = decode(data).ok_or(Error::Key("the last part is not base64"))?;
        let Some((&ED25519, bytes)) = data.split_first() else {
            return Err(Error::Key("not an Ed25519 key"));
        };
        let bytes = bytes.try_into().map_err(|_| Error::Key("an Ed25519 key has 32 bytes"))?;
        let key = VerifyingKey::from_bytes(name, bytes)?;
        if key.to_string() == text { Ok(key) } else { Err(Error::Key("the hash does not fit name and key")) }
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's id on notes.
    pub fn id(&self) -> KeyId {
        let data = [self.name.as_bytes(), b"\n", &[ED25519], self.key.as_bytes()].concat();
        let [a, b, c, d, ..] = sha256(&data);
        [a, b, c, d]
    }

    /// RFC 8032 without cofactor: S below the group's order, R byte for byte, no points of small order.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), encode(data))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({self})")
    }
}

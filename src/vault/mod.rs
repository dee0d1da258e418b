//! Sealing, opening and finding of secrets and tokens at rest.
//!
//! - *Sealed*: what must be shown again (node and grid tokens, vault secrets) is encrypted with a key
//!   derived from the vault key (XChaCha20-Poly1305, a fresh nonce each time).
//! - *Hashed*: what is only ever compared (access tokens, codes) and what is searched for (all tokens) is
//!   kept as HMAC-SHA256 under another derived key. The tokens are random and long, so that a keyed hash
//!   is as good as a slow one and costs nothing per request.
//!
//! Where sealed texts are stored is the store's business.

use base64::{Engine, prelude::BASE64_STANDARD};
use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::clock;

const NONCE_BYTES: usize = 24;

/// Why a sealed text cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed with another vault key, or damaged")]
pub struct CannotOpen;

/// What a token is for; the same text hashes differently for different uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A grid's token.
    Grid,
    /// A node's own token.
    Node,
    /// An access or refresh token.
    Access,
    /// A one-time login code.
    Code,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Grid => b"grid:",
            Self::Node => b"node:",
            Self::Access => b"access:",
            Self::Code => b"code:",
        }
    }
}

/// Seals, opens and hashes under one vault key.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    hash_key: [u8; 32],
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// Derives the keys from the vault key, any text.
    #[must_use]
    pub fn new(vault_key: &str) -> Self {
        let seal_key = hmac(vault_key.as_bytes(), &[b"kontena seal"]);
        let hash_key = hmac(vault_key.as_bytes(), &[b"kontena hash"]);
        Self { cipher: XChaCha20Poly1305::new(&Key::from(seal_key)), hash_key }
    }

    /// Encrypts a text.
    #[must_use]
    pub fn seal(&self, text: &str) -> String {
        let nonce = clock::secret::<NONCE_BYTES>();
        // Fails only for texts of 256 GiB and more; an empty text opens as "damaged".
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), text.as_bytes()).unwrap_or_default();
        BASE64_STANDARD.encode([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts a sealed text.
    ///
    /// # Errors
    /// Where it was sealed under another key, or is damaged.
    pub fn open(&self, sealed: &str) -> Result<String, CannotOpen> {
        let bytes = BASE64_STANDARD.decode(sealed).map_err(|_| CannotOpen)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(CannotOpen)?;
        let text = self.cipher.decrypt(&XNonce::from(*nonce), sealed).map_err(|_| CannotOpen)?;
        String::from_utf8(text).map_err(|_| CannotOpen)
    }

    /// The text a token is found by: 64 hexadecimal digits.
    #[must_use]
    pub fn hash(&self, purpose: Purpose, token: &str) -> String {
        hex::encode(hmac(&self.hash_key, &[purpose.label(), token.as_bytes()]))
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is accepted; there is no error to be had.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) else {
        return [0; 32];
    };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// A fresh node or grid token: 64 random bytes in base64, 88 characters.
#[must_use]
pub fn fresh_token() -> String {
    BASE64_STANDARD.encode(clock::secret::<64>())
}

/// A fresh access token: 64 hexadecimal digits.
#[must_use]
pub fn fresh_access_token() -> String {
    hex::encode(clock::secret::<32>())
}

/// A fresh refresh token: 128 hexadecimal digits.
#[must_use]
pub fn fresh_refresh_token() -> String {
    hex::encode(clock::secret::<64>())
}

/// A fresh one-time code: 12 hexadecimal digits.
#[must_use]
pub fn fresh_code() -> String {
    hex::encode(clock::secret::<6>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_texts_open_under_the_same_key_only() {
        let vault = Vault::new("one");
        let sealed = vault.seal("s3cret\n");
        assert!(!sealed.contains("s3cret"));
        assert_ne!(sealed, vault.seal("s3cret\n"), "a fresh nonce each time");
        assert_eq!(Vault::new("one").open(&sealed), Ok("s3cret\n".to_owned()));
        assert_eq!(Vault::new("two").open(&sealed), Err(CannotOpen));
        for damaged in ["", "x", "AAAA", &sealed[..sealed.len() - 4]] {
            assert_eq!(vault.open(damaged), Err(CannotOpen), "{damaged}");
        }
    }

    #[test]
    fn hashes_depend_on_key_and_purpose() {
        let vault = Vault::new("one");
        let hash = vault.hash(Purpose::Node, "t");
        assert_eq!(hash.len(), 64);
        assert_eq!(hash, Vault::new("one").hash(Purpose::Node, "t"));
        assert_ne!(hash, vault.hash(Purpose::Grid, "t"));
        assert_ne!(hash, Vault::new("two").hash(Purpose::Node, "t"));
        assert_eq!(fresh_token().len(), 88);
    }
}

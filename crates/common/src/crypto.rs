//! Encryption of columns, keyed hashes, random tokens; all by `ring`.

use std::collections::HashMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, hmac};
use serde::Deserialize;
use uuid::Uuid;

/// Installs `ring` behind rustls and jsonwebtoken; call it first thing in `main`. Calling it again does nothing.
pub fn install_providers() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    crate::auth::jwt::install_provider();
}

/// What went wrong with a key or a ciphertext; it never says more, for fear of telling an attacker.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// A key has the wrong length or form.
    #[error("a key is malformed")]
    BadKey,
    /// The ciphertext names a key that is not known.
    #[error("the ciphertext was made with an unknown key")]
    UnknownKey,
    /// The ciphertext was changed, or belongs to another row.
    #[error("the ciphertext cannot be opened")]
    Unopened,
    /// The system gave no randomness.
    #[error("no randomness available")]
    NoRandomness,
}

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// 256 random bits.
///
/// # Errors
/// [`CryptoError::NoRandomness`] when the system has none.
pub fn random_bytes() -> Result<[u8; 32], CryptoError> {
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_none| CryptoError::NoRandomness)?;
    Ok(bytes)
}

/// A secret of 256 random bits, as 43 URL-safe characters.
///
/// # Errors
/// [`CryptoError::NoRandomness`] when the system has none.
pub fn random_token() -> Result<String, CryptoError> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes()?))
}

/// A keyed hash (HMAC-SHA-256) for looking up a value that is stored encrypted, and for showing users in logs.
///
/// The key must not live in the database: phone numbers are few enough to try them all with it.
#[derive(Clone)]
pub struct BlindIndex(hmac::Key);

impl BlindIndex {
    /// An index under a key of at least 32 bytes.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] for a shorter key.
    pub fn new(key: &[u8]) -> Result<Self, CryptoError> {
        if key.len() < 32 {
            return Err(CryptoError::BadKey);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, key)))
    }

    /// The index of `value` in `column` (`users.phone`); equal values of two columns have different indexes.
    #[must_use]
    pub fn of(&self, column: &str, value: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(column.as_bytes());
        context.update(&[0]);
        context.update(value.as_bytes());
        context.sign().as_ref().to_vec()
    }

    /// The short form that logs show in place of a user id: 16 hexadecimal digits.
    #[must_use]
    pub fn log_hash(&self, user: Uuid) -> String {
        let tag = self.of("log.user", &user.to_string());
        tag.iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindIndex(***)")
    }
}

/// Where a ciphertext lives. It is bound to this place: copied to another row or column, it does not open.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Table and column, `users.phone`.
    pub column: &'a str,
    /// The row's id.
    pub row: Uuid,
}

/// Encrypts columns with AES-256-GCM under named keys, so that keys can be rotated.
///
/// A sealed value is `key id length (1 byte) ‖ key id ‖ nonce (12 bytes) ‖ ciphertext ‖ tag`.
pub struct Sealer {
    current: String,
    keys: HashMap<String, LessSafeKey>,
    index: BlindIndex,
}

/// The key file: `{"current":"k1","keys":{"k1":"<base64 of 32 bytes>"},"index":"<base64 of 32 bytes>"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    current: String,
    keys: HashMap<String, String>,
    index: String,
}

impl Sealer {
    /// Reads the key file's content.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] when it is malformed or the current key is not in it.
    pub fn from_key_file(json: &[u8]) -> Result<Self, CryptoError> {
        let file: KeyFile =
            serde_json::from_slice(json).map_err(|_malformed| CryptoError::BadKey)?;
        let mut keys = HashMap::new();
        for (id, encoded) in &file.keys {
            if id.is_empty() || id.len() > 64 {
                return Err(CryptoError::BadKey);
            }
            keys.insert(id.clone(), aes_key(&decode_key(encoded)?)?);
        }
        if !keys.contains_key(&file.current) {
            return Err(CryptoError::BadKey);
        }
        let index = BlindIndex::new(&decode_key(&file.index)?)?;
        Ok(Self {
            current: file.current,
            keys,
            index,
        })
    }

    /// A sealer with one key, for material that has its own file (the signing keys' file key).
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] unless the key has 32 bytes.
    pub fn with_key(id: &str, key: &[u8]) -> Result<Self, CryptoError> {
        let index = BlindIndex::new(key)?;
        let keys = HashMap::from([(id.to_owned(), aes_key(key)?)]);
        Ok(Self {
            current: id.to_owned(),
            keys,
            index,
        })
    }

    /// The id of the key that [`Sealer::seal`] uses.
    #[must_use]
    pub fn current_key(&self) -> &str {
        &self.current
    }

    /// The blind index that goes with the keys.
    #[must_use]
    pub fn index(&self) -> &BlindIndex {
        &self.index
    }

    /// Encrypts a value for its place.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`] when no nonce can be made.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let key = self
            .keys
            .get(&self.current)
            .ok_or(CryptoError::UnknownKey)?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|_none| CryptoError::NoRandomness)?;
        let mut sealed = plain.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(place), &mut sealed)
            .map_err(|_too_long| CryptoError::BadKey)?;
        let id_length =
            u8::try_from(self.current.len()).map_err(|_too_long| CryptoError::BadKey)?;
        let mut out = vec![id_length];
        out.extend_from_slice(self.current.as_bytes());
        out.extend_from_slice(&nonce);
        out.append(&mut sealed);
        Ok(out)
    }

    /// Decrypts a value of this place.
    ///
    /// # Errors
    /// [`CryptoError::UnknownKey`] or [`CryptoError::Unopened`].
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let (&id_length, rest) = sealed.split_first().ok_or(CryptoError::Unopened)?;
        let (id, rest) = rest
            .split_at_checked(usize::from(id_length))
            .ok_or(CryptoError::Unopened)?;
        let (nonce, body) = rest
            .split_at_checked(NONCE_LEN)
            .ok_or(CryptoError::Unopened)?;
        let id = std::str::from_utf8(id).map_err(|_malformed| CryptoError::Unopened)?;
        let key = self.keys.get(id).ok_or(CryptoError::UnknownKey)?;
        let nonce =
            Nonce::try_assume_unique_for_key(nonce).map_err(|_bad| CryptoError::Unopened)?;
        let mut body = body.to_vec();
        let plain = key
            .open_in_place(nonce, aad(place), &mut body)
            .map_err(|_bad| CryptoError::Unopened)?;
        Ok(plain.to_vec())
    }

    /// [`Sealer::open`] for text.
    ///
    /// # Errors
    /// As [`Sealer::open`]; [`CryptoError::Unopened`] when it is not UTF-8.
    pub fn open_text(&self, place: Place<'_>, sealed: &[u8]) -> Result<String, CryptoError> {
        String::from_utf8(self.open(place, sealed)?).map_err(|_binary| CryptoError::Unopened)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({}, ***)", self.current)
    }
}

fn aad(place: Place<'_>) -> Aad<Vec<u8>> {
    let mut bytes = place.column.as_bytes().to_vec();
    bytes.push(b'|');
    bytes.extend_from_slice(place.row.as_bytes());
    Aad::from(bytes)
}

fn aes_key(key: &[u8]) -> Result<LessSafeKey, CryptoError> {
    UnboundKey::new(&AES_256_GCM, key)
        .map(LessSafeKey::new)
        .map_err(|_bad| CryptoError::BadKey)
}

/// Decodes a key file of one base64 line.
///
/// # Errors
/// [`CryptoError::BadKey`] unless it holds exactly 32 bytes.
pub fn decode_key(text: &str) -> Result<Vec<u8>, CryptoError> {
    let bytes = STANDARD
        .decode(text.trim())
        .map_err(|_malformed| CryptoError::BadKey)?;
    if bytes.len() == 32 {
        Ok(bytes)
    } else {
        Err(CryptoError::BadKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::new_id;

    fn sealer(current: &str) -> Sealer {
        let key = |byte: u8| STANDARD.encode([byte; 32]);
        let json = serde_json::json!({
            "current": current,
            "keys": { "k1": key(1), "k2": key(2) },
            "index": key(3),
        });
        Sealer::from_key_file(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_value_opens_only_in_its_own_row_and_column() {
        let sealer = sealer("k1");
        let place = Place {
            column: "users.phone",
            row: new_id(),
        };
        let sealed = sealer.seal(place, b"+2348012345678").unwrap();
        assert_eq!(sealer.open_text(place, &sealed).unwrap(), "+2348012345678");
        assert!(
            sealer
                .open(
                    Place {
                        row: new_id(),
                        ..place
                    },
                    &sealed
                )
                .is_err()
        );
        assert!(
            sealer
                .open(
                    Place {
                        column: "users.name",
                        ..place
                    },
                    &sealed
                )
                .is_err()
        );
    }

    #[test]
    fn old_values_open_after_the_key_is_rotated() {
        let place = Place {
            column: "users.phone",
            row: new_id(),
        };
        let sealed = sealer("k1").seal(place, b"x").unwrap();
        assert_eq!(sealer("k2").open(place, &sealed).unwrap(), b"x");
    }

    #[test]
    fn truncated_or_changed_values_are_refused() {
        let sealer = sealer("k1");
        let place = Place {
            column: "c",
            row: new_id(),
        };
        let mut sealed = sealer.seal(place, b"secret").unwrap();
        for length in 0..sealed.len() {
            assert!(sealer.open(place, &sealed[..length]).is_err(), "{length}");
        }
        *sealed.last_mut().unwrap() ^= 1;
        assert!(sealer.open(place, &sealed).is_err());
    }

    #[test]
    fn debug_output_shows_no_key() {
        assert_eq!(format!("{:?}", sealer("k1")), "Sealer(k1, ***)");
    }
}

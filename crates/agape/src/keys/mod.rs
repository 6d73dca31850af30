//! The secret files of a work tree, below `.agape/keys/`.
//!
//! | file | holds |
//! |---|---|
//! | `services/<name>.pk8` | the Ed25519 key (PKCS#8 DER) with which a service signs its calls to others |
//! | `services.jwks.json` | the public halves of all of them, each with `iss`, the service's name |
//! | `file.key` | 32 bytes, base64: encrypts the token-signing keys in auth's schema |
//! | `pii.json` | the keys that encrypt personal data, by id, and the one for blind indexes |
//! | `log-hash.key` | 32 bytes, base64: keys the hash by which logs name a user |
//! | `database.json` | the passwords of the database roles |
//! | `resend-webhook.secret` | `whsec_…`: with which the sandbox signs webhooks about mail |
//!
//! What exists is never replaced: losing `file.key` or `pii.json` loses the data they encrypt.

mod service_keys;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::private_files;

/// The secret files below one folder.
#[derive(Debug, Clone)]
pub struct Keys {
    dir: PathBuf,
}

/// The content of `pii.json`.
#[derive(Serialize)]
struct PiiKeys {
    /// The id of the key that encrypts from now on.
    current: String,
    /// Every key that something may still be encrypted with.
    keys: BTreeMap<String, String>,
    /// The key of the blind indexes; it can never change without rebuilding them.
    index: String,
}

/// The passwords of one service's two roles.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RolePasswords {
    /// Of the role that owns the schema and migrates it.
    pub owner: String,
    /// Of the role that the service runs as.
    pub runtime: String,
}

impl Keys {
    /// The secret files in `dir`; nothing is made yet.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes what is missing for these services and returns the names of the files made.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn ensure(&self, services: &[&str]) -> Result<Vec<String>> {
        private_files::ensure_dir(&self.dir)?;
        private_files::ensure_dir(&self.dir.join("services"))?;
        let mut made = Vec::new();
        for service in services {
            let path = self.service_key(service);
            if !path.exists() {
                private_files::write(&path, &service_keys::generate()?)?;
                made.push(format!("services/{service}.pk8"));
            }
        }
        if service_keys::publish(
            services,
            |name| self.service_key(name),
            &self.service_keys(),
        )? {
            made.push("services.jwks.json".to_owned());
        }
        for (path, name) in [
            (self.file_key(), "file.key"),
            (self.log_hash(), "log-hash.key"),
        ] {
            if !path.exists() {
                private_files::write(&path, random_base64()?.as_bytes())?;
                made.push(name.to_owned());
            }
        }
        let webhook = self.resend_webhook();
        if !webhook.exists() {
            let secret = format!("whsec_{}", random_base64()?);
            private_files::write(&webhook, secret.as_bytes())?;
            made.push("resend-webhook.secret".to_owned());
        }
        if !self.pii().exists() {
            private_files::write(&self.pii(), &first_pii_keys()?)?;
            made.push("pii.json".to_owned());
        }
        Ok(made)
    }

    /// The passwords of the database roles; those of a service that has none yet are made.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn role_passwords(&self, services: &[&str]) -> Result<BTreeMap<String, RolePasswords>> {
        private_files::ensure_dir(&self.dir)?;
        let path = self.dir.join("database.json");
        let mut passwords: BTreeMap<String, RolePasswords> = match private_files::read(&path)? {
            Some(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is not readable", path.display()))?,
            None => BTreeMap::new(),
        };
        let mut changed = false;
        for service in services {
            if !passwords.contains_key(*service) {
                let pair = RolePasswords {
                    owner: random_hex()?,
                    runtime: random_hex()?,
                };
                passwords.insert((*service).to_owned(), pair);
                changed = true;
            }
        }
        if changed {
            private_files::write(&path, &serde_json::to_vec_pretty(&passwords)?)?;
        }
        Ok(passwords)
    }

    /// The key with which `service` signs its calls.
    #[must_use]
    pub fn service_key(&self, service: &str) -> PathBuf {
        self.dir.join("services").join(format!("{service}.pk8"))
    }

    /// The public halves of all services' keys.
    #[must_use]
    pub fn service_keys(&self) -> PathBuf {
        self.dir.join("services.jwks.json")
    }

    /// The key that encrypts auth's signing keys.
    #[must_use]
    pub fn file_key(&self) -> PathBuf {
        self.dir.join("file.key")
    }

    /// The keys that encrypt personal data.
    #[must_use]
    pub fn pii(&self) -> PathBuf {
        self.dir.join("pii.json")
    }

    /// The secret with which the sandbox signs webhooks about mail.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn resend_webhook_secret(&self) -> Result<String> {
        let path = self.resend_webhook();
        let text = std::fs::read_to_string(&path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        Ok(text.trim().to_owned())
    }

    fn resend_webhook(&self) -> PathBuf {
        self.dir.join("resend-webhook.secret")
    }

    /// The key of the hash that names a user in the logs.
    #[must_use]
    pub fn log_hash(&self) -> PathBuf {
        self.dir.join("log-hash.key")
    }
}

fn first_pii_keys() -> Result<Vec<u8>> {
    let id = "1".to_owned();
    let keys = BTreeMap::from([(id.clone(), random_base64()?)]);
    let content = PiiKeys {
        current: id,
        keys,
        index: random_base64()?,
    };
    Ok(serde_json::to_vec_pretty(&content)?)
}

fn random_bytes() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_unspecified| anyhow::anyhow!("the system has no randomness to give"))?;
    Ok(bytes)
}

fn random_base64() -> Result<String> {
    Ok(STANDARD.encode(random_bytes()?))
}

fn random_hex() -> Result<String> {
    Ok(hex::encode(random_bytes()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys_in(dir: &Path) -> Keys {
        Keys::new(dir.join("keys"))
    }

    #[test]
    fn what_exists_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let keys = keys_in(dir.path());
        assert_eq!(keys.ensure(&["auth"]).unwrap().len(), 6);
        let pii = std::fs::read(keys.pii()).unwrap();
        assert_eq!(keys.ensure(&["auth"]).unwrap(), Vec::<String>::new());
        assert_eq!(std::fs::read(keys.pii()).unwrap(), pii);
    }

    #[test]
    fn a_new_service_gets_a_key_and_joins_the_published_set() {
        let dir = tempfile::tempdir().unwrap();
        let keys = keys_in(dir.path());
        keys.ensure(&["auth"]).unwrap();
        let made = keys.ensure(&["auth", "gateway"]).unwrap();
        assert_eq!(made, ["services/gateway.pk8", "services.jwks.json"]);
        let set = std::fs::read_to_string(keys.service_keys()).unwrap();
        assert!(set.contains(r#""iss": "auth""#) && set.contains(r#""iss": "gateway""#));
    }

    #[test]
    fn role_passwords_are_random_and_stay() {
        let dir = tempfile::tempdir().unwrap();
        let keys = keys_in(dir.path());
        let first = keys.role_passwords(&["auth"]).unwrap();
        let second = keys.role_passwords(&["auth", "orders"]).unwrap();
        assert_eq!(first["auth"].runtime, second["auth"].runtime);
        assert_ne!(second["auth"].runtime, second["orders"].runtime);
        assert_ne!(second["auth"].runtime, second["auth"].owner);
    }

    #[test]
    fn a_file_that_others_may_read_is_found() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let keys = keys_in(dir.path());
        keys.ensure(&["auth"]).unwrap();
        assert_eq!(
            private_files::open_to_others(keys.dir()).unwrap(),
            Vec::<PathBuf>::new()
        );
        std::fs::set_permissions(keys.pii(), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(
            private_files::open_to_others(keys.dir()).unwrap(),
            [keys.pii()]
        );
    }
}

//! Whom we believe that a server is the one we mean: certificate authorities.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// What a file of authorities says, in PEM.
///
/// # Errors
/// When it cannot be read, or holds none or a bad one.
pub fn read(file: &Path) -> Result<String, String> {
    let at = |problem: &dyn std::fmt::Display| format!("{}: {problem}", file.display());
    let pem = std::fs::read_to_string(file).map_err(|error| at(&error))?;
    trusting(&pem).map_err(|problem| at(&problem))?;
    Ok(pem)
}

/// A store of the authorities in `pem`.
pub(crate) fn trusting(pem: &str) -> Result<RootCertStore, String> {
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        trusted
            .add(certificate)
            .map_err(|error| error.to_string())?;
    }
    if trusted.is_empty() {
        return Err("there is no certificate in it".to_owned());
    }
    Ok(trusted)
}

/// A store of those that the system trusts; of its many, some may be unreadable.
pub(crate) fn trusting_the_systems() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut trusted = RootCertStore::empty();
    let (added, _ignored) = trusted.add_parsable_certificates(found.certs);
    match (added, found.errors.first()) {
        (0, Some(error)) => Err(error.to_string()),
        (0, None) => Err("the system has none".to_owned()),
        _ => Ok(trusted),
    }
}

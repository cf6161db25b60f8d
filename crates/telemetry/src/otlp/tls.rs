//! Whom an address of `https` is believed: the authorities of this system.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto};

use super::config::{OtlpConfig, OtlpError};

/// Those of this system.
pub(super) fn authorities() -> Result<RootCertStore, OtlpError> {
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if authorities.is_empty() {
        return Err(OtlpError::NoAuthorities);
    }
    Ok(authorities)
}

/// For a client that wants it whether or not it uses TLS. Where it does not, the system need have no authorities.
pub(super) fn client_config(config: &OtlpConfig) -> Result<ClientConfig, OtlpError> {
    let authorities = if config.is_https()? { authorities()? } else { RootCertStore::empty() };
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(authorities).with_no_client_auth())
}

//! The connection of OTLP over gRPC.

use tonic::transport::{Channel, ClientTlsConfig, Endpoint};

use super::config::{OtlpConfig, OtlpError};
use super::tls;

/// A connection that is made when it is needed, and again when it is lost. Must be called inside of a runtime of tokio.
pub(super) fn grpc_channel(config: &OtlpConfig) -> Result<Channel, OtlpError> {
    // A connection that went silent is given up with the request that shows it, instead of used again.
    let silence = config.timeout / 2;
    let mut endpoint = Endpoint::from(config.address()?)
        .timeout(config.timeout)
        .connect_timeout(config.timeout)
        .http2_keep_alive_interval(silence)
        .keep_alive_timeout(silence);
    if config.is_https()? {
        let authorities = tls::authorities()?;
        endpoint = endpoint.tls_config(ClientTlsConfig::new().trust_anchors(authorities.roots))?;
    }
    Ok(endpoint.connect_lazy())
}

//! Addresses of Redis servers.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisResult};

/// Parses a URL. The cryptography provider of rustls is reqwest's choice, unless the application has installed one.
pub(super) fn parse(url: &str) -> RedisResult<ConnectionInfo> {
    let info = url.into_connection_info()?;
    if is_tls(&info) && rustls::crypto::CryptoProvider::get_default().is_none() {
        // If another thread installs one first, that one is used.
        let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    // The client drops the server's text about a failed `AUTH`, but not that about a failed `HELLO`.
    Ok(with_resp3(info))
}

pub(super) fn parse_all(urls: &[String]) -> RedisResult<Vec<ConnectionInfo>> {
    urls.iter().map(|url| parse(url)).collect()
}

pub(super) fn with_resp3(info: ConnectionInfo) -> ConnectionInfo {
    let settings = info
        .redis_settings()
        .clone()
        .set_protocol(ProtocolVersion::RESP3);
    info.set_redis_settings(settings)
}

pub(super) fn is_tls(info: &ConnectionInfo) -> bool {
    matches!(info.addr(), ConnectionAddr::TcpTls { .. })
}

/// Returns an address like `node` with the `host:port` to which that node redirects.
pub(super) fn redirected(node: &ConnectionAddr, host_and_port: &str) -> Option<ConnectionAddr> {
    let (new_host, new_port) = host_and_port.rsplit_once(':')?;
    let mut address = node.clone();
    match &mut address {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            // An empty host is that of the node itself.
            if !new_host.is_empty() {
                new_host.clone_into(host);
            }
            *port = new_port.parse().ok()?;
            Some(address)
        }
        _ => None,
    }
}

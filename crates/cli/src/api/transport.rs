//! Connections: timeouts, certificates, and what is said when none comes about.

use std::fs;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _, TcpConnector};

use super::connector::TlsConnector;
use super::tls::Trust;
use super::{Origin, tls};
use crate::config::Environment;
use crate::failure::{Failure, Kind};

/// How this program names itself, with the version that `kontena version` prints.
pub(super) const USER_AGENT: &str = concat!("kontena-cli/", env!("CARGO_PKG_VERSION"));

/// Builds the HTTP client for one master.
pub(crate) fn agent(origin: &Origin, environment: &Environment) -> Result<Agent, rustls::Error> {
    let read = Some(environment.seconds("EXCON_READ_TIMEOUT", 30));
    let config = Agent::config_builder()
        .user_agent(USER_AGENT)
        .accept("application/json")
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(environment.seconds("EXCON_CONNECT_TIMEOUT", 10)))
        .timeout_recv_response(read)
        .timeout_per_read(read)
        .timeout_per_write(Some(environment.seconds("EXCON_WRITE_TIMEOUT", 10)))
        .build();
    // Reading the system's certificates takes longer than the rest of a command.
    let tls = if origin.is_tls() { Some(tls(origin, environment)?) } else { None };
    let connector =
        ().chain(ConnectProxyConnector::default())
            .chain(TcpConnector::default())
            .chain(TlsConnector(tls));
    Ok(Agent::with_parts(config, connector, DefaultResolver::default()))
}

/// Makes the TLS settings of connections to a master.
pub(super) fn tls(
    origin: &Origin,
    environment: &Environment,
) -> Result<Arc<rustls::ClientConfig>, rustls::Error> {
    tls::config(if environment.get("SSL_IGNORE_ERRORS") == Some("true") {
        Trust::Anybody
    } else {
        let kept = kept(origin, environment);
        let named = named(environment)?;
        match (kept.is_empty(), named) {
            (false, _) => Trust::Kept(kept),
            (true, Some(named)) => {
                Trust::Named { known: rustls_native_certs::load_native_certs().certs, exact: named }
            }
            (true, None) => Trust::System(rustls_native_certs::load_native_certs().certs),
        }
    })
}

/// The certificates of `SSL_CERT_FILE`; whoever names a file means it to be used.
fn named(environment: &Environment) -> Result<Option<Vec<CertificateDer<'static>>>, rustls::Error> {
    let Some(path) = environment.get("SSL_CERT_FILE") else {
        return Ok(None);
    };
    let refuse = |reason: String| rustls::Error::General(format!("SSL_CERT_FILE {path}: {reason}"));
    let pem = fs::read(path).map_err(|error| refuse(error.to_string()))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(Some(certificates)),
        Ok(_) => Err(refuse("there is no certificate in it".to_owned())),
        Err(error) => Err(refuse(error.to_string())),
    }
}

/// The certificates kept for this master.
fn kept(origin: &Origin, environment: &Environment) -> Vec<CertificateDer<'static>> {
    let file = environment
        .kontena_dir()
        .map(|dir| dir.join("certs").join(format!("{}.pem", origin.host())));
    let pem = file.and_then(|path| fs::read(path).ok()).unwrap_or_default();
    CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect()
}

/// Tells whether the next attempt may get an answer.
pub(crate) fn may_return(error: &ureq::Error) -> bool {
    use std::io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, UnexpectedEof,
    };
    match error {
        ureq::Error::ConnectionFailed | ureq::Error::Tls(_) => true,
        ureq::Error::Io(error) => matches!(
            error.kind(),
            BrokenPipe | ConnectionAborted | ConnectionRefused | ConnectionReset | UnexpectedEof
        ),
        _ => false,
    }
}

/// Says why there was no answer, and what to do about it. `is_change`: the request changes something.
pub(crate) fn unreachable(url: &str, error: &ureq::Error, is_change: bool) -> Failure {
    let known = |text: String| Failure::known(Kind::Unreachable, text);
    match distrust(error) {
        Some(Distrust::UnknownAuthority) => known(
            "The server uses a certificate signed by an unknown authority.\n         \
             Trust its authority by storing it as ~/.kontena/certs/<hostname>.pem,\n         \
             name the folder of trusted authorities with SSL_CERT_DIR=/etc/ssl/certs,\n         \
             or do without the check, which is not secure, with SSL_IGNORE_ERRORS=true"
                .to_owned(),
        ),
        Some(Distrust::OtherName) => known(format!(
            "Cannot connect to {url}: the certificate is for another host name. \
             Use the name it was made for, or store it as ~/.kontena/certs/<hostname>.pem"
        )),
        Some(Distrust::Expired) => known(format!(
            "Cannot connect to {url}: the certificate is not valid at this time. \
             Check the clock of this machine, or renew the certificate of the master"
        )),
        None => {
            let reason = reason(url, error);
            let text = match (was_sent(error), is_change) {
                (false, _) => format!("Cannot connect to {url}: {reason}. {CHECK}"),
                (true, false) => format!("No answer from {url}: {reason}. {CHECK}"),
                (true, true) => {
                    format!("No answer from {url}: {reason}; the change may have been made")
                }
            };
            Failure::known(if is_timeout(error) { Kind::Timeout } else { Kind::Unreachable }, text)
        }
    }
}

const CHECK: &str = "Check that the master runs there; see also: kontena master list";

/// Tells whether the master may have got the request.
fn was_sent(error: &ureq::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error {
        ureq::Error::Timeout(step) => {
            !matches!(step, ureq::Timeout::Resolve | ureq::Timeout::Connect)
        }
        ureq::Error::Io(error) => {
            matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
        }
        ureq::Error::Protocol(_) | ureq::Error::BodyExceedsLimit(_) => true,
        _ => false,
    }
}

fn reason(url: &str, error: &ureq::Error) -> String {
    match error {
        ureq::Error::Tls(reason) => format!("{reason}; perhaps the address begins with http://"),
        ureq::Error::Protocol(_) if url.starts_with("http:") => {
            "what came is no HTTP; perhaps the address begins with https://".to_owned()
        }
        error if matches!(tls_error(error), Some(rustls::Error::InvalidMessage(_))) => {
            "what came is no TLS; perhaps the address begins with http://".to_owned()
        }
        ureq::Error::HostNotFound => "the host name is not known".to_owned(),
        error if is_timeout(error) => "timed out".to_owned(),
        ureq::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            _ => error.to_string(),
        },
        other => other.to_string(),
    }
}

fn is_timeout(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Timeout(_) => true,
        ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::TimedOut,
        _ => false,
    }
}

/// Why a certificate is not taken.
enum Distrust {
    UnknownAuthority,
    OtherName,
    Expired,
}

fn tls_error(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref().and_then(|inner| {
            inner.downcast_ref().or_else(|| inner.source().and_then(|source| source.downcast_ref()))
        }),
        _ => None,
    }
}

fn distrust(error: &ureq::Error) -> Option<Distrust> {
    use rustls::CertificateError as Refused;
    let Some(rustls::Error::InvalidCertificate(refused)) = tls_error(error) else {
        return None;
    };
    match refused {
        Refused::UnknownIssuer | Refused::Other(_) => Some(Distrust::UnknownAuthority),
        Refused::NotValidForName | Refused::NotValidForNameContext { .. } => {
            Some(Distrust::OtherName)
        }
        Refused::Expired
        | Refused::ExpiredContext { .. }
        | Refused::NotValidYet
        | Refused::NotValidYetContext { .. } => Some(Distrust::Expired),
        _ => None,
    }
}

//! Whom a master's certificate makes trustworthy, for HTTP and for the websocket of exec.
//!
//! ```text
//! SSL_IGNORE_ERRORS=true    anybody
//! certs/HOST.pem            that very certificate, or one it has signed for HOST or for its own name
//! SSL_CERT_FILE             one of its certificates, or one that an authority in it has signed for HOST
//! otherwise                 one that an authority of the system has signed for HOST
//! ```

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::subject::common_name;

/// Whom to believe.
pub(super) enum Trust {
    /// Anybody, as the user asked for.
    Anybody,
    /// What is kept for this master.
    Kept(Vec<CertificateDer<'static>>),
    /// What is named by the environment: its authorities, and its certificates as they are.
    Named { known: Vec<CertificateDer<'static>>, exact: Vec<CertificateDer<'static>> },
    /// The authorities of the system; where it has none, those the program was built with.
    System(Vec<CertificateDer<'static>>),
}

/// Makes the settings of a connection.
pub(super) fn config(trust: Trust) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let config = match trust {
        Trust::Anybody => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider)))
        }
        Trust::Kept(kept) => {
            let name = kept.first().and_then(|first| common_name(first));
            let kept = Kept::new(&kept, kept.clone(), name, provider)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(kept))
        }
        Trust::Named { known, exact } => {
            let known = [known, exact.clone()].concat();
            let named = Kept::new(&known, exact, None, provider)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(named))
        }
        Trust::System(known) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(known);
            if roots.is_empty() {
                roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            }
            builder.with_root_certificates(roots)
        }
    };
    Ok(Arc::new(config.with_no_client_auth()))
}

/// Accepts what is kept for this master, or named for all.
#[derive(Debug)]
struct Kept {
    certificates: Vec<CertificateDer<'static>>,
    /// What is as good as the master's address.
    name: Option<ServerName<'static>>,
    chains: Arc<WebPkiServerVerifier>,
}

impl Kept {
    fn new(
        authorities: &[CertificateDer<'static>],
        certificates: Vec<CertificateDer<'static>>,
        name: Option<String>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(authorities.iter().cloned());
        let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        let name = name.and_then(|name| ServerName::try_from(name).ok());
        Ok(Self { certificates, name, chains })
    }
}

impl ServerCertVerifier for Kept {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // Masters make certificates for themselves that are no authority's and name no host in the way of
        // today; who keeps one has looked at it.
        if self.certificates.iter().any(|kept| kept.as_ref() == end_entity.as_ref()) {
            return Ok(ServerCertVerified::assertion());
        }
        let verify = |name: &ServerName<'_>| {
            self.chains.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
        };
        match (verify(server_name), &self.name) {
            (
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName
                    | CertificateError::NotValidForNameContext { .. },
                )),
                Some(name),
            ) => verify(name),
            (outcome, _) => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

/// Accepts every certificate, and still wants whoever shows it to have its key.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

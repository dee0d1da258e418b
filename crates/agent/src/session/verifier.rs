//! TLS as Kontena 1.5 does it: certificates are only looked at where `KONTENA_SSL_VERIFY` asks for it.

use std::{path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// How the master's certificate is treated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Whether the certificate must be valid for the master's name.
    pub verify: bool,
    /// The name asked for and checked instead of the one in the URI.
    pub hostname: Option<String>,
    /// A file of certificate authorities in PEM, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// A directory of certificate authorities, instead of the system's.
    pub ca_dir: Option<PathBuf>,
}

/// Builds the client side of TLS, always with the `ring` provider.
///
/// # Errors
/// Where verification is on and no certificate authority can be read; the text names the setting.
pub fn client_config(options: &TlsOptions) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("cannot set up TLS: {error}"))?;
    if options.verify {
        let roots = roots(options)?;
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AcceptAnybody(provider)))
        .with_no_client_auth())
}

fn roots(options: &TlsOptions) -> Result<RootCertStore, String> {
    let found = if options.ca_file.is_some() || options.ca_dir.is_some() {
        rustls_native_certs::load_certs_from_paths(
            options.ca_file.as_deref(),
            options.ca_dir.as_deref(),
        )
    } else {
        rustls_native_certs::load_native_certs()
    };
    for error in &found.errors {
        log::warn!("cannot read certificate authorities: {error}");
    }
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        return Err("KONTENA_SSL_VERIFY is set, but there are no certificate authorities: set \
             SSL_CERT_FILE to a file in PEM or SSL_CERT_PATH to a directory"
            .into());
    }
    Ok(roots)
}

/// Accepts every certificate; the connection is encrypted but the master is not authenticated.
#[derive(Debug)]
struct AcceptAnybody(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

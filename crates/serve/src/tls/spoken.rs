//! HTTPS as rustls speaks it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        version::{TLS12, TLS13},
    },
    server::TlsStream,
};

use crate::{
    Error, Tls,
    reload::{Trace, trace},
};

/// What new connections are greeted with.
pub(crate) struct Greeting {
    files: Tls,
    /// What the files were like before they were read first.
    traces: [Option<Trace>; 2],
    config: RwLock<Arc<ServerConfig>>,
}

impl Greeting {
    pub(crate) fn new(files: &Tls) -> Result<Greeting, Error> {
        let traces = [trace(&files.certificates), trace(&files.key)];
        Ok(Greeting { traces, config: RwLock::new(read(files)?), files: files.clone() })
    }

    /// The files, and what they were like before they were read first.
    pub(crate) fn files(&self) -> [(&Path, Option<Trace>); 2] {
        [(&self.files.certificates, self.traces[0]), (&self.files.key, self.traces[1])]
    }

    /// Speaks with who connected until both can.
    pub(crate) async fn greet(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        TlsAcceptor::from(config).accept(stream).await
    }

    /// Reads the files again. Where one is refused, what was there stays.
    pub(crate) fn read_again(&self) -> Result<(), Error> {
        let config = read(&self.files)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }
}

fn read(files: &Tls) -> Result<Arc<ServerConfig>, Error> {
    let refuse = |path: &PathBuf, reason: String| Error::Tls { path: path.clone(), reason };
    let bytes = |path: &PathBuf| std::fs::read(path).map_err(|error| refuse(path, error.to_string()));
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&bytes(&files.certificates)?)
            .collect::<Result<_, _>>()
            .map_err(|error| refuse(&files.certificates, format!("it is no PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(refuse(&files.certificates, "there is no certificate in it".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(&bytes(&files.key)?)
        .map_err(|error| refuse(&files.key, format!("there is no private key in it: {error}")))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map(|config| config.with_no_client_auth())
        .and_then(|config| config.with_single_cert(certificates, key))
        .map_err(|error| refuse(&files.key, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

//! HTTPS, spoken with rustls as the caller.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use automl_pack_serve::{Error, Options, Server, Tls};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use crate::support::{Served, quiet, root, serve_with, titanic};

fn file(name: &str) -> std::path::PathBuf {
    root("tests/fixtures/tls").join(name)
}

fn tls(folder: &std::path::Path) -> Tls {
    Tls { certificates: folder.join("server.pem"), key: folder.join("server.key") }
}

/// Puts one of the certificates where the server looks.
fn place(folder: &std::path::Path, name: &str) {
    let tls = tls(folder);
    fs::copy(file(&format!("{name}.key")), tls.key).unwrap();
    fs::copy(file(&format!("{name}.pem")), tls.certificates).unwrap();
}

/// Asks, and gives the answer with the certificate that was shown.
fn ask(served: &Served) -> (String, CertificateDer<'static>) {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("authority.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut stream = StreamOwned::new(client, TcpStream::connect(served.addr).unwrap());
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let shown = stream.conn.peer_certificates().unwrap()[0].clone().into_owned();
    (answer, shown)
}

#[test]
fn https_is_spoken_and_a_new_certificate_is_shown_without_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    place(folder.path(), "first");
    let options = Options { tls: Some(tls(folder.path())), watch: true, ..quiet() };
    let served = serve_with(options, &[titanic()]);
    let (answer, first) = ask(&served);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(first, CertificateDer::from_pem_file(file("first.pem")).unwrap());

    // The first look at the files is before they change.
    thread::sleep(Duration::from_millis(1500));
    fs::write(tls(folder.path()).certificates, "no certificate").unwrap();
    thread::sleep(Duration::from_millis(2500));
    assert_eq!(ask(&served).1, first, "one that is refused leaves the one before");
    place(folder.path(), "second");
    let began = Instant::now();
    while ask(&served).1 == first {
        assert!(began.elapsed() < Duration::from_secs(20), "it is never read again");
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(ask(&served).1, CertificateDer::from_pem_file(file("second.pem")).unwrap());
}

#[test]
fn who_speaks_no_tls_is_left_alone_and_others_are_served_on() {
    let folder = tempfile::tempdir().unwrap();
    place(folder.path(), "first");
    let served = serve_with(Options { tls: Some(tls(folder.path())), ..quiet() }, &[titanic()]);
    let mut plain = served.connect();
    plain.write_all(b"GET /readyz HTTP/1.1\r\nhost: here\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let _half_open = served.connect();
    assert!(ask(&served).0.starts_with("HTTP/1.1 200"));
}

#[test]
fn files_that_do_not_fit_are_named() {
    let refused = |certificates: &str, key: &str| {
        let tls = Some(Tls { certificates: file(certificates), key: file(key) });
        let refused = Server::bind("127.0.0.1:0".parse().unwrap(), Options { tls, ..quiet() }).err();
        assert!(matches!(refused, Some(Error::Tls { .. })), "{certificates} {key}");
        refused.unwrap().to_string()
    };
    assert!(refused("first.pem", "second.key").contains("second.key: "));
    assert!(refused("first.key", "first.key").contains("no certificate in it"));
    assert!(refused("first.pem", "first.pem").contains("no private key in it"));
    assert!(refused("nowhere.pem", "first.key").contains("nowhere.pem: "));
}

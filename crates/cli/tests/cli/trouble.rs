//! Bad input of the surroundings: one line each that says what to do next, and the contract's exit code.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;

use crate::support::{Kontena, Master, m1};

#[test]
fn a_configuration_that_is_no_json_is_named() {
    let kontena = Kontena::new();
    fs::write(kontena.config_path(), "{\"servers\": [}").unwrap();
    for line in ["node ls", "master ls", "grid use x"] {
        let ran = kontena.run(line);
        ran.exits(1).prints(&[]);
        let path = kontena.config_path();
        let start = format!(" [error] Cannot read the configuration file {}: ", path.display());
        assert!(ran.err.starts_with(&start) && ran.err.lines().count() == 1, "{}", ran.err);
        assert!(ran.err.contains("line 1 column 14"), "{}", ran.err);
        assert!(ran.err.contains("Mend it, or move it away"), "{}", ran.err);
    }
}

#[test]
fn a_home_that_cannot_be_written_costs_no_reading_and_is_said_when_it_must_be_written() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let config = fs::read_to_string(kontena.config_path()).unwrap();
    // Nobody can make a folder below a file, whoever they are.
    let file = kontena.home().join("file");
    fs::write(&file, "").unwrap();
    let below = file.join("client.json");
    let nowhere = Kontena::c1(&master)
        .env("HOME", file.to_str().unwrap())
        .env("KONTENA_CONFIG", kontena.config_path().to_str().unwrap());
    nowhere.run("node ls -q").succeeds(&["core-01", "core-02", "core-03"]);
    let unwritable = Kontena::c1(&master).env("KONTENA_CONFIG", below.to_str().unwrap());
    master.on("GET /v1/user", 200, json!({"email": "admin"}));
    let ran = unwritable.run(&format!("master login --token tok123 http://{}", master.address));
    ran.exits(1);
    let start = format!(" [error] Cannot lock the configuration file {}: ", below.display());
    assert!(ran.err.starts_with(&start) && ran.err.lines().count() == 1, "{}", ran.err);
    assert!(ran.err.contains("KONTENA_CONFIG"), "{}", ran.err);
    assert_eq!(fs::read_to_string(kontena.config_path()).unwrap(), config);
}

#[test]
fn a_full_disk_leaves_the_old_configuration() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let before = fs::read_to_string(kontena.config_path()).unwrap();
    // No file may grow beyond nothing, as on a disk that is full; the signal that comes with it is ignored.
    let ran = kontena.run_shell("trap '' XFSZ; ulimit -f 0; $KONTENA grid use prod 2>&1 | cat");
    assert!(
        ran.out.contains(" [error] Cannot write the configuration file "),
        "{} {}",
        ran.out,
        ran.err
    );
    assert_eq!(fs::read_to_string(kontena.config_path()).unwrap(), before);
    let left: Vec<_> = fs::read_dir(kontena.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_reader_that_cannot_take_any_more_is_said() {
    let kontena = Kontena::c1(&m1());
    let ran = kontena.run_shell("$KONTENA node ls >/dev/full");
    ran.exits(1);
    assert!(ran.err.starts_with(" [error] cannot write to standard output: "), "{}", ran.err);
}

#[test]
fn a_host_nobody_knows_is_said() {
    let kontena =
        Kontena::new().env("KONTENA_URL", "http://nowhere.invalid:9292").env("KONTENA_TOKEN", "x");
    let ran = kontena.run("grid ls");
    ran.exits(1);
    assert!(
        ran.err.starts_with(" [error] Cannot connect to http://nowhere.invalid:9292: "),
        "{}",
        ran.err
    );
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
}

#[test]
fn a_master_that_does_not_answer_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let kontena = Kontena::new()
        .env("KONTENA_URL", &url)
        .env("KONTENA_TOKEN", "x")
        .env("KONTENA_EXIT_CODES", "1")
        .env("EXCON_READ_TIMEOUT", "1");
    kontena
        .run("grid ls")
        .complains(&[&format!(
            " [error] Cannot connect to {url}: timed out. \
             Check that the master runs there; see also: kontena master list"
        )])
        .exits(6);
}

fn tls_file(name: &str) -> String {
    format!("{}/tests/cli/support/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A server that shows a certificate and answers every request with no grids; returns its port.
fn tls_master(name: &str) -> u16 {
    let pem = fs::read(tls_file(&format!("{name}.pem"))).unwrap();
    let key = fs::read(tls_file(&format!("{name}.key"))).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(&pem).unwrap()],
            PrivateKeyDer::from_pem_slice(&key).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            let mut piece = [0; 4096];
            if stream.read(&mut piece).is_ok_and(|read| read > 0) {
                let body = r#"{"grids":[]}"#;
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
                     Connection: close\r\n\r\n{body}"
                );
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    port
}

fn over_tls(host: &str, port: u16) -> Kontena {
    Kontena::new().env("KONTENA_URL", &format!("https://{host}:{port}")).env("KONTENA_TOKEN", "x")
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    let port = tls_master("master");
    let ran = over_tls("localhost", port).run("grid ls");
    ran.exits(1).prints(&[]);
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!(lines[0], " [error] The server uses a certificate signed by an unknown authority.");
    assert_eq!(lines.len(), 4, "{}", ran.err);
    for (line, part) in [
        (1, "~/.kontena/certs/<hostname>.pem"),
        (2, "SSL_CERT_DIR=/etc/ssl/certs"),
        (3, "SSL_IGNORE_ERRORS=true"),
    ] {
        assert!(lines[line].starts_with("         ") && lines[line].contains(part), "{}", ran.err);
    }
    over_tls("localhost", port).env("SSL_IGNORE_ERRORS", "true").run("grid ls -q").succeeds(&[]);
    over_tls("localhost", port).env("SSL_IGNORE_ERRORS", "1").run("grid ls -q").exits(1);
}

#[test]
fn an_authority_can_be_trusted() {
    let port = tls_master("master");
    let authority = tls_file("ca.pem");
    over_tls("localhost", port).env("SSL_CERT_FILE", &authority).run("grid ls -q").succeeds(&[]);
    let kontena = over_tls("localhost", port);
    let certs = kontena.home().join(".kontena/certs");
    fs::create_dir_all(&certs).unwrap();
    fs::copy(&authority, certs.join("localhost.pem")).unwrap();
    kontena.run("grid ls -q").succeeds(&[]);
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let port = tls_master("master");
    let ran = over_tls("127.0.0.1", port).env("SSL_CERT_FILE", &tls_file("ca.pem")).run("grid ls");
    ran.fails(&format!(
        " [error] Cannot connect to https://127.0.0.1:{port}: the certificate is for another host \
         name. Use the name it was made for, or do without the check, which is not secure, with \
         SSL_IGNORE_ERRORS=true"
    ));
}

#[test]
fn a_master_of_another_version_is_warned_about_and_works() {
    let master = m1();
    master.headers("Content-Type: application/json\r\nX-Kontena-Version: 1.4.3\r\n");
    let ran = Kontena::c1(&master).run("grid env -e prod");
    ran.exits(0);
    assert_eq!(
        ran.err,
        format!(
            "Warning: Server version is 1.4.3. You are using CLI version {}.\n",
            kontena_protocol::COMPAT_VERSION
        )
    );
    master.headers("Content-Type: application/json\r\nX-Kontena-Version: 1.5.9\r\n");
    Kontena::c1(&master).run("grid env -e prod").complains(&[]);
}

#[test]
fn debug_shows_requests_and_no_token() {
    let master = m1();
    let long = "f".repeat(64);
    let kontena = Kontena::c1(&master).with_entry(|entry| entry["token"] = json!(long));
    master.on(&format!("GET /oauth2/tokens/{long}"), 200, json!({"id": "1"}));
    for line in ["node env core-03 -D", "master token current --id --debug"] {
        let ran = kontena.run(line);
        ran.exits(0);
        assert!(ran.err.contains("GET /"), "{}", ran.err);
        assert!(!ran.err.contains(&long), "{}", ran.err);
    }
    let bodies = Kontena::c1(&Master::new()).env("DEBUG", "api").run("node ls");
    assert!(bodies.err.contains("Not found") && !bodies.err.contains("tok123"), "{}", bodies.err);
}

//! Certificates: whom the program believes, over HTTP and over a websocket.
//!
//! `tls/` holds an authority named `master.example.com`, three certificates it has signed (for `127.0.0.1`,
//! `master.example.com` and `other.example.com`) and one that a master has made for itself, which names no
//! host. They were made with openssl, last for a hundred years and are good for nothing but these tests.

use serde_json::{Value, json};

use crate::support::{Kontena, Master, frame, say};

const AUTHORITY: &[u8] = include_bytes!("tls/ca.pem");
const ADDRESS: [&[u8]; 2] = [include_bytes!("tls/address.pem"), include_bytes!("tls/address.key")];
const EXAMPLE: [&[u8]; 2] = [include_bytes!("tls/example.pem"), include_bytes!("tls/example.key")];
const OTHER: [&[u8]; 2] = [include_bytes!("tls/other.pem"), include_bytes!("tls/other.key")];
const OWN: [&[u8]; 2] = [include_bytes!("tls/own.pem"), include_bytes!("tls/own.key")];

/// A master with a certificate, and the program with what it keeps for that master.
fn scene([certificate, key]: [&[u8]; 2], kept: Option<&[u8]>) -> (Master, Kontena) {
    let master = Master::with_tls(certificate, key);
    let exec = "GET /v1/containers/development/n/c/exec";
    master.on("GET /v1/grids", 200, json!({"grids": [{"name": "a"}]})).talks(exec, |socket| {
        let first = frame(socket);
        say(socket, &json!({"stream": "stdout", "chunk": "hi\n"}));
        say(socket, &json!({"exit": 0}));
        vec![first]
    });
    let url = format!("https://{}/", master.address);
    let kontena = Kontena::c1(&master).with_entry(|entry| entry["url"] = Value::String(url));
    if let Some(kept) = kept {
        let certs = kontena.home().join(".kontena/certs");
        std::fs::create_dir_all(&certs).unwrap();
        std::fs::write(certs.join("127.0.0.1.pem"), kept).unwrap();
    }
    (master, kontena)
}

fn is_trusted((_master, kontena): (Master, Kontena)) {
    kontena.run("grid ls -q").succeeds(&["a"]);
    kontena.run("container exec n/c ls").succeeds(&["hi"]);
}

fn is_refused((master, kontena): (Master, Kontena), error: &[&str]) {
    for command in ["grid ls -q", "container exec n/c ls"] {
        kontena.run(command).prints(&[]).complains(error).exits(1);
    }
    assert!(master.lines().is_empty());
}

#[test]
fn a_certificate_signed_by_the_kept_authority() {
    is_trusted(scene(ADDRESS, Some(AUTHORITY)));
}

#[test]
fn the_name_of_the_kept_certificate_is_as_good_as_the_address() {
    is_trusted(scene(EXAMPLE, Some(AUTHORITY)));
}

#[test]
fn the_kept_certificate_itself() {
    is_trusted(scene(OWN, Some(OWN[0])));
}

#[test]
fn anybody_where_that_is_asked_for() {
    let (master, kontena) = scene(OWN, None);
    is_trusted((master, kontena.env("SSL_IGNORE_ERRORS", "true")));
    let (master, kontena) = scene(OWN, None);
    let kontena = kontena.env("SSL_IGNORE_ERRORS", "1");
    kontena.run("grid ls -q").exits(1);
    assert!(master.lines().is_empty());
}

#[test]
fn a_certificate_of_an_unknown_authority() {
    let error = [
        " [error] The server uses a certificate signed by an unknown authority.",
        "         Trust its authority by storing it as ~/.kontena/certs/<hostname>.pem,",
        "         name the folder of trusted authorities with SSL_CERT_DIR=/etc/ssl/certs,",
        "         or do without the check, which is not secure, with SSL_IGNORE_ERRORS=true",
    ];
    is_refused(scene(ADDRESS, None), &error);
    is_refused(scene(ADDRESS, Some(OWN[0])), &error);
    is_refused(scene(OWN, Some(AUTHORITY)), &error);
}

#[test]
fn a_certificate_for_another_name() {
    is_refused(
        scene(OTHER, Some(AUTHORITY)),
        &[" [error] Cannot connect to https://192.168.66.1:9292/: the certificate is for another \
           host name. Use the name it was made for, or store it as \
           ~/.kontena/certs/<hostname>.pem"],
    );
}

#[test]
fn authorities_of_the_system_can_be_named() {
    let (master, kontena) = scene(ADDRESS, None);
    let file = kontena.home().join("ca.pem");
    std::fs::write(&file, AUTHORITY).unwrap();
    is_trusted((master, kontena.env("SSL_CERT_FILE", file.to_str().unwrap())));
}

#[test]
fn the_certificate_that_the_environment_names_is_trusted_as_it_is() {
    let named = |files: [&[u8]; 2], pem: &[u8]| {
        let (master, kontena) = scene(files, None);
        let file = kontena.home().join("named.pem");
        std::fs::write(&file, pem).unwrap();
        let kontena = kontena.env("SSL_CERT_FILE", file.to_str().unwrap());
        (master, kontena)
    };
    is_trusted(named(OWN, OWN[0]));
    is_trusted(named(ADDRESS, AUTHORITY));
    for (pem, reason) in [(&b""[..], "there is no certificate in it"), (b"-----BEGIN CERT", "")] {
        let (master, kontena) = named(OWN, pem);
        for command in ["grid ls -q", "container exec n/c ls"] {
            let ran = kontena.run(command);
            ran.prints(&[]).exits(1);
            assert!(ran.err.contains("named.pem: ") && ran.err.contains(reason), "{}", ran.err);
            assert!(ran.err.contains("SSL_CERT_FILE"), "{}", ran.err);
        }
        assert!(master.lines().is_empty());
    }
    // The name in an authority of the environment is nobody's address.
    let (_master, kontena) = named(EXAMPLE, AUTHORITY);
    kontena.run("grid ls -q").exits(1);
}

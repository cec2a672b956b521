//! Tests of TLS, users and passwords, and of what is shown of them.

use super::*;
use crate::backend::servers::{Folder, free_port};

/// TLS takes the certificates of the system, and those are told of by the environment: so
/// this is done by a process of its own.
#[test]
fn a_server_is_spoken_to_by_tls() {
    let folder = Folder::new();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("there is room");
        path.to_str().expect("a name").to_owned()
    };
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    let authority = authority.self_signed(&authority_key).expect("an authority");
    let key = rcgen::KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).expect("a name");
    let certificate = certificate
        .signed_by(&key, &authority, &authority_key)
        .expect("a certificate");
    let authority = file("authority", authority.pem());
    let certificate = file("certificate", certificate.pem());
    let key = file("key", key.serialize_pem());
    let port = free_port().to_string();
    let mut options = vec!["--tls-port", &port, "--tls-auth-clients", "no"];
    options.extend(["--tls-cert-file", &certificate, "--tls-key-file", &key]);
    options.extend(["--tls-ca-cert-file", &authority]);
    let _server = Server::start(&options);
    for (trusted, is_good) in [(&authority, true), (&certificate, false)] {
        let test = std::env::current_exe().expect("this is one");
        let status = std::process::Command::new(test)
            .args(["--ignored", "--exact"])
            .arg("backend::redis::tests::secrets::tls_of_another_process")
            .env("SSL_CERT_FILE", trusted)
            .env("LRUHEAP_TEST_TLS", &port)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status();
        assert_eq!(status.expect("it runs").success(), is_good);
    }
}

#[test]
#[ignore = "another test starts it"]
fn tls_of_another_process() {
    let Ok(port) = std::env::var("LRUHEAP_TEST_TLS") else {
        return;
    };
    let url = format!("rediss://localhost:{port}");
    let store = connect(&url, "rediss://shown".into(), patient()).expect("an address");
    contract::holds(&store, Duration::ZERO);
    contract::holds(&Tasks(store), Duration::ZERO);
}

#[test]
fn user_and_password_are_used_and_not_shown() {
    let user = [
        "--user",
        "hush-user",
        "on",
        ">hush-password",
        "~*",
        "&*",
        "+@all",
    ];
    let server = Server::start(&[&user[..], &["--requirepass", "hush-other"]].concat());
    let connect = |user: &str| {
        let url = format!("redis://{user}127.0.0.1:{}/2", server.port);
        connect(&url, "redis://shown".into(), patient()).expect("an address")
    };
    contract::holds(&connect("hush-user:hush-password@"), Duration::ZERO);
    contract::holds(&Tasks(connect(":hush-other@")), Duration::ZERO);
    let mut plain = server.connection();
    ::redis::cmd("AUTH")
        .arg("hush-other")
        .exec(&mut plain)
        .expect("it is right");
    let mut limit = ::redis::cmd("ACL");
    limit.arg(&["SETUSER", "hush-user", "-set"]);
    limit.exec(&mut plain).expect("it may");
    let errors = [
        Backend::get(&connect("hush-user:hush-wrong@"), key(), &[]).expect_err("wrong"),
        Backend::get(&connect(":hush-wrong@"), key(), &[]).expect_err("wrong"),
        Backend::get(&connect(""), key(), &[]).expect_err("none"),
        block_on(AsyncBackend::get(
            &connect("hush-user:hush-wrong@"),
            key(),
            &[],
        ))
        .expect_err("wrong"),
        block_on(AsyncBackend::get(&connect(""), key(), &[])).expect_err("none"),
        Backend::set(
            &connect("hush-user:hush-password@"),
            key(),
            b"x",
            LONG,
            None,
        )
        .expect_err("it may not"),
    ];
    for error in errors {
        let all = format!("{error} {error:?}");
        assert!(!all.contains("hush"), "{all}");
        assert!(!error.is_outage(), "{all}");
    }
}

/// What the documentation says that a user needs.
#[test]
fn a_user_who_may_do_no_more_than_is_needed_is_enough() {
    let may = "on >hush ~lruheap:* &lruheap:notices +get +mget +set +del +pttl +expire +pexpire \
               +eval +publish +subscribe +ping +info +dbsize";
    let may: Vec<&str> = may.split_whitespace().collect();
    let server = Server::start(&[&["--user", "few"], &may[..]].concat());
    let url = format!("redis://few:hush@127.0.0.1:{}", server.port);
    let connect = || connect(&url, "redis://shown".into(), patient()).expect("an address");
    let (a, b) = (connect(), Tasks(connect()));
    contract::holds(&a, Duration::ZERO);
    contract::holds(&b, Duration::ZERO);
    assert_ne!(a.watch(name()).load(Ordering::Acquire), BLIND);
    a.status().expect("it may ask");
}

#[test]
fn an_address_that_is_wrong_is_told_without_what_was_written() {
    for wrong in [
        "redis://u:hush@h/hush",
        "redis://u:hush@h?protocol=hush",
        "rediss://u:hush@h/#insecure",
        "rediss://u:hush@h/#hush",
        "redis://u:hush@h:hush",
        "hush",
        "http://hush",
    ] {
        let Err(error) = connect(wrong, "shown".into(), timing(10)) else {
            panic!("{wrong} is none");
        };
        assert!(matches!(error, Error::Address(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        let urls = [wrong.to_owned()];
        assert!(connect_cluster(&urls, "shown".into(), timing(10)).is_err());
    }
}

//! TLS without CA certificates, with those of a private CA, and with wrong ones: errors name the
//! cause and the remedy. `SSL_CERT_FILE` applies to a whole process, so each case runs in a
//! separate process.

use std::error::Error as StdError;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use tower_weika::ConfigErrorKind;
use tower_weika::client::Transport;
use tower_weika::client::weika::WeikaClient;
use tower_weika::identity::Manager;
use tower_weika::store::{Redis, RedisStore};
use tower_weika::{ConfigError, ErrorKind};

use crate::child::{self, Child};
use crate::kit::{Log, create_session, found, shown};
use crate::programs::find_programs;
use crate::redis_server::{self, Options, free_port};

const REMEDY: &str = "install the package `ca-certificates`, or set SSL_CERT_FILE";

/// A TLS server whose certificate is issued by a private CA.
struct Tls {
    _redis: redis_server::Redis,
    port: u16,
    folder: PathBuf,
}

impl Tls {
    fn start() -> Self {
        let folder =
            std::env::temp_dir().join(format!("weika-ca-{}-{}", std::process::id(), free_port()));
        fs::create_dir(&folder).expect("a folder for temporary files");
        let [openssl] = find_programs([&["openssl"]], &["openssl"]);
        for command in [
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=private \
             -keyout ca.key -out ca.pem",
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=server \
             -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE \
             -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem",
        ] {
            let outcome = Command::new(&openssl)
                .args(command.split_whitespace())
                .current_dir(&folder)
                .output();
            let outcome = outcome.expect("openssl can be started");
            assert!(
                outcome.status.success(),
                "{command}: {}",
                String::from_utf8_lossy(&outcome.stderr)
            );
        }
        let port = free_port();
        let file = |name: &str| folder.join(name).display().to_string();
        let (key, certificate, ca, tls_port) = (
            file("server.key"),
            file("server.pem"),
            file("ca.pem"),
            port.to_string(),
        );
        let arguments = [
            "--tls-port",
            &tls_port,
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &ca,
            "--tls-auth-clients",
            "no",
        ];
        let redis = redis_server::Redis::start_with(&Options {
            arguments: &arguments,
            password: Some("sesame"),
            ..Options::default()
        });
        Self {
            _redis: redis,
            port,
            folder,
        }
    }

    fn ca(&self) -> String {
        self.folder.join("ca.pem").display().to_string()
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

fn receive_all(child: &Child) -> Vec<String> {
    std::iter::from_fn(|| Some(child.receive()).filter(|line| line != "end")).collect()
}

/// Sends the parent the error of each TLS client that cannot be built.
#[tokio::test]
#[ignore = "a role: other tests run it in a child process"]
async fn set_up() {
    let Some(parent) = child::role() else { return };
    let error = WeikaClient::builder("0123456789ABCDEF", "app-secret")
        .build()
        .expect_err("no certificates");
    assert!(
        matches!(
            error.errors(),
            [ConfigErrorKind::SetupFailed {
                name: "transport",
                ..
            }]
        ),
        "{error:?}"
    );
    assert!(error.source().is_some(), "{error:?}");
    parent.send(&error.to_string());
    let error = Transport::reqwest().expect_err("no certificates");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(
        error.to_string().contains("ca-certificates")
            && error.to_string().contains("SSL_CERT_FILE"),
        "{error}"
    );
    parent.send(&config_error(&error));
    for builder in [
        Redis::builder("rediss://app:sesame@127.0.0.1:1"),
        Redis::cluster(["rediss://app:sesame@127.0.0.1:1"]),
        Redis::sentinel(["rediss://app:sesame@127.0.0.1:1"], "main").start_degraded(),
    ] {
        let error = builder.connect().await.expect_err("no certificates");
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(!shown(&error).contains("sesame"));
        parent.send(&config_error(&error));
    }
    parent.send("end");
}

fn config_error(error: &tower_weika::Error) -> String {
    error
        .source()
        .and_then(|source| source.downcast_ref::<ConfigError>())
        .expect("a ConfigError")
        .to_string()
}

#[test]
fn without_ca_certificates_the_configuration_error_names_cause_and_remedy() {
    let folder = std::env::temp_dir().join(format!(
        "weika-no-ca-{}-{}",
        std::process::id(),
        free_port()
    ));
    fs::create_dir(&folder).expect("a folder for temporary files");
    let [empty, other] =
        ["empty.pem", "other.pem"].map(|name| folder.join(name).display().to_string());
    fs::write(&empty, "").expect("a file");
    fs::write(
        &other,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .expect("a file");
    let absent = folder.join("absent").display().to_string();
    for (variables, cause) in [
        (
            &[("SSL_CERT_FILE", &*absent), ("SSL_CERT_DIR", &*absent)][..],
            "cannot be read",
        ),
        (&[("SSL_CERT_FILE", &*absent)], "No such file"),
        (&[("SSL_CERT_DIR", &*absent)], "SSL_CERT_DIR"),
        (&[("SSL_CERT_FILE", &*empty)], "is empty"),
    ] {
        let lines = receive_all(&Child::run("certificates::set_up", variables));
        assert_eq!(lines.len(), 5);
        for line in lines {
            assert!(
                line.contains(cause) && line.contains(REMEDY),
                "{variables:?}: {line}"
            );
        }
    }
    fs::remove_dir_all(&folder).expect("a folder");
}

/// Sends the parent the outcomes of one call to Redis and one to an HTTP server.
#[tokio::test]
#[ignore = "a role: other tests run it in a child process"]
async fn connect() {
    let Some(parent) = child::role() else { return };
    let log = Log::capture();
    let (url, base) = (
        std::env::var("URL").expect("a variable"),
        std::env::var("BASE").expect("a variable"),
    );
    match Redis::connect(&url).await {
        Ok(redis) => {
            let store: RedisStore<Manager> = redis.store();
            let id = create_session(&store, "o1").await;
            parent.send(&found(&store, &id).await.expect("a session"));
        }
        Err(error) => {
            let shown = shown(&error).replace('\n', " ");
            assert!(!shown.contains("sesame"), "{shown}");
            parent.send(&shown);
            let _degraded = Redis::builder(&url)
                .start_degraded()
                .connect()
                .await
                .expect("a degraded start");
            assert_eq!(log.count("redis: cannot connect"), 1, "{:#?}", log.lines());
        }
    }
    let client = WeikaClient::builder("0123456789ABCDEF", "app-s3cr3t")
        .base_url(base)
        .build()
        .expect("a client");
    let error = client
        .fetch_access_token()
        .await
        .expect_err("no such server");
    let shown = shown(&error).replace('\n', " ");
    assert!(
        !shown.contains("s3cr3t") && !shown.contains("pr0xy"),
        "{shown}"
    );
    parent.send(&shown);
    parent.send("end");
}

/// A server that replies to everything in plain HTTP.
fn server_without_tls() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _read = stream.read(&mut [0; 4096]);
            let _written =
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        }
    });
    address
}

/// Returns the outcomes of the two calls in a process with these variables.
fn calls(url: &str, base: &str, variables: &[(&str, &str)]) -> [String; 2] {
    let variables = [&[("URL", url), ("BASE", base)], variables].concat();
    receive_all(&Child::run("certificates::connect", &variables))
        .try_into()
        .expect("two lines")
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn certificate_of_a_private_ca_is_trusted_once_it_is_in_ssl_cert_file() {
    let tls = Tls::start();
    let url = format!("rediss://:sesame@127.0.0.1:{}", tls.port);
    let base = format!("https://127.0.0.1:{}", tls.port);
    let [redis, http] = calls(&url, &base, &[]);
    for line in [redis, http] {
        assert!(line.contains("UnknownIssuer"), "{line}");
        assert!(
            line.contains(
                "the certificate is not trusted: add its CA to the file in SSL_CERT_FILE"
            ),
            "{line}"
        );
    }
    // For a host name that the certificate does not cover.
    let [redis, http] = calls(
        &url.replace("127.0.0.1", "localhost"),
        &base.replace("127.0.0.1", "localhost"),
        &[("SSL_CERT_FILE", &tls.ca())],
    );
    for line in [redis, http] {
        assert!(
            line.contains("the certificate is for another host name"),
            "{line}"
        );
    }
    let (plain, ca) = (server_without_tls(), tls.ca());
    let [redis, http] = calls(
        &format!("rediss://:sesame@{plain}"),
        &format!("https://{plain}"),
        &[("SSL_CERT_FILE", &ca)],
    );
    for line in [redis, http] {
        assert!(line.contains("does not speak TLS"), "{line}");
    }
    // One of two sources cannot be read: the Redis client requires all of them.
    let [redis, _] = calls(
        &url,
        &base,
        &[
            ("SSL_CERT_FILE", "/absent.pem"),
            ("SSL_CERT_DIR", "/etc/ssl/certs"),
        ],
    );
    assert!(
        redis.contains("CA certificates cannot be read: check SSL_CERT_FILE"),
        "{redis}"
    );
    let [redis, http] = calls(&url, &base, &[("SSL_CERT_FILE", &ca)]);
    assert_eq!(redis, "o1");
    assert!(!http.contains("certificate"), "{http}");
}

#[test]
fn unresolvable_host_closed_port_and_wrong_proxy_are_named() {
    let port = free_port();
    let [redis, http] = calls(
        &format!("redis://127.0.0.1:{port}"),
        &format!("https://127.0.0.1:{port}"),
        &[],
    );
    for line in [redis, http] {
        assert!(
            line.contains("refused") && line.contains("no server listens at this address"),
            "{line}"
        );
    }
    let [redis, http] = calls("redis://weika.invalid:6379", "https://weika.invalid", &[]);
    for line in [redis, http] {
        assert!(line.contains("the host name cannot be resolved"), "{line}");
    }
    let proxy = format!("http://user:pr0xy@127.0.0.1:{port}");
    let [_, http] = calls(
        "redis://127.0.0.1:1",
        "https://weika.invalid",
        &[("HTTPS_PROXY", &proxy)],
    );
    assert!(
        http.contains("HTTPS_PROXY is set: check the proxy, or set NO_PROXY"),
        "{http}"
    );
}

/// Sends the parent the log lines of building a client.
#[tokio::test]
#[ignore = "a role: other tests run it in a child process"]
async fn build() {
    let Some(parent) = child::role() else { return };
    let log = Log::capture();
    let _client = Transport::reqwest().expect("a client");
    for line in log.lines() {
        parent.send(&line);
    }
    parent.send("end");
}

#[test]
fn invalid_proxy_url_is_one_warning_without_its_value() {
    let lines = receive_all(&Child::run(
        "certificates::build",
        &[("https_proxy", "http:/user:pr0xy")],
    ));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("WARN") && lines[0].contains("https_proxy is not an http:// URL"),
        "{lines:?}"
    );
    assert!(!lines[0].contains("pr0xy"), "{lines:?}");
}

//! nginx in front of a site, for TLS with a self-signed certificate.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::programs::find_programs;
use crate::redis_server::until;

/// A running nginx. Stops when it is dropped.
pub(crate) struct Tls {
    nginx: Child,
    folder: PathBuf,
}

impl Tls {
    /// Starts nginx on this port of `localhost`, in front of the site at `upstream`.
    pub(crate) fn start(port: u16, upstream: &str) -> Self {
        let [nginx, openssl] =
            find_programs([&["nginx"], &["openssl"]], &["nginx-light", "openssl"]);
        let folder =
            std::env::temp_dir().join(format!("tower-weika-nginx-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for nginx");
        create_certificate(&openssl, &folder);
        fs::write(
            folder.join("nginx.conf"),
            configuration(&folder, port, upstream),
        )
        .expect("a file for the configuration");
        let nginx = Command::new(nginx)
            .arg("-p")
            .arg(&folder)
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx starts");
        // From here on, dropping it stops the process and removes its files, also on a panic.
        let tls = Self { nginx, folder };
        until("nginx listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        tls
    }
}

fn create_certificate(openssl: &Path, folder: &Path) {
    let created = Command::new(openssl)
        .current_dir(folder)
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args([
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            "key.pem",
            "-out",
            "certificate.pem",
        ])
        .output()
        .expect("openssl starts");
    assert!(created.status.success(), "{created:?}");
}

/// One process, so that killing the child stops all of nginx.
fn configuration(folder: &Path, port: u16, upstream: &str) -> String {
    let folder = folder.display();
    format!(
        "daemon off; master_process off; pid {folder}/pid;\n\
         events {{}}\n\
         http {{\n\
           access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
           server {{\n\
             listen 127.0.0.1:{port} ssl;\n\
             ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;\n\
             location / {{ proxy_pass {upstream}; }}\n\
           }}\n\
         }}\n"
    )
}

impl Drop for Tls {
    fn drop(&mut self) {
        // Fails if the process has exited already.
        let _ended = self.nginx.kill();
        let _reaped = self.nginx.wait();
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

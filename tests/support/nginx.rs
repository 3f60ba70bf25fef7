//! nginx in front of a site, with a self-signed certificate of `localhost`.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::programs::find_programs;
use crate::redis_server::until;

/// A running nginx. Stops when it is dropped.
pub(crate) struct Nginx {
    process: Child,
    /// Its files.
    pub(crate) folder: PathBuf,
}

impl Nginx {
    /// Starts nginx, which listens on `port` of `localhost`. `configuration` returns the whole
    /// configuration for a folder, where `fullchain.pem` and `privkey.pem` are. It says `daemon off;
    /// master_process off;`, so that killing the child stops all of nginx.
    pub(crate) fn start(port: u16, configuration: impl FnOnce(&Path) -> String) -> Self {
        let [nginx, openssl] =
            find_programs([&["nginx"], &["openssl"]], &["nginx-light", "openssl"]);
        let name = format!("tower-weika-nginx-{}-{port}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder for nginx");
        create_certificate(&openssl, &folder);
        fs::write(folder.join("nginx.conf"), configuration(&folder)).expect("a file for nginx");
        let process = Command::new(nginx)
            .arg("-p")
            .arg(&folder)
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx starts");
        // From here on, dropping it stops the process and removes its files, also on a panic.
        let nginx = Self { process, folder };
        until("nginx listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Fails if the process has exited already.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

/// Clients that check certificates accept this one as its own authority.
fn create_certificate(openssl: &Path, folder: &Path) {
    let arguments = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
                     -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE \
                     -keyout privkey.pem -out fullchain.pem";
    let created = Command::new(openssl)
        .current_dir(folder)
        .args(arguments.split_whitespace())
        .output()
        .expect("openssl starts");
    assert!(created.status.success(), "{created:?}");
}

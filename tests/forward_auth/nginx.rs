//! nginx with the configuration of the guide.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::programs::find_programs;
use crate::redis_server::{free_port, until};

/// A running nginx. Stops when it is dropped.
pub(crate) struct Nginx {
    process: Child,
    folder: PathBuf,
    pub(crate) port: u16,
}

impl Nginx {
    /// Starts nginx on `port` of `localhost`. Each pair replaces a part of the guide's
    /// configuration.
    pub(crate) fn start(port: u16, replacements: &[(&str, &str)]) -> Self {
        let [nginx, openssl] =
            find_programs([&["nginx"], &["openssl"]], &["nginx-light", "openssl"]);
        let folder = std::env::temp_dir().join(format!(
            "tower-weika-forward-auth-{}-{port}",
            std::process::id()
        ));
        fs::create_dir_all(folder.join("srv/portal")).expect("a folder for nginx");
        // `try_files` looks for it; the process that would run it is the test.
        fs::write(folder.join("srv/portal/index.php"), "").expect("a file for PHP");
        create_certificate(&openssl, &folder);
        let configuration = configuration(&folder, port, replacements);
        fs::write(folder.join("nginx.conf"), configuration).expect("a file for nginx");
        let process = Command::new(nginx)
            .arg("-p")
            .arg(&folder)
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx starts");
        // From here on, dropping it stops the process and removes its files, also on a panic.
        let nginx = Self {
            process,
            folder,
            port,
        };
        until("nginx listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        nginx
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("fullchain.pem")
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

/// Returns the configuration in a chapter.
pub(crate) fn configuration_of_the_guide(chapter: &str) -> &str {
    let blocks: Vec<_> = chapter.split("```nginx\n").skip(1).collect();
    assert_eq!(blocks.len(), 1, "one configuration");
    blocks[0].split("```").next().expect("its end")
}

fn configuration(folder: &Path, port: u16, replacements: &[(&str, &str)]) -> String {
    let chapter = include_str!("../../docs/guide/en/src/forward-auth.md");
    let mut text = configuration_of_the_guide(chapter).to_owned();
    let folder = folder.display();
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = kinds.map(|kind| format!("{kind}_temp_path {folder}/{kind};"));
    // One process, so that killing the child stops all of nginx.
    let process = format!("daemon off; master_process off; pid {folder}/pid;");
    let here: [(&str, &str); 10] = [
        (
            "user              www-data;\nworker_processes  auto;",
            &process,
        ),
        ("http {", &format!("http {{ {}", temporary.join(" "))),
        ("/var/log/nginx/", &format!("{folder}/")),
        ("/etc/nginx/tls/", &format!("{folder}/")),
        (
            "listen      80;",
            &format!("listen 127.0.0.1:{};", free_port()),
        ),
        (
            "listen              443 ssl",
            &format!("listen 127.0.0.1:{port} ssl"),
        ),
        ("campus.example.edu.cn", "localhost"),
        ("root  /srv;", &format!("root {folder}/srv;")),
        ("root          /srv;", &format!("root {folder}/srv;")),
        ("worker_connections 4096", "worker_connections 512"),
    ];
    for (from, to) in here.iter().chain(replacements) {
        assert!(text.contains(from), "the guide has no {from:?}");
        text = text.replace(from, to);
    }
    text
}

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

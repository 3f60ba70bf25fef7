//! nginx with the configuration of the guide.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::programs::find_programs;
use crate::redis_server::until;

/// A running nginx. Stops when it is dropped.
pub(crate) struct Nginx {
    process: Child,
    folder: PathBuf,
}

impl Nginx {
    /// Starts nginx on `port` of `localhost`, over TLS or without, in front of the applications on
    /// these ports.
    pub(crate) fn start(port: u16, is_tls: bool, applications: [u16; 2]) -> Self {
        let [nginx, openssl] =
            find_programs([&["nginx"], &["openssl"]], &["nginx-light", "openssl"]);
        let name = format!("tower-weika-under-a-path-{}-{port}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder for nginx");
        create_certificate(&openssl, &folder);
        let configuration = configuration(&folder, port, is_tls, applications);
        fs::write(folder.join("nginx.conf"), configuration).expect("a file for nginx");
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

/// The configuration of the chapter, with the ports and files of this test.
fn configuration(folder: &Path, port: u16, is_tls: bool, applications: [u16; 2]) -> String {
    let chapters = [
        include_str!("../../docs/guide/en/src/under-a-path.md"),
        include_str!("../../docs/guide/zh/src/under-a-path.md"),
    ];
    let [text, chinese] = chapters.map(|chapter| {
        let block = chapter.split("```nginx\n").nth(1).expect("a configuration");
        block.split("```").next().expect("its end")
    });
    assert_eq!(text, chinese, "both languages have one configuration");
    let folder = folder.display();
    let [first, second] = applications.map(|port| format!("127.0.0.1:{port}"));
    let listen = format!(
        "listen 127.0.0.1:{port}{};",
        if is_tls { " ssl" } else { "" }
    );
    let mut server = text.to_owned();
    for (from, to) in [
        ("listen              443 ssl;", listen),
        ("campus.example.edu.cn", "localhost".to_owned()),
        ("/etc/nginx/tls/", format!("{folder}/")),
        ("127.0.0.1:3001", first),
        ("127.0.0.1:3002", second),
    ] {
        assert!(server.contains(from), "the guide has no {from:?}");
        server = server.replace(from, &to);
    }
    // One process, so that killing the child stops all of nginx.
    format!(
        "daemon off; master_process off; pid {folder}/pid;\n\
         events {{}}\n\
         http {{\n\
           access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
           {server}\n\
         }}\n"
    )
}

fn create_certificate(openssl: &Path, folder: &Path) {
    let arguments = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext \
                     subjectAltName=DNS:localhost -keyout privkey.pem -out fullchain.pem";
    let created = Command::new(openssl)
        .current_dir(folder)
        .args(arguments.split_whitespace())
        .output()
        .expect("openssl starts");
    assert!(created.status.success(), "{created:?}");
}

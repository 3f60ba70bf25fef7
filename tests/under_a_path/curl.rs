//! curl as a browser: another implementation of cookies and redirects than that of the sandbox.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::programs::find_programs;

/// A browser with cookies. Accepts every certificate.
pub(crate) struct Curl {
    program: PathBuf,
    /// A file with the cookies; removed when this value is dropped.
    jar: PathBuf,
}

/// The response to a request, the last one if redirects were followed.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) url: String,
    pub(crate) location: String,
    pub(crate) text: String,
}

impl Curl {
    pub(crate) fn new(name: &str) -> Self {
        let [program] = find_programs([&["curl"]], &["curl"]);
        let jar = format!("tower-weika-curl-{}-{name}", std::process::id());
        Self {
            program,
            jar: std::env::temp_dir().join(jar),
        }
    }

    /// Opens a page and follows all redirects.
    pub(crate) async fn open(&self, url: &str) -> Reply {
        self.run(&["-L", "-H", "Accept: text/html", url]).await
    }

    /// Opens a page and follows no redirect.
    pub(crate) async fn open_once(&self, url: &str) -> Reply {
        self.run(&["-H", "Accept: text/html", url]).await
    }

    /// Sends a form.
    pub(crate) async fn post(&self, url: &str, origin: &str) -> Reply {
        let origin = format!("Origin: {origin}");
        self.run(&["-H", "Accept: text/html", "-H", &origin, "-d", "", url])
            .await
    }

    /// Sends a request as a script of this page does.
    pub(crate) async fn fetch(&self, url: &str, page: &str) -> Reply {
        self.run(&["-e", page, url]).await
    }

    /// The names of the cookies.
    pub(crate) fn cookies(&self) -> Vec<String> {
        let jar = std::fs::read_to_string(&self.jar).unwrap_or_default();
        let lines = jar.lines().filter(|line| line.split('\t').count() == 7);
        let name = |line: &str| line.split('\t').nth(5).map(str::to_owned);
        lines.filter_map(name).collect()
    }

    async fn run(&self, arguments: &[&str]) -> Reply {
        let jar: &Path = &self.jar;
        let output = Command::new(&self.program)
            .args(["-sSk", "--max-time", "30", "-b"])
            .arg(jar)
            .arg("-c")
            .arg(jar)
            .args(["-w", "\n%{http_code}\n%{url_effective}\n%header{location}"])
            .args(arguments)
            .output()
            .await
            .expect("curl starts");
        assert!(output.status.success(), "{output:?}");
        let output = String::from_utf8(output.stdout).expect("text");
        let mut parts = output.rsplitn(4, '\n').map(str::to_owned);
        let mut next = || parts.next().expect("four parts");
        let [location, url, status, text] = [next(), next(), next(), next()];
        Reply {
            status: status.parse().expect("a status"),
            url,
            location,
            text,
        }
    }
}

impl Drop for Curl {
    fn drop(&mut self) {
        let _removed = std::fs::remove_file(&self.jar);
    }
}

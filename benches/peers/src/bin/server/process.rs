//! A server as a process on a core of its own.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use harness::process::Process;

/// The core of the servers; only one of them is busy at a time.
const CORE: &str = "0";

/// A running server. Ends when it is dropped.
pub(crate) struct Server {
    pub(crate) kind: &'static str,
    /// The file with the cookies of its users.
    pub(crate) cookies: PathBuf,
    pub(crate) process: Process,
}

impl Server {
    /// Starts one, and makes sure that it knows its users and no one else.
    pub(crate) fn start(kind: &'static str, users: usize) -> Self {
        let name = format!("tower-weika-bench-{}-{}", std::process::id(), kind.replace(' ', "-"));
        let cookies = std::env::temp_dir().join(name);
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", CORE]).arg(std::env::current_exe().expect("a program knows where it is"));
        command.args(["serve", kind, &users.to_string()]).arg(&cookies);
        let server = Self { kind, cookies, process: Process::start(&mut command) };
        server.check();
        server
    }

    fn check(&self) {
        let cookies = fs::read_to_string(&self.cookies).expect("the file of cookies");
        for (number, cookies) in cookies.lines().enumerate().step_by(50) {
            let answer = self.get(number, Some(cookies));
            assert!(answer.starts_with("HTTP/1.1 200"), "{}: {answer}", self.kind);
            assert!(answer.ends_with(&format!("\r\n\r\nperson-{number}")), "{}: {answer}", self.kind);
            if self.kind != "bare" {
                for answer in [self.get(number, None), self.get(number + 1, Some(cookies))] {
                    assert!(answer.starts_with("HTTP/1.1 4"), "{}: {answer}", self.kind);
                }
            }
        }
    }

    fn get(&self, person: usize, cookies: Option<&str>) -> String {
        let cookies = cookies.map(|cookies| format!("Cookie: {cookies}\r\n")).unwrap_or_default();
        let request =
            format!("GET /me?person-{person} HTTP/1.1\r\nHost: campus.example\r\nConnection: close\r\n{cookies}\r\n");
        let mut stream = TcpStream::connect(self.process.address).expect("the server listens");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("a response");
        answer
    }

    /// The microseconds that its one busy thread has had of its core, and those that it has waited for it, because
    /// something else ran there.
    pub(crate) fn core_time(&self) -> [f64; 2] {
        let file = format!("/proc/{}/schedstat", self.process.id());
        let text = fs::read_to_string(file).expect("a kernel with statistics of its scheduler");
        let times: Vec<f64> = text.split_whitespace().map(|time| time.parse().expect("a number")).collect();
        [times[0] / 1e3, times[1] / 1e3]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.cookies);
    }
}

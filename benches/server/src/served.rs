//! A server as a process on a core of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

/// The core of the servers; only one of them is busy at a time.
const CORE: &str = "0";

/// A running server. Ends when it is dropped.
pub(crate) struct Served {
    pub(crate) kind: &'static str,
    pub(crate) address: SocketAddr,
    /// The cookies of its visitors.
    pub(crate) cookies: PathBuf,
    process: Child,
    stdin: Option<ChildStdin>,
}

impl Served {
    /// Starts one, and makes sure that it knows its visitors and nobody else.
    pub(crate) fn start(kind: &'static str, visitors: usize) -> Self {
        let cookies =
            std::env::temp_dir().join(format!("tower-weika-bench-{}-{kind}", std::process::id()));
        let mut command = Command::new("taskset");
        command
            .args(["--cpu-list", CORE])
            .arg(std::env::current_exe().expect("a program knows where it is"));
        command
            .args(["serve", kind, &visitors.to_string()])
            .arg(&cookies);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let stdin = process.stdin.take();
        let mut line = String::new();
        let stdout = process.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("text");
        let address = line
            .trim_end()
            .parse()
            .unwrap_or_else(|_| panic!("{kind} does not start"));
        let served = Self {
            kind,
            address,
            cookies,
            process,
            stdin,
        };
        served.check();
        served
    }

    fn check(&self) {
        let cookies = fs::read_to_string(&self.cookies).expect("the file of cookies");
        for (number, cookies) in cookies.lines().enumerate().step_by(50) {
            let answer = self.get(number, Some(cookies));
            assert!(
                answer.starts_with("HTTP/1.1 200"),
                "{}: {answer}",
                self.kind
            );
            assert!(
                answer.ends_with(&format!("\r\n\r\nperson-{number}")),
                "{}: {answer}",
                self.kind
            );
            if self.kind != "bare" {
                for answer in [self.get(number, None), self.get(number + 1, Some(cookies))] {
                    assert!(answer.starts_with("HTTP/1.1 4"), "{}: {answer}", self.kind);
                }
            }
        }
    }

    fn get(&self, person: usize, cookies: Option<&str>) -> String {
        let cookies = cookies
            .map(|cookies| format!("Cookie: {cookies}\r\n"))
            .unwrap_or_default();
        let request = format!(
            "GET /me?person-{person} HTTP/1.1\r\nHost: campus.example\r\nConnection: close\r\n{cookies}\r\n"
        );
        let mut answer = String::new();
        let asked = TcpStream::connect(self.address).and_then(|mut stream| {
            stream.write_all(request.as_bytes())?;
            stream.read_to_string(&mut answer)
        });
        asked.expect("an answer");
        answer
    }

    /// What its one busy thread has had of its core, and what it has wanted and not got, because something else ran
    /// there.
    pub(crate) fn core_time(&self) -> [Duration; 2] {
        let file = format!("/proc/{}/schedstat", self.process.id());
        let text = fs::read_to_string(file).expect("a kernel with statistics of its scheduler");
        let mut times = text
            .split(' ')
            .map(|nanoseconds| nanoseconds.trim().parse().map(Duration::from_nanos));
        [(); 2].map(|()| times.next().expect("a time").expect("a number"))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It ends with its input, and a Redis of its own with it.
        drop(self.stdin.take());
        let _reaped = self.process.wait();
        let _gone = fs::remove_file(&self.cookies);
    }
}

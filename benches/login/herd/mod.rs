//! Many logins at once, with everybody in a process of their own: the site, the upstream, and the browsers.
//!
//! Each of the three has as many open files as there are logins; one process for all is not allowed so many.

mod crowd;
mod flood;
mod site;
mod upstream;

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crowd::Crowd;

use crate::machine::{memory, raise_file_limit};
use crate::report::{Section, is_smoke};

/// How long the upstream takes for a token: so long that all callbacks have come by then.
const TOKEN_DELAY: Duration = Duration::from_secs(1);

/// Plays the part of this process, if it is not the one that measures.
pub(crate) fn play(arguments: &[String]) -> bool {
    match arguments {
        [role, url, key, secret] if role == "site" => site::serve(url, key, secret),
        [role, people, millis] if role == "upstream" => {
            let delay = Duration::from_millis(millis.parse().expect("a number"));
            upstream::serve(people.parse().expect("a number"), delay);
        }
        _ => return false,
    }
    true
}

pub(crate) fn measure(section: &mut Section) {
    at_once(section, "herd", Duration::ZERO);
    at_once(section, "slow_herd", Duration::from_secs(1));
    flood::measure(section);
}

/// Starts an upstream with so many people, whose exchanges take so long, and a site.
fn start(people: usize, exchange_delay: Duration) -> (Part, SocketAddr, Part, SocketAddr) {
    raise_file_limit();
    let mut upstream = Part::start(&[
        "upstream",
        &people.to_string(),
        &exchange_delay.as_millis().to_string(),
    ]);
    let said = upstream.line();
    let [url, key, secret] = said.split(' ').collect::<Vec<_>>()[..] else {
        panic!("the upstream says {said:?}");
    };
    let mut site = Part::start(&["site", url, key, secret]);
    let address = site.line().parse().expect("an address");
    let upstream_address = url
        .strip_prefix("http://")
        .expect("plain")
        .parse()
        .expect("an address");
    (upstream, upstream_address, site, address)
}

fn at_once(section: &mut Section, name: &str, exchange_delay: Duration) {
    let logins = if is_smoke() { 50 } else { 10_000 };
    let (mut upstream, upstream_address, site, address) = start(logins, exchange_delay);
    let crowd = Crowd::log_in(logins, address, upstream_address, || {
        memory(site.process.id(), "VmRSS")
    });
    let peak = memory(site.process.id(), "VmHWM");
    let said = upstream.ask();
    let told: Vec<usize> = said
        .split(' ')
        .map(|count| count.parse().expect("a count"))
        .collect();
    let [token_fetches, exchanges, spent] = told[..] else {
        panic!("the upstream says {said:?}")
    };
    if is_smoke() {
        assert_eq!(
            (crowd.logged_in, token_fetches),
            (logins, 1),
            "{:?}",
            crowd.failures
        );
    }

    section.text(&format!(
        "{logins} logins at once: everybody is at the provider's page, nobody has a token yet, and then all callbacks \
         come. The token takes {} s of it, and each exchange {} s. Site (one thread), upstream and browsers are \
         processes of their own.",
        TOKEN_DELAY.as_secs_f64(),
        exchange_delay.as_secs_f64(),
    ));
    let failed = crowd.failures.len();
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let count = |title, key, count: usize| (title, key, Some(count as f64), 0);
    let cells = [
        count("logged in", "logins", crowd.logged_in),
        count("failed", "failures", failed),
        count("token fetches", "token_fetches", token_fetches),
        count("exchanges", "exchanges", exchanges),
        count("codes spent", "codes_spent", spent),
        count("reloads", "reloads", crowd.reloads),
        (
            "begun within, s",
            "begin_seconds",
            Some(crowd.begins.as_secs_f64()),
            1,
        ),
        (
            "in within, s",
            "seconds",
            Some(crowd.callbacks.as_secs_f64()),
            1,
        ),
        ("MiB before", "waiting_mb", crowd.waiting, 0),
        ("MiB at most", "peak_mb", peak, 0),
    ];
    for (_, key, value, _) in cells {
        if let Some(value) = value {
            section.figure(&format!("{name}/{key}"), value);
        }
    }
    let shown = cells.map(|(_, _, value, places)| {
        value.map_or_else(|| "–".to_owned(), |it| format!("{it:.places$}"))
    });
    section.table(&cells.map(|(title, ..)| title), &[shown.into()]);
    for failure in crowd.failures.iter().take(3) {
        section.text(&format!("Failed: {failure}"));
    }
}

/// This program as another process. Ends when it is dropped.
struct Part {
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Part {
    fn start(arguments: &[&str]) -> Self {
        let mut command =
            Command::new(std::env::current_exe().expect("a program knows where it is"));
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = command.spawn().expect("this program can be started");
        let stdin = process.stdin.take().expect("piped");
        let stdout = BufReader::new(process.stdout.take().expect("piped"));
        Self {
            process,
            stdin,
            stdout,
        }
    }

    /// The next line that it says.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("text");
        assert!(line.ends_with('\n'), "a part has ended early");
        line.trim_end().to_owned()
    }

    /// What it says when it is asked.
    fn ask(&mut self) -> String {
        writeln!(self.stdin)
            .and_then(|()| self.stdin.flush())
            .expect("a part that listens");
        self.line()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Fails if it has ended already.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// Tells the process that measures.
fn announce(line: &str) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .expect("somebody listens");
}

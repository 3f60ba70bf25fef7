use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::engine::Engine;
use crate::programs::find_programs;
use crate::redis_server::{free_port, until};
use crate::support::DEADLINE;

/// The process that drives a browser. When it is dropped, the browser ends too.
pub(crate) struct Driver {
    /// The driver, after the X server if it needs one.
    processes: Vec<Child>,
    port: u16,
    /// For the files of the browser.
    pub(crate) folder: PathBuf,
    /// The WebDriver session, whose end is that of the browser.
    pub(crate) session: Option<String>,
}

impl Driver {
    /// Starts a driver. chromedriver was observed to exit at once, for an unknown reason that does
    /// not concern the site, so the start is retried, and the output is printed.
    pub(crate) fn start(engine: Engine) -> Self {
        const TRIES: u32 = 3;

        for attempt in 1..=TRIES {
            match Self::try_start(engine) {
                Ok(driver) => return driver,
                Err(output) => {
                    eprintln!("the driver of {engine:?} exited ({attempt} of {TRIES}): {output}")
                }
            }
        }
        panic!("the driver of {engine:?} did not start in {TRIES} attempts; its output is above");
    }

    fn try_start(engine: Engine) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);

        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = format!("tower-weika-browser-{}-{number}", std::process::id());
        // From here on, dropping the driver stops the processes and removes their files, also on a
        // panic.
        let mut driver = Self {
            processes: Vec::new(),
            port: free_port(),
            folder: std::env::temp_dir().join(folder),
            session: None,
        };
        fs::create_dir_all(&driver.folder).expect("a folder for the profile");
        let output = driver.folder.join("driver.log");
        let file = fs::File::create(&output).expect("a file for its output");
        let mut command = engine.driver(driver.port, &driver.folder);
        if engine.needs_display() {
            command.env("DISPLAY", driver.start_display());
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .spawn()
            .expect("the driver starts");
        driver.processes.push(child);
        let mut has_exited = false;
        until("the driver listens", || {
            let child = driver.processes.last_mut().expect("the driver");
            has_exited = child.try_wait().expect("a child").is_some();
            has_exited || TcpStream::connect(("127.0.0.1", driver.port)).is_ok()
        });
        if has_exited {
            return Err(fs::read_to_string(output).unwrap_or_default());
        }
        Ok(driver)
    }

    /// Starts an X server, and returns the name of its display.
    fn start_display(&mut self) -> String {
        let [xvfb] = find_programs([&["Xvfb"]], &["xvfb"]);
        let mut child = Command::new(xvfb)
            .args([
                "-displayfd",
                "1",
                "-nolisten",
                "tcp",
                "-screen",
                "0",
                "1600x2400x24",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let stdout = child.stdout.take().expect("piped");
        self.processes.push(child);
        let mut number = String::new();
        BufReader::new(stdout)
            .read_line(&mut number)
            .expect("the number of the display");
        assert!(!number.is_empty(), "Xvfb has exited");
        format!(":{}", number.trim())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends the session, and with it the browser, which would outlive the driver otherwise.
    fn end_session(&self) -> std::io::Result<()> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(DEADLINE))?;
        write!(
            stream,
            "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
            self.port
        )?;
        // The first byte of the response: not all drivers close the connection.
        stream.read_exact(&mut [0])
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Each step is tried although the one before may have failed.
        let _ended = self.end_session();
        for process in self.processes.iter_mut().rev() {
            let _killed = process.kill();
            let _reaped = process.wait();
        }
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

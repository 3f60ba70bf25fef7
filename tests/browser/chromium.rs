//! Chromium, controlled through chromedriver the way a user would use it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::programs::find_programs;
use crate::support::DEADLINE;

/// Limits the number of concurrent browsers: more are not faster, as each needs much CPU time.
static PERMITS: Semaphore = Semaphore::const_new(2);

/// The configuration of a browser.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) is_phone: bool,
    pub(crate) is_dark: bool,
    pub(crate) languages: &'static str,
    pub(crate) blocks_cookies: bool,
    /// Sends the user agent of WeChat's browser.
    pub(crate) is_wechat: bool,
    /// Accepts the self-signed certificate of [`Nginx`](crate::nginx::Nginx).
    pub(crate) accepts_any_certificate: bool,
}

impl Kind {
    pub(crate) const DESKTOP: Self = Self {
        width: 1200,
        height: 800,
        is_phone: false,
        is_dark: false,
        languages: "zh-CN,zh,en",
        blocks_cookies: false,
        is_wechat: false,
        accepts_any_certificate: false,
    };
    pub(crate) const PHONE: Self = Self {
        width: 390,
        height: 844,
        is_phone: true,
        ..Self::DESKTOP
    };
    pub(crate) const WECHAT: Self = Self {
        is_wechat: true,
        ..Self::PHONE
    };

    fn capabilities(self, chromium: &Path, data: &Path) -> Value {
        let mut arguments = vec![
            "--headless".to_owned(),
            // Chromium cannot sandbox itself as root, the user of tests in containers.
            "--no-sandbox".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            format!("--user-data-dir={}", data.display()),
            format!(
                "--blink-settings=preferredColorScheme={}",
                if self.is_dark { 0 } else { 1 }
            ),
        ];
        arguments.push(format!("--window-size={},{}", self.width, self.height));
        if self.accepts_any_certificate {
            arguments.push("--ignore-certificate-errors".to_owned());
        }
        if self.is_wechat {
            arguments.push(format!("--user-agent={WECHAT}"));
        }
        json!({
            "goog:chromeOptions": {
                "binary": chromium,
                "args": arguments,
                "prefs": {
                    "intl.accept_languages": self.languages,
                    "profile.default_content_setting_values.cookies": if self.blocks_cookies { 2 } else { 1 },
                },
                "mobileEmulation": {
                    "deviceMetrics": {
                        "width": self.width,
                        "height": self.height,
                        "pixelRatio": if self.is_phone { 1.25 } else { 1.0 },
                        "mobile": self.is_phone,
                        "touch": self.is_phone,
                    },
                },
            },
        })
    }
}

/// One browser with a separate profile. Stops when it is dropped, also by a panic.
pub(crate) struct Chromium {
    pub(crate) client: Client,
    driver: Driver,
    _permit: SemaphorePermit<'static>,
}

impl Chromium {
    pub(crate) async fn start(kind: Kind) -> Self {
        let permit = PERMITS.acquire().await.expect("never closed");
        let [chromium, chromedriver] = find_programs(
            [
                &["chromium", "chromium-browser", "google-chrome"],
                &["chromedriver"],
            ],
            &["chromium", "chromium-driver", "fonts-noto-cjk"],
        );
        let driver = Driver::start(&chromedriver);
        let capabilities = kind.capabilities(&chromium, &driver.data);
        let capabilities = capabilities.as_object().expect("an object").clone();
        let mut client = ClientBuilder::new(HttpConnector::new());
        let client = client
            .capabilities(capabilities)
            .connect(&driver.url)
            .await
            .expect("Chromium starts");
        Self {
            client,
            driver,
            _permit: permit,
        }
    }

    /// Opens a URL, as if it was typed.
    pub(crate) async fn go(&self, url: &str) {
        self.client
            .goto(url)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Waits until this text is visible.
    pub(crate) async fn see(&self, text: &str) -> Element {
        let path = format!("//body//*[text()[contains(., '{text}')]]");
        let element = self.wait(Locator::XPath(&path), text).await;
        assert!(
            element.is_displayed().await.expect("on the page"),
            "{text:?} is in the page, but not visible"
        );
        element
    }

    /// Waits for the element that a selector matches, and clicks it.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.wait(Locator::Css(selector), selector).await;
        element
            .click()
            .await
            .unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Waits for the element that a selector matches, and returns it.
    pub(crate) async fn find(&self, selector: &str) -> Element {
        self.wait(Locator::Css(selector), selector).await
    }

    /// Whether a selector matches an element now.
    pub(crate) async fn has(&self, selector: &str) -> bool {
        !self
            .client
            .find_all(Locator::Css(selector))
            .await
            .expect("a page")
            .is_empty()
    }

    /// Path and query of the page.
    pub(crate) async fn address(&self) -> String {
        let url = self.client.current_url().await.expect("a page");
        url[url::Position::BeforePath..].to_owned()
    }

    /// Replaces the content of a field by typing.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field
            .clear()
            .await
            .unwrap_or_else(|error| panic!("{selector}: {error}"));
        field
            .send_keys(text)
            .await
            .unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Runs a script on the page, and returns its result.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client
            .execute(script, Vec::new())
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Saves a screenshot: in the documentation if `UPDATE_SCREENSHOTS=1`, otherwise in
    /// `target/tmp/screenshots`.
    pub(crate) async fn picture(&self, name: &str) {
        let picture = self.client.screenshot().await.expect("a screenshot");
        let is_wanted = std::env::var_os("UPDATE_SCREENSHOTS").is_some_and(|value| value == "1");
        let folder = if is_wanted && DOCUMENTED.contains(&name) {
            Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screenshots")
        } else {
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots")
        };
        fs::create_dir_all(&folder).expect("a folder for screenshots");
        fs::write(folder.join(format!("{name}.png")), picture).expect("a file for the screenshot");
    }

    async fn wait(&self, locator: Locator<'_>, what: &str) -> Element {
        let found = self
            .client
            .wait()
            .at_most(DEADLINE)
            .for_element(locator)
            .await;
        match found {
            Ok(element) => element,
            Err(error) => {
                let (address, text) = (
                    self.address().await,
                    self.run("return document.body.innerText").await,
                );
                panic!("{what:?} is not at {address}: {error}; the text is {text}");
            }
        }
    }
}

const WECHAT: &str = "Mozilla/5.0 (Linux; Android 15; V2232A Build/AP3A.240905.015.A2; wv) AppleWebKit/537.36 \
                      (KHTML, like Gecko) Version/4.0 Chrome/134.0.6998.136 Mobile Safari/537.36 \
                      MMWEBID/140 MicroMessenger/8.0.59.2820(0x28003B3A) WeChat/arm64 NetType/WIFI Language/zh_CN";

/// The screenshots in the README and in the guide.
const DOCUMENTED: [&str; 12] = [
    "devices",
    "devices-phone",
    "home",
    "admin",
    "phone",
    "choose",
    "declined",
    "wechat",
    "bind",
    "member-phone-card",
    "account",
    "open-in-wechat",
];

impl std::fmt::Debug for Chromium {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chromium")
            .field("driver", &self.driver.url)
            .finish_non_exhaustive()
    }
}

/// The process that drives Chromium.
struct Driver {
    child: Child,
    url: String,
    data: PathBuf,
}

impl Driver {
    /// Starts chromedriver. It was observed to exit at once, for an unknown reason that does not
    /// concern the site, so the start is retried, and its output is printed.
    fn start(chromedriver: &Path) -> Self {
        const TRIES: u32 = 3;

        for attempt in 1..=TRIES {
            match Self::try_start(chromedriver) {
                Ok(driver) => return driver,
                Err(output) => {
                    eprintln!(
                        "chromedriver printed no port (attempt {attempt} of {TRIES}): {output}"
                    )
                }
            }
        }
        panic!(
            "{} did not start in {TRIES} attempts; its output is above",
            chromedriver.display()
        );
    }

    fn try_start(chromedriver: &Path) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);

        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!(
            "tower-weika-chromium-{}-{number}",
            std::process::id()
        ));
        fs::create_dir_all(&data).expect("a folder for the profile");
        let errors = data.join("chromedriver.stderr");
        let child = Command::new(chromedriver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&errors).expect("a file for its output"))
            .spawn()
            .expect("chromedriver starts");
        // From here on, dropping the driver stops the process and removes its files, also on a
        // panic.
        let mut driver = Self {
            child,
            url: String::new(),
            data,
        };
        let mut stdout = BufReader::new(driver.child.stdout.take().expect("piped")).lines();
        let mut output = String::new();
        for line in stdout.by_ref() {
            let line = line.map_err(|error| format!("{output}{error}"))?;
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                driver.url = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
                // Further output is discarded: a full pipe would block chromedriver.
                std::thread::spawn(move || stdout.map_while(Result::ok).for_each(drop));
                return Ok(driver);
            }
            output.push_str(&line);
            output.push('\n');
        }
        let errors = fs::read_to_string(&errors).unwrap_or_default();
        Err(format!("{output}{errors}{:?}", driver.child.wait()))
    }

    /// Lets chromedriver stop its browsers, which would outlive it otherwise.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(self.url.trim_start_matches("http://"))?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream
            .write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Each step is tried although the one before may have failed.
        let _shut_down = self.shut_down();
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
        let _removed = fs::remove_dir_all(&self.data);
    }
}

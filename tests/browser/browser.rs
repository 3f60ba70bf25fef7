//! A browser, controlled through WebDriver the way a user would use it.

use std::fs;
use std::path::Path;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::driver::Driver;
use crate::engine::Engine;
use crate::kind::Kind;
use crate::support::DEADLINE;

/// Limits the number of concurrent browsers: more are not faster, as each needs much CPU time.
static PERMITS: Semaphore = Semaphore::const_new(2);

/// One browser with a separate profile. Stops when it is dropped, also by a panic.
pub(crate) struct Browser {
    pub(crate) client: Client,
    _driver: Driver,
    _permit: SemaphorePermit<'static>,
}

impl Browser {
    pub(crate) async fn start(kind: Kind) -> Self {
        let permit = PERMITS.acquire().await.expect("never closed");
        let engine = kind.engine;
        let mut driver = Driver::start(engine);
        let capabilities = engine.capabilities(kind, &driver.folder);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().expect("an object").clone())
            .connect(&driver.url())
            .await
            .unwrap_or_else(|error| panic!("{engine:?} does not start: {error}"));
        driver.session = client.session_id().await.expect("a session");
        // The options of Chromium contain the size.
        if matches!(engine, Engine::WebKitGtk | Engine::Firefox) {
            client
                .set_window_size(kind.width, kind.height)
                .await
                .expect("a window");
        }
        Self {
            client,
            _driver: driver,
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
        let found = loop {
            let waits = self.client.wait().at_most(DEADLINE);
            match waits.for_element(locator).await {
                // In WebKit, a navigation that interrupts the search is an error of its script.
                Err(error) if error.is_javascript_error() => {}
                found => break found,
            }
        };
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

/// The screenshots in the README.
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

//! A browser and a site, with nginx between them.

use tokio::time::timeout;
use tower_weika_sandbox::Endpoint;

use crate::browser::Browser;
use crate::kind::Kind;
use crate::nginx::Nginx;
use crate::redis_server::free_port;
use crate::support::{DEADLINE, Site};
use crate::{WANG, tls};

pub(crate) const XIAOMING: &str = "[data-person=xiaoming]";
pub(crate) const XIAOHONG: &str = "[data-person=xiaohong]";

/// A browser, and a site that it has not visited.
pub(crate) struct Stage {
    pub(crate) browser: Browser,
    pub(crate) origin: String,
    pub(crate) site: Site,
    _nginx: Option<Nginx>,
}

impl Stage {
    pub(crate) async fn over_tls(kind: Kind) -> Self {
        let port = free_port();
        let origin = format!("https://localhost:{port}");
        let site = Site::start(&[("PUBLIC_URL", &origin), ("ALLOW_SANDBOX", "1")]);
        Self {
            _nginx: Some(tls::start(port, &site.url)),
            browser: Browser::start(kind).await,
            origin,
            site,
        }
    }

    pub(crate) async fn over_http(kind: Kind) -> Self {
        let port = free_port();
        let origin = format!("http://localhost:{port}");
        let address = format!("127.0.0.1:{port}");
        let site = Site::start(&[("LISTEN", &address), ("PUBLIC_URL", &origin)]);
        Self {
            browser: Browser::start(kind).await,
            origin,
            site,
            _nginx: None,
        }
    }

    pub(crate) fn sandbox(&self) -> &str {
        self.site.sandbox.as_deref().expect("it has a sandbox")
    }

    /// Opens a page of the site, as if its address was typed.
    pub(crate) async fn open(&self, path: &str) {
        self.browser.go(&format!("{}{path}", self.origin)).await;
    }

    /// Opens an empty page of another site: the host differs.
    pub(crate) async fn open_other_site(&self) {
        let other = self.origin.replace("localhost", "127.0.0.1");
        self.browser.go(&format!("{other}{}", tls::BLANK)).await;
    }

    /// Waits for the login page of the upstream system, which is on another site.
    pub(crate) async fn see_login(&self) {
        self.browser.find("[data-decline]").await;
        let url = self.browser.client.current_url().await.expect("a page");
        assert!(url.as_str().starts_with(self.sandbox()), "{url}");
    }

    /// Chooses a person on the login page, and waits for the page of the site with this element.
    pub(crate) async fn log_in(&self, person: &str, element: &str) {
        self.see_login().await;
        self.browser.click(person).await;
        self.browser.find(element).await;
    }

    /// Chooses a person on the login page, and waits for the login page of another login.
    pub(crate) async fn restart_login(&self) {
        self.see_login().await;
        let client = &self.browser.client;
        let first = client.current_url().await.expect("a page");
        self.browser.click(WANG).await;
        let has_restarted = async { while client.current_url().await.expect("a page") == first {} };
        timeout(DEADLINE, has_restarted)
            .await
            .expect("a new login begins");
        self.see_login().await;
    }

    pub(crate) async fn log_out(&self) {
        self.browser.click(".top form button").await;
        self.browser.see("Not logged in").await;
        assert_eq!(self.browser.address().await, "/");
    }

    /// Removes all cookies of the site, and returns to the page of another site.
    pub(crate) async fn lose_cookies(&self) {
        let url = self.browser.client.current_url().await.expect("a page");
        self.open("/icon.svg").await;
        self.browser
            .client
            .delete_all_cookies()
            .await
            .expect("no cookies");
        self.browser.go(url.as_str()).await;
    }

    /// Presses a button on the control page of the sandbox.
    pub(crate) async fn switch(&self, name: &str) {
        let page = format!("{}{}", self.sandbox(), Endpoint::Control.path());
        let form = format!("switch={name}");
        let browser = tower_weika_sandbox::Browser::new();
        let visit = browser.post(&page, form).await.expect("the sandbox");
        assert_eq!(visit.status(), 200, "{name}");
    }

    /// Requests an SMS in the form, and returns its code, which the sandbox shows.
    pub(crate) async fn request_sms(&self, mobile: &str) -> String {
        self.browser.fill("[name=mobile]", mobile).await;
        self.browser.click(".send").await;
        self.browser.find("[data-notice=sent]").await;
        let page = format!("{}{}", self.sandbox(), Endpoint::Control.path());
        let browser = tower_weika_sandbox::Browser::new();
        let visit = browser.get(&page).await.expect("the sandbox");
        let start = format!("data-sms=\"{mobile}\">");
        let text = visit.text();
        let (_, rest) = text.split_once(&start).expect("an SMS");
        rest.chars().take_while(char::is_ascii_digit).collect()
    }
}

//! The browser engines: how each is started and configured.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::kind::Kind;
use crate::programs::find_programs;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    Chromium,
    WebKitGtk,
    Firefox,
    /// WPE WebKit 2.38 of Debian 12: a Safari 16, which sends no `Sec-Fetch-*`.
    Wpe,
}

impl Engine {
    /// The command of the WebDriver server, which listens on this port. `folder` is for its files.
    pub(crate) fn driver(self, port: u16, folder: &Path) -> Command {
        let [program] = match self {
            Self::Chromium => find_programs([&["chromedriver"]], &["chromium-driver"]),
            Self::WebKitGtk => find_programs([&["WebKitWebDriver"]], &["webkit2gtk-driver"]),
            Self::Firefox => find_programs([&["geckodriver"]], &["firefox-esr"]),
            Self::Wpe => find_programs([&["WPEWebDriver"]], &["wpewebkit-driver"]),
        };
        let mut command = Command::new(program);
        command.arg(format!("--port={port}"));
        match self {
            Self::Chromium | Self::Wpe => {}
            // The language is that of an English locale, which need not be installed. Without a
            // bus for accessibility the start is faster.
            Self::WebKitGtk => {
                command
                    .env("LC_ALL", "en_US.UTF-8")
                    .env("NO_AT_BRIDGE", "1");
            }
            Self::Firefox => {
                command
                    .args(["--log=error", "--profile-root"])
                    .arg(folder)
                    .env("HOME", folder);
            }
        }
        command
    }

    /// Whether its windows need an X server.
    pub(crate) fn needs_display(self) -> bool {
        self == Self::WebKitGtk
    }

    /// Whether it is WebKit, which keeps pages with `no-store` in its back/forward cache on plain
    /// http.
    pub(crate) fn is_webkit(self) -> bool {
        matches!(self, Self::WebKitGtk | Self::Wpe)
    }

    /// The capabilities for a new session. `folder` is for the files of the browser.
    pub(crate) fn capabilities(self, kind: Kind, folder: &Path) -> Value {
        let (name, options) = match self {
            Self::Chromium => ("goog:chromeOptions", chromium(kind, folder)),
            Self::WebKitGtk => ("webkitgtk:browserOptions", webkit_gtk(kind)),
            Self::Firefox => ("moz:firefoxOptions", firefox(kind)),
            Self::Wpe => ("wpe:browserOptions", wpe(kind)),
        };
        // The certificate of `Nginx` is self-signed.
        json!({ "acceptInsecureCerts": true, name: options })
    }
}

const WECHAT: &str = "Mozilla/5.0 (Linux; Android 15; V2232A Build/AP3A.240905.015.A2; wv) AppleWebKit/537.36 \
                      (KHTML, like Gecko) Version/4.0 Chrome/134.0.6998.136 Mobile Safari/537.36 \
                      MMWEBID/140 MicroMessenger/8.0.59.2820(0x28003B3A) WeChat/arm64 NetType/WIFI Language/zh_CN";

fn chromium(kind: Kind, folder: &Path) -> Value {
    let [binary] = find_programs(
        [&["chromium", "chromium-browser", "google-chrome"]],
        &["chromium", "fonts-noto-cjk"],
    );
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
        format!("--user-data-dir={}", folder.display()),
        format!(
            "--blink-settings=preferredColorScheme={}",
            if kind.is_dark { 0 } else { 1 }
        ),
        format!("--window-size={},{}", kind.width, kind.height),
    ];
    arguments.extend(kind.is_wechat.then(|| format!("--user-agent={WECHAT}")));
    let allow = |is_allowed| if is_allowed { 1 } else { 2 };
    json!({
        "binary": binary,
        "args": arguments,
        "prefs": {
            "intl.accept_languages": kind.languages,
            "profile.default_content_setting_values.cookies": allow(!kind.blocks_cookies),
            "profile.default_content_setting_values.javascript": allow(kind.runs_scripts),
        },
        "mobileEmulation": {
            "deviceMetrics": {
                "width": kind.width,
                "height": kind.height,
                "pixelRatio": if kind.is_phone { 1.25 } else { 1.0 },
                "mobile": kind.is_phone,
                "touch": kind.is_phone,
            },
        },
    })
}

/// The driver knows where the browser is. Only without a tool bar can the window be as narrow as a
/// phone.
fn webkit_gtk(kind: Kind) -> Value {
    let mut arguments = webkit(kind);
    arguments.push("--full-screen".to_owned());
    arguments.extend(kind.blocks_cookies.then(|| "--cookies-policy=never".into()));
    arguments.extend(kind.is_dark.then(|| "--dark-mode".into()));
    json!({ "args": arguments })
}

fn wpe(kind: Kind) -> Value {
    let [binary]: [PathBuf; 1] = find_programs([&["cog"]], &["cog"]);
    let mut arguments = webkit(kind);
    arguments.push("--platform=headless".to_owned());
    arguments.extend(kind.blocks_cookies.then(|| "--cookie-store=never".into()));
    json!({ "binary": binary, "args": arguments })
}

fn webkit(kind: Kind) -> Vec<String> {
    let mut arguments = vec!["--automation".to_owned()];
    arguments.extend(kind.is_wechat.then(|| format!("--user-agent={WECHAT}")));
    arguments.extend((!kind.runs_scripts).then(|| "--enable-javascript=false".into()));
    arguments
}

fn firefox(kind: Kind) -> Value {
    let [binary] = find_programs([&["firefox-esr", "firefox"]], &["firefox-esr"]);
    let mut preferences = json!({
        "intl.accept_languages": kind.languages,
        "javascript.enabled": kind.runs_scripts,
        "layout.css.prefers-color-scheme.content-override": if kind.is_dark { 0 } else { 1 },
        "network.cookie.cookieBehavior": if kind.blocks_cookies { 2 } else { 0 },
    });
    if kind.is_wechat {
        preferences["general.useragent.override"] = WECHAT.into();
    }
    // Without a tool bar, as above.
    json!({ "binary": binary, "args": ["-headless", "--kiosk"], "prefs": preferences })
}

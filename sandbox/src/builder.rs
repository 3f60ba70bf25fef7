//! What a sandbox is made of.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::account::Accounts;
use super::binding::{Binding, BindingState};
use super::fault::Faults;
use super::follower::{APP_ID, Follower};
use super::grant::{CodeForm, Codes, Tokens};
use super::kesion::{AUTH_PATH, Kesion, KesionSettings};
use super::ledger::Ledger;
use super::person::Person;
use super::quirk::Quirks;
use super::reply::Shared;
use super::server::{Sandbox, bind};
use super::sms::Sms;
use super::systems::Systems;
use super::wechat::{Wechat, WechatApproval};
use super::weika::{App, Approval, Weika};
use crate::clock::Clock;

/// Sets a [`Sandbox`] up.
#[must_use = "a builder does nothing until `start`"]
pub struct SandboxBuilder {
    listen: SocketAddr,
    clock: Clock,
    apps: Vec<App>,
    people: Vec<Person>,
    approval: Approval,
    app_ids: Vec<String>,
    redirect_domains: Vec<String>,
    followers: Vec<Follower>,
    wechat_approval: WechatApproval,
    any_browser: bool,
    apikey: Option<String>,
    code_life: Duration,
    token_life: Duration,
    token_overlap: Duration,
}

impl SandboxBuilder {
    /// The address to listen on; port 0 takes a free one. Default: `127.0.0.1:0`.
    pub const fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The clock by which codes and tokens age. Default: the system's.
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(now);
        self
    }

    /// An application that may use Weika. The first replaces the default one, the next are added.
    pub fn app(mut self, app_key: impl Into<String>, app_secret: impl Into<String>) -> Self {
        self.apps.push(App { key: app_key.into(), secret: app_secret.into() });
        self
    }

    /// Somebody who can log in at Weika. The first replaces the [examples](Person::examples), the next are added.
    pub fn person(mut self, person: Person) -> Self {
        self.people.push(person);
        self
    }

    /// See [`Sandbox::auto_approve`].
    pub fn auto_approve(mut self, person: impl Into<String>) -> Self {
        self.approval = Approval::Approve(person.into());
        self
    }

    /// Somebody with WeChat. The first replaces the [examples](Follower::examples), the next are added.
    pub fn follower(mut self, follower: Follower) -> Self {
        self.followers.push(follower);
        self
    }

    /// One more official account that WeChat and the binding service know, by its appid. The sandbox's
    /// [own](Sandbox::app_id) stays the first.
    pub fn official_account(mut self, app_id: impl Into<String>) -> Self {
        self.app_ids.push(app_id.into());
        self
    }

    /// A host, with its port if it is not the scheme's, where WeChat may send people back to. Several calls
    /// allow several. Default: every host and port, for development; WeChat insists on registered ones, and
    /// refuses ports.
    pub fn redirect_domain(mut self, host: impl Into<String>) -> Self {
        self.redirect_domains.push(host.into().to_ascii_lowercase());
        self
    }

    /// See [`Sandbox::wechat_auto_approve`].
    pub fn wechat_auto_approve(mut self, follower: impl Into<String>) -> Self {
        self.wechat_approval = WechatApproval::Approve(follower.into());
        self
    }

    /// See [`Sandbox::accept_any_browser`].
    pub const fn any_browser(mut self) -> Self {
        self.any_browser = true;
        self
    }

    /// An `apikey` without which Kesion answers nobody. Default: none is asked for.
    pub fn apikey(mut self, apikey: impl Into<String>) -> Self {
        self.apikey = Some(apikey.into());
        self
    }

    /// How long a code is good, Weika's or WeChat's. Default: 5 minutes.
    pub const fn code_life(mut self, life: Duration) -> Self {
        self.code_life = life;
        self
    }

    /// How long an access token is good; it is announced in whole seconds. Default: 7200 s.
    pub const fn token_life(mut self, life: Duration) -> Self {
        self.token_life = life;
        self
    }

    /// How long an access token stays good when a newer one was issued. Zero is the war of tokens: only the
    /// newest is good. Default: 5 minutes.
    pub const fn token_overlap(mut self, overlap: Duration) -> Self {
        self.token_overlap = overlap;
        self
    }

    /// Starts it, on a task of the current tokio runtime.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn start(mut self) -> io::Result<Sandbox> {
        if self.apps.is_empty() {
            self = self.app("5A4E0D0B0CF1FA4E", "sandbox-secret-9vQ2mX7LrT4bWc8Z");
        }
        if self.people.is_empty() {
            self.people = Person::examples();
        }
        if self.followers.is_empty() {
            self.followers = Follower::examples();
        }
        let listener = bind(self.listen)?;
        let address = listener.local_addr()?;
        let (ledger, faults) = (Ledger::default(), Faults::default());
        let systems = self.systems(address, &ledger, &faults);
        let shared = Shared { systems, ledger, quirks: Quirks::default(), faults };
        Ok(Sandbox::run(listener, address, shared))
    }

    fn systems(self, address: SocketAddr, ledger: &Ledger, faults: &Faults) -> Systems {
        let codes = |form| Codes::new(form, self.clock.clone(), self.code_life, ledger.clone());
        let weika = Weika {
            codes: codes(CodeForm::Digits),
            tokens: Tokens::new(self.clock.clone(), self.token_life, self.token_overlap, ledger.clone()),
            apps: self.apps,
            people: self.people,
            faults: faults.clone(),
            approval: Mutex::new(self.approval),
        };
        let binding = (Accounts::new(&self.followers), Sms::new(self.clock.clone()));
        let kesion = Kesion {
            app_id: self.app_ids[0].clone(),
            apptoken: "5f2c9a7e41b84d0c8e6a3b1d7f904c25".to_owned(),
            apikey: self.apikey,
            auth_url: format!("http://{address}{AUTH_PATH}"),
            settings: Mutex::new(KesionSettings::new()),
        };
        let wechat = Arc::new(Wechat {
            codes: codes(CodeForm::Letters),
            app_ids: self.app_ids,
            redirect_domains: self.redirect_domains,
            followers: self.followers,
            faults: faults.clone(),
            approval: Mutex::new(self.wechat_approval),
            any_browser: AtomicBool::new(self.any_browser),
        });
        let (accounts, sms) = binding;
        let state = Mutex::new(BindingState::Normal);
        let binding = Binding { wechat: Arc::clone(&wechat), clock: self.clock, accounts, sms, state };
        Systems { weika, wechat, binding, kesion }
    }
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Clock::default(),
            apps: Vec::new(),
            people: Vec::new(),
            approval: Approval::Ask,
            app_ids: vec![APP_ID.to_owned()],
            redirect_domains: Vec::new(),
            followers: Vec::new(),
            wechat_approval: WechatApproval::Ask,
            any_browser: false,
            apikey: None,
            code_life: Duration::from_secs(300),
            token_life: Duration::from_secs(7_200),
            token_overlap: Duration::from_secs(300),
        }
    }
}

impl fmt::Debug for SandboxBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxBuilder")
            .field("listen", &self.listen)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

//! Builder of a sandbox.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::connection::bind;
use super::respond::Inner;
use super::sandbox::Sandbox;
use super::systems::Systems;
use crate::clock::Clock;
use crate::state::call_log::CallLog;
use crate::state::code::{CodeForm, Codes};
use crate::state::fault::Faults;
use crate::state::member_person::MemberPerson;
use crate::state::person::Person;
use crate::state::token::Tokens;
use crate::state::variation::Variations;
use crate::state::wechat_person::{APP_ID, WEBSITE_APP_ID, WechatPerson};
use crate::system::binding::{Accounts, Binding, BindingState, Sms};
use crate::system::kesion::{AUTH_PATH, Kesion, KesionSettings};
use crate::system::wechat::{Wechat, WechatApp, WechatApproval};
use crate::system::weika::{App, Approval, Weika};
use crate::system::weika_member::{Parts, WeikaMember};

/// Builder of a [`Sandbox`].
#[must_use = "a builder does nothing until `start`"]
pub struct SandboxBuilder {
    listen: SocketAddr,
    clock: Clock,
    apps: Vec<App>,
    people: Vec<Person>,
    approval: Approval,
    member_apps: Vec<App>,
    members: Vec<MemberPerson>,
    member_approval: Approval,
    app_ids: Vec<String>,
    redirect_domains: Vec<String>,
    wechat_people: Vec<WechatPerson>,
    wechat_approval: WechatApproval,
    any_browser: bool,
    apikey: Option<String>,
    code_life: Duration,
    token_life: Duration,
    token_overlap: Duration,
}

impl Sandbox {
    /// Starts a sandbox with the defaults, on a free port of `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// When no port is available.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns a builder with the defaults.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }
}

impl SandboxBuilder {
    /// Sets the address to listen on; port 0 is any free port. Default: `127.0.0.1:0`.
    pub const fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Sets the clock by which codes and tokens age. Default: [`SystemTime::now`].
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(now);
        self
    }

    /// Adds an application that may use Weika. The first one replaces the default.
    pub fn app(mut self, app_key: impl Into<String>, app_secret: impl Into<String>) -> Self {
        self.apps.push(App {
            key: app_key.into(),
            secret: app_secret.into(),
        });
        self
    }

    /// Adds a person who can log in at Weika. The first one replaces the
    /// [examples](Person::examples).
    pub fn person(mut self, person: Person) -> Self {
        self.people.push(person);
        self
    }

    /// See [`Sandbox::auto_approve`].
    pub fn auto_approve(mut self, person: impl Into<String>) -> Self {
        self.approval = Approval::Approve(person.into());
        self
    }

    /// Adds an application that members may log in to. The first one replaces the default.
    pub fn member_app(mut self, app_key: impl Into<String>, app_secret: impl Into<String>) -> Self {
        self.member_apps.push(App {
            key: app_key.into(),
            secret: app_secret.into(),
        });
        self
    }

    /// Adds a member of a school. The first one replaces the [examples](MemberPerson::examples).
    pub fn member(mut self, person: MemberPerson) -> Self {
        self.members.push(person);
        self
    }

    /// See [`Sandbox::member_auto_approve`].
    pub fn member_auto_approve(mut self, person: impl Into<String>) -> Self {
        self.member_approval = Approval::Approve(person.into());
        self
    }

    /// Adds a person who uses WeChat. The first one replaces the
    /// [examples](WechatPerson::examples).
    pub fn wechat_person(mut self, person: WechatPerson) -> Self {
        self.wechat_people.push(person);
        self
    }

    /// Adds an official account that WeChat and the binding service know, by its APPID. The
    /// sandbox's [own account](Sandbox::app_id) stays the first.
    pub fn official_account(mut self, app_id: impl Into<String>) -> Self {
        self.app_ids.push(app_id.into());
        self
    }

    /// Adds a host, with its port if it is not the default of the scheme, to which WeChat may
    /// redirect. Default: every host and port, for development. WeChat itself permits registered
    /// hosts only, without ports.
    pub fn redirect_domain(mut self, host: impl Into<String>) -> Self {
        self.redirect_domains.push(host.into().to_ascii_lowercase());
        self
    }

    /// See [`Sandbox::wechat_auto_approve`].
    pub fn wechat_auto_approve(mut self, person: impl Into<String>) -> Self {
        self.wechat_approval = WechatApproval::Approve(person.into());
        self
    }

    /// See [`Sandbox::accept_any_browser`].
    pub const fn any_browser(mut self) -> Self {
        self.any_browser = true;
        self
    }

    /// Sets the `apikey` that Kesion requires. Default: none.
    pub fn apikey(mut self, apikey: impl Into<String>) -> Self {
        self.apikey = Some(apikey.into());
        self
    }

    /// Sets the life of a code of Weika or WeChat; a code of a website application lives twice as
    /// long. Default: 5 minutes.
    pub const fn code_life(mut self, life: Duration) -> Self {
        self.code_life = life;
        self
    }

    /// Sets the life of an access token; `expires_in` has whole seconds. Default: 7200 s.
    pub const fn token_life(mut self, life: Duration) -> Self {
        self.token_life = life;
        self
    }

    /// Sets the time for which an access token stays valid after a newer one was issued. With zero
    /// only the newest token is valid, so that two instances invalidate each other's tokens.
    /// Default: 5 minutes.
    pub const fn token_overlap(mut self, overlap: Duration) -> Self {
        self.token_overlap = overlap;
        self
    }

    /// Starts the sandbox on a task of the current tokio runtime.
    ///
    /// # Errors
    ///
    /// When the address is not available.
    pub async fn start(mut self) -> io::Result<Sandbox> {
        if self.apps.is_empty() {
            self = self.app("5A4E0D0B0CF1FA4E", "sandbox-secret-9vQ2mX7LrT4bWc8Z");
        }
        if self.member_apps.is_empty() {
            self = self.member_app("8B21F6C3D95A7E40", "sandbox-member-secret-t5Kd8WqN2xZr");
        }
        if self.members.is_empty() {
            self.members = MemberPerson::examples();
        }
        if self.people.is_empty() {
            self.people = Person::examples();
        }
        if self.wechat_people.is_empty() {
            self.wechat_people = WechatPerson::examples();
        }
        let listener = bind(self.listen)?;
        let address = listener.local_addr()?;
        let (call_log, faults) = (CallLog::default(), Faults::default());
        let systems = self.systems(address, &call_log, &faults);
        Sandbox::run(
            listener,
            Inner {
                systems,
                call_log,
                variations: Variations::default(),
                faults,
            },
        )
    }

    fn systems(self, address: SocketAddr, call_log: &CallLog, faults: &Faults) -> Systems {
        let codes = |form| Codes::new(form, self.clock.clone(), self.code_life, call_log.clone());
        let wechat_codes = |life| {
            let form = CodeForm::Letters;
            Codes::new(form, self.clock.clone(), life, call_log.clone())
        };
        let tokens = |call_log| {
            let (life, overlap) = (self.token_life, self.token_overlap);
            Tokens::new(self.clock.clone(), life, overlap, call_log)
        };
        let weika_member = WeikaMember::new(
            Parts {
                apps: self.member_apps,
                people: self.members,
                approval: self.member_approval,
            },
            codes(CodeForm::Digits),
            // Each login has one; the call log counts those that applications share.
            tokens(CallLog::default()),
            tokens(call_log.clone()),
            faults.clone(),
        );
        let weika = Weika {
            codes: codes(CodeForm::Digits),
            tokens: tokens(call_log.clone()),
            apps: self.apps,
            people: self.people,
            faults: faults.clone(),
            approval: Mutex::new(self.approval),
        };
        let kesion = Kesion {
            app_id: self.app_ids[0].clone(),
            apptoken: "5f2c9a7e41b84d0c8e6a3b1d7f904c25".to_owned(),
            apikey: self.apikey,
            auth_url: format!("http://{address}{AUTH_PATH}"),
            settings: Mutex::new(KesionSettings::new()),
        };
        let accounts = Accounts::new(&self.wechat_people);
        let wechat = Arc::new(Wechat {
            codes: wechat_codes(self.code_life),
            website_codes: wechat_codes(self.code_life * 2),
            apps: self
                .app_ids
                .into_iter()
                .map(WechatApp::official_account)
                .chain([WechatApp::website(WEBSITE_APP_ID)])
                .collect(),
            redirect_domains: self.redirect_domains,
            people: self.wechat_people,
            faults: faults.clone(),
            approval: Mutex::new(self.wechat_approval),
            any_browser: AtomicBool::new(self.any_browser),
            open_platform: AtomicBool::new(true),
        });
        let binding = Binding {
            wechat: Arc::clone(&wechat),
            sms: Sms::new(self.clock.clone()),
            clock: self.clock,
            accounts,
            state: Mutex::new(BindingState::Normal),
        };
        Systems {
            weika,
            weika_member,
            wechat,
            binding,
            kesion,
        }
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
            member_apps: Vec::new(),
            members: Vec::new(),
            member_approval: Approval::Ask,
            app_ids: vec![APP_ID.to_owned()],
            redirect_domains: Vec::new(),
            wechat_people: Vec::new(),
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
            .finish_non_exhaustive()
    }
}

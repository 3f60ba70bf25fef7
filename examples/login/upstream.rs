//! The upstream systems: real ones that the settings name, and the sandbox in place of the others.

use std::time::Duration;

use tower_weika::client::binding::BindingClient;
use tower_weika::client::kesion::KesionClient;
use tower_weika::identity::WechatUser;
use tower_weika::official_account::{OfficialAccounts, SchoolAccount};
use tower_weika::provider::{WechatUserProvider, WeikaManagerProvider, WeikaMemberProvider};
use tower_weika::{AppToken, BoxError, ConfigError};
use tower_weika_sandbox::{Endpoint, Sandbox, WechatPerson};

use crate::settings::{Settings, Systems, Wechat};

/// The upstream systems of this site.
pub(crate) struct Upstream {
    pub(crate) weika: WeikaManagerProvider,
    pub(crate) member: WeikaMemberProvider,
    pub(crate) wechat: Wechat,
    pub(crate) school: SchoolAccount,
    pub(crate) imitation: Option<Imitation>,
}

/// The sandbox, which stops when this is dropped, and which systems it imitates.
pub(crate) struct Imitation {
    sandbox: Sandbox,
    pub(crate) weika: bool,
    pub(crate) member: bool,
    pub(crate) wechat: bool,
    pub(crate) kesion: bool,
}

impl Upstream {
    /// Starts a sandbox if any system has to be imitated.
    pub(crate) async fn start(settings: &Settings) -> Result<Self, BoxError> {
        let Systems {
            weika,
            member,
            wechat,
            kesion,
        } = match settings.systems.clone() {
            Systems {
                weika: Some(weika),
                member: Some(member),
                wechat: Some(wechat),
                kesion: Some(school),
            } => {
                return Ok(Self {
                    weika,
                    member,
                    wechat,
                    school,
                    imitation: None,
                });
            }
            incomplete => incomplete,
        };
        let listen = settings.sandbox_listen;
        let started = Sandbox::builder().listen(listen).start().await;
        let sandbox = started.map_err(|error| format!("{listen}: {error}"))?;
        let imitation = Imitation {
            weika: weika.is_none(),
            member: member.is_none(),
            wechat: wechat.is_none(),
            kesion: kesion.is_none(),
            sandbox,
        };
        let weika = weika.map_or_else(|| imitation.weika(), Ok)?;
        let member = member.map_or_else(|| imitation.member(), Ok)?;
        let school = kesion.map_or_else(|| imitation.school(), Ok)?;
        let wechat = wechat.map_or_else(|| imitation.wechat(&school), Ok)?;
        Ok(Self {
            weika,
            member,
            wechat,
            school,
            imitation: Some(imitation),
        })
    }
}

impl Imitation {
    /// The base URL of the sandbox.
    pub(crate) fn url(&self) -> String {
        self.sandbox.base_url()
    }

    /// The URL of the sandbox's control page.
    pub(crate) fn control_page(&self) -> String {
        self.url() + Endpoint::Control.path()
    }

    /// The mobile number that belongs to a WeChat user of the sandbox.
    pub(crate) fn mobile_of(&self, user: &WechatUser) -> Option<&str> {
        let is_user = |it: &&WechatPerson| it.open_id(&user.app_id) == user.open_id.as_str();
        self.sandbox
            .wechat_people()
            .iter()
            .find(is_user)?
            .mobile_number()
    }

    fn weika(&self) -> Result<WeikaManagerProvider, ConfigError> {
        let sandbox = &self.sandbox;
        WeikaManagerProvider::builder(sandbox.app_key(), sandbox.app_secret())
            .base_url(sandbox.base_url())
            .build()
    }

    fn member(&self) -> Result<WeikaMemberProvider, ConfigError> {
        let sandbox = &self.sandbox;
        let (key, secret) = (sandbox.member_app_key(), sandbox.member_app_secret());
        WeikaMemberProvider::builder(key, secret, sandbox.ocode())
            .base_url(sandbox.base_url())
            .build()
    }

    fn school(&self) -> Result<SchoolAccount, ConfigError> {
        let client = KesionClient::builder(self.url()).build()?;
        // Changes on the control page shall take effect at once.
        let soon = Duration::from_secs(1);
        let accounts = OfficialAccounts::builder(client)
            .time_to_live(soon)
            .back_off(soon)
            .build();
        Ok(accounts.school_account(AppToken::new(self.sandbox.apptoken())))
    }

    fn wechat(&self, school: &SchoolAccount) -> Result<Wechat, ConfigError> {
        let authorize_url = self.url() + Endpoint::WechatAuthorize.path();
        let binding = BindingClient::builder(self.url()).build()?;
        let builder = WechatUserProvider::builder(binding).authorize_url(&authorize_url);
        let builder = if self.kesion {
            builder
                .official_account(school.clone())
                .application("school")
        } else {
            // A real Kesion reports a real account, which the sandbox's WeChat does not know.
            builder.app_id(self.sandbox.app_id())
        };
        Ok(Wechat {
            provider: builder.build()?,
            authorize_url,
        })
    }
}

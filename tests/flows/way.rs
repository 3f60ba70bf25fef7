//! The ways to log in. The guarantees of the login layer hold for all of them, shown by the same
//! tests.

use std::time::Duration;

use tower_weika::client::binding::BindingClient;
use tower_weika::client::weika::WeikaClient;
use tower_weika::client::weika_member::WeikaMemberClient;
use tower_weika::clock::Clock;
use tower_weika::identity::{Manager, Member, MemberField, WechatUser};
use tower_weika::provider::{
    IdentityProvider, WechatUserProvider, WeikaManagerProvider, WeikaMemberProvider,
};
use tower_weika_sandbox::{
    Approval, Endpoint, Sandbox, SandboxBuilder, WechatApproval, WechatPerson,
};

#[path = "own_secret.rs"]
mod own_secret;

pub(crate) use self::own_secret::OwnSecret;

/// One way to log in, and its half of the sandbox. The users `wang` and `li` exist in all of them.
pub(crate) trait Way: Send + Sync + 'static {
    type Provider: IdentityProvider + Clone;

    /// The name of the provider, in paths and cookies.
    const NAME: &'static str;
    /// The query parameter with the authorization code.
    const CODE: &'static str;
    /// The authorize page, to which the browser is redirected.
    const AUTHORIZE: Endpoint;
    /// The endpoint that redirects the browser back after the approval.
    const APPROVE: Endpoint;
    /// The call that exchanges the code.
    const EXCHANGE: Endpoint;
    /// Whether a success of the exchange has an error code.
    const ERRCODE_IN_SUCCESS: bool = true;
    /// The number of access tokens that any number of logins needs.
    const TOKENS: u64;
    /// A user with every optional value at the upstream, and a user with next to none.
    const EXTREMES: [&'static str; 2];
    /// The user agent of a browser that supports it.
    const AGENT: &'static str;

    fn sandbox(builder: SandboxBuilder) -> SandboxBuilder;

    fn provider(sandbox: &Sandbox, clock: Clock, timeout: Duration) -> Self::Provider;

    /// Sets how the sandbox responds to a browser on the authorize page.
    fn set_approval(sandbox: &Sandbox, approval: Approval);

    fn issue_code(sandbox: &Sandbox, person: &str) -> Option<String>;

    /// The subject that the provider gives this user.
    fn subject(sandbox: &Sandbox, person: &str) -> String;

    /// An identity with this subject, as the application may create it.
    fn identity(subject: &str) -> <Self::Provider as IdentityProvider>::Identity;

    /// Makes sure that the provider has an access token, if it needs one.
    fn have_token(provider: &Self::Provider) -> impl Future<Output = ()>;

    /// Makes the provider fetch an access token at the next login, if it needs one.
    fn forget_token(provider: &Self::Provider);
}

/// Managers, through Weika.
pub(crate) struct Weika;

impl Way for Weika {
    type Provider = WeikaManagerProvider;

    const NAME: &'static str = "weika";
    const CODE: &'static str = "wxcode";
    const AUTHORIZE: Endpoint = Endpoint::ManagerConnect;
    const APPROVE: Endpoint = Endpoint::Approve;
    const EXCHANGE: Endpoint = Endpoint::ManagerInfo;
    const TOKENS: u64 = 1;
    const EXTREMES: [&'static str; 2] = ["chen", "zhao"];
    const AGENT: &'static str =
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36";

    fn sandbox(builder: SandboxBuilder) -> SandboxBuilder {
        builder.auto_approve("wang")
    }

    fn provider(sandbox: &Sandbox, clock: Clock, timeout: Duration) -> WeikaManagerProvider {
        let client = WeikaClient::builder(sandbox.app_key(), sandbox.app_secret())
            .base_url(sandbox.base_url());
        WeikaManagerProvider::new(
            client
                .clock(clock)
                .total_timeout(timeout)
                .permit_timeout(timeout)
                .build()
                .expect("a client"),
        )
    }

    fn set_approval(sandbox: &Sandbox, approval: Approval) {
        sandbox.set_approval(approval);
    }

    fn issue_code(sandbox: &Sandbox, person: &str) -> Option<String> {
        sandbox.issue_wxcode(person)
    }

    fn subject(sandbox: &Sandbox, person: &str) -> String {
        sandbox
            .people()
            .iter()
            .find(|it| it.id() == person)
            .expect("a user of the sandbox")
            .user_id()
            .to_owned()
    }

    fn identity(subject: &str) -> Manager {
        Manager::new(subject)
    }

    async fn have_token(provider: &WeikaManagerProvider) {
        drop(provider.client().access_token().await.expect("a token"));
    }

    fn forget_token(provider: &WeikaManagerProvider) {
        let tokens = provider.client().tokens();
        if let Some(token) = tokens.current().map(|token| token.clone()) {
            tokens.invalidate(&token);
        }
    }
}

/// Members of a school, through Weika.
pub(crate) struct Members;

impl Way for Members {
    type Provider = WeikaMemberProvider;

    const NAME: &'static str = "weika-member";
    const CODE: &'static str = "wxcode";
    const AUTHORIZE: Endpoint = Endpoint::MemberPcAuthorize;
    const APPROVE: Endpoint = Endpoint::MemberApprove;
    const EXCHANGE: Endpoint = Endpoint::MemberToken;
    const TOKENS: u64 = 0;
    const EXTREMES: [&'static str; 2] = ["wang", "bare"];
    const AGENT: &'static str = Weika::AGENT;

    fn sandbox(builder: SandboxBuilder) -> SandboxBuilder {
        builder.member_auto_approve("wang")
    }

    fn provider(sandbox: &Sandbox, clock: Clock, timeout: Duration) -> WeikaMemberProvider {
        let (key, secret) = (sandbox.member_app_key(), sandbox.member_app_secret());
        let client = WeikaMemberClient::builder(key, secret, sandbox.ocode())
            .base_url(sandbox.base_url())
            .fields(MemberField::ALL);
        WeikaMemberProvider::new(
            client
                .clock(clock)
                .total_timeout(timeout)
                .permit_timeout(timeout)
                .build()
                .expect("a client"),
        )
    }

    fn set_approval(sandbox: &Sandbox, approval: Approval) {
        sandbox.set_member_approval(approval);
    }

    fn issue_code(sandbox: &Sandbox, person: &str) -> Option<String> {
        sandbox.issue_member_wxcode(person, "https://campus.example/auth/weika-member/callback")
    }

    fn subject(sandbox: &Sandbox, person: &str) -> String {
        let person = sandbox
            .members()
            .iter()
            .find(|it| it.id() == person)
            .expect("a user of the sandbox");
        format!("{}:{}", person.school().code(), person.card_number())
    }

    fn identity(subject: &str) -> Member {
        let (school, card_number) = subject.split_once(':').expect("ocode:card_number");
        Member::new(school, card_number)
    }

    async fn have_token(_: &WeikaMemberProvider) {}

    fn forget_token(_: &WeikaMemberProvider) {}
}

/// WeChat users, through the binding check.
pub(crate) struct Wechat;

impl Way for Wechat {
    type Provider = WechatUserProvider;

    const NAME: &'static str = "wechat";
    const CODE: &'static str = "code";
    const AUTHORIZE: Endpoint = Endpoint::WechatAuthorize;
    const APPROVE: Endpoint = Endpoint::WechatApprove;
    const EXCHANGE: Endpoint = Endpoint::OpenId;
    const TOKENS: u64 = 0;
    const EXTREMES: [&'static str; 2] = ["wang", "unlinked"];
    const AGENT: &'static str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3_1 like Mac OS X) AppleWebKit/605.1.15 \
                                 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.59(0x18003b28) NetType/WIFI";

    fn sandbox(builder: SandboxBuilder) -> SandboxBuilder {
        let [wang, li] = ["wang", "li"].map(|id| WechatPerson::new(id, id));
        let builder = builder
            .wechat_person(wang.mobile("13900000001").bound())
            .wechat_person(li.mobile("13900000002").bound());
        builder
            .wechat_person(WechatPerson::new("unlinked", "unlinked"))
            .wechat_auto_approve("wang")
    }

    fn provider(sandbox: &Sandbox, clock: Clock, timeout: Duration) -> WechatUserProvider {
        let binding = BindingClient::builder(sandbox.base_url())
            .clock(clock)
            .total_timeout(timeout)
            .permit_timeout(timeout)
            .build();
        WechatUserProvider::builder(binding.expect("a client"))
            .app_id(sandbox.app_id())
            .authorize_url(format!(
                "{}{}",
                sandbox.base_url(),
                Endpoint::WechatAuthorize.path()
            ))
            .build()
            .expect("a provider")
    }

    fn set_approval(sandbox: &Sandbox, approval: Approval) {
        sandbox.set_wechat(match approval {
            Approval::Approve(person) => WechatApproval::Approve(person),
            Approval::Decline => WechatApproval::Decline,
            _ => WechatApproval::Ask,
        });
    }

    fn issue_code(sandbox: &Sandbox, person: &str) -> Option<String> {
        sandbox.issue_wechat_code(person)
    }

    fn subject(sandbox: &Sandbox, person: &str) -> String {
        let person = sandbox
            .wechat_people()
            .iter()
            .find(|it| it.id() == person)
            .expect("a user of the sandbox");
        person.open_id(sandbox.app_id())
    }

    fn identity(subject: &str) -> WechatUser {
        WechatUser::unbound(subject, "wx0123456789abcdef")
    }

    async fn have_token(_: &WechatUserProvider) {}

    fn forget_token(_: &WechatUserProvider) {}
}

//! WeChat users, with the application's own secret.

use std::time::Duration;

use tower_weika::client::wechat::WechatClient;
use tower_weika::clock::Clock;
use tower_weika::identity::WechatUser;
use tower_weika::provider::WechatUserProvider;
use tower_weika_sandbox::{Approval, Endpoint, Sandbox, SandboxBuilder};

use super::{Way, Wechat};

pub(crate) struct OwnSecret;

impl Way for OwnSecret {
    type Provider = WechatUserProvider;

    const NAME: &'static str = "wechat";
    const CODE: &'static str = "code";
    const AUTHORIZE: Endpoint = Endpoint::WechatAuthorize;
    const APPROVE: Endpoint = Endpoint::WechatApprove;
    const EXCHANGE: Endpoint = Endpoint::WechatSnsToken;
    const ERRCODE_IN_SUCCESS: bool = false;
    const TOKENS: u64 = 0;
    const EXTREMES: [&'static str; 2] = ["wang", "unlinked"];
    const AGENT: &'static str = Wechat::AGENT;

    fn sandbox(builder: SandboxBuilder) -> SandboxBuilder {
        Wechat::sandbox(builder)
    }

    fn provider(sandbox: &Sandbox, _: Clock, timeout: Duration) -> WechatUserProvider {
        let client = WechatClient::builder(sandbox.app_id(), sandbox.wechat_secret())
            .base_url(sandbox.base_url())
            .total_timeout(timeout)
            .permit_timeout(timeout)
            .build();
        WechatUserProvider::builder_with_secret(client.expect("a client"))
            .authorize_url(format!(
                "{}{}",
                sandbox.base_url(),
                Endpoint::WechatAuthorize.path()
            ))
            .build()
            .expect("a provider")
    }

    fn set_approval(sandbox: &Sandbox, approval: Approval) {
        Wechat::set_approval(sandbox, approval);
    }

    fn issue_code(sandbox: &Sandbox, person: &str) -> Option<String> {
        Wechat::issue_code(sandbox, person)
    }

    fn subject(sandbox: &Sandbox, person: &str) -> String {
        format!("{}:{}", sandbox.app_id(), Wechat::subject(sandbox, person))
    }

    fn identity(subject: &str) -> WechatUser {
        let (app_id, open_id) = subject.split_once(':').expect("appid:openid");
        WechatUser::unchecked(open_id, app_id)
    }

    async fn have_token(_: &WechatUserProvider) {}

    fn forget_token(_: &WechatUserProvider) {}
}

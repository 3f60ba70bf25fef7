//! The token manager of wechat-mp-sdk.

use std::sync::Arc;

use wechat_mp_sdk::WechatClient;
use wechat_mp_sdk::token::TokenManager;
use wechat_mp_sdk::types::{AppId, AppSecret};

use super::{Cache, Upstream, with_a_token_for};

pub struct MpSdk(TokenManager);

fn client(upstream: &Arc<Upstream>) -> WechatClient {
    let builder = WechatClient::builder()
        .appid(AppId::new("wx1234567890abcdef").expect("valid"))
        .secret(AppSecret::new("secret").expect("valid"));
    builder
        .base_url(upstream.address())
        .build()
        .expect("valid settings")
}

impl Cache for MpSdk {
    const NAME: &'static str = "wechat-mp-sdk";

    fn new(upstream: &Arc<Upstream>) -> Self {
        Self(TokenManager::new(client(upstream)))
    }

    fn many(upstream: &Arc<Upstream>, count: usize) -> Vec<Self> {
        let client = client(upstream);
        (0..count)
            .map(|_| Self(TokenManager::new(client.clone())))
            .collect()
    }

    async fn read(&self) -> Option<usize> {
        self.0.get_token().await.ok().map(|token| token.len())
    }

    async fn due(upstream: &Arc<Upstream>) -> Option<Self> {
        // It renews a token five minutes before the expiry.
        with_a_token_for(200, upstream).await
    }
}

//! The token storage of wechat-minapp.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::Utc;
use wechat_minapp::client::token_type::TokenType;
use wechat_minapp::client::{AccessToken, AppConfig, MemoryTokenStorage, TokenStorage};
use wechat_minapp::error::Error;

use super::{Cache, Upstream, with_a_token_for};

pub struct Minapp(MemoryTokenStorage);

struct Source(Arc<Upstream>);

#[async_trait]
impl TokenType for Source {
    async fn token(&self) -> wechat_minapp::Result<AccessToken> {
        let issued = self
            .0
            .fetch()
            .await
            .ok_or_else(|| Error::System("an outage".to_owned()));
        issued.map(|(access_token, lifetime)| AccessToken {
            access_token,
            expired_at: Utc::now() + lifetime,
        })
    }

    fn app_config(&self) -> AppConfig {
        AppConfig {
            app_id: "app".to_owned(),
            secret: "secret".to_owned(),
        }
    }
}

impl Cache for Minapp {
    const NAME: &'static str = "wechat-minapp";

    fn new(upstream: &Arc<Upstream>) -> Self {
        Self(MemoryTokenStorage::new(Arc::new(Source(Arc::clone(
            upstream,
        )))))
    }

    async fn read(&self) -> Option<usize> {
        self.0.token().await.ok().map(|token| token.len())
    }

    async fn due(upstream: &Arc<Upstream>) -> Option<Self> {
        // It renews a token five minutes before the expiry.
        with_a_token_for(200, upstream).await
    }
}

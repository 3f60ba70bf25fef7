//! The identity cache of every AWS SDK client.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::{SystemTimeSource, TimeSource};
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::identity::{
    Identity, IdentityFuture, ResolveCachedIdentity, ResolveIdentity, SharedIdentityCache,
    SharedIdentityResolver,
};
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_types::config_bag::ConfigBag;

use super::{Cache, Upstream, with_a_token_for};

/// How long before its expiry a token is replaced: as in the other caches.
const WINDOW: Duration = Duration::from_secs(300);

pub struct Aws {
    cache: SharedIdentityCache,
    resolver: SharedIdentityResolver,
    components: RuntimeComponents,
    config: ConfigBag,
}

#[derive(Debug)]
struct Resolver(Arc<Upstream>);

#[derive(Debug)]
struct Token(String);

impl ResolveIdentity for Resolver {
    fn resolve_identity<'a>(
        &'a self,
        _: &'a RuntimeComponents,
        _: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        IdentityFuture::new(async {
            let (token, lifetime) = self.0.fetch().await.ok_or("an outage")?;
            let expires: SystemTime = SystemTimeSource::new().now() + lifetime;
            Ok(Identity::new(Token(token), Some(expires)))
        })
    }
}

impl Cache for Aws {
    const NAME: &'static str = "AWS identity cache";

    fn new(upstream: &Arc<Upstream>) -> Self {
        let components = RuntimeComponentsBuilder::for_tests()
            .with_time_source(Some(SystemTimeSource::new()))
            .with_sleep_impl(Some(TokioSleep::new()));
        Self {
            cache: IdentityCache::lazy()
                .load_timeout(Duration::from_secs(15))
                .buffer_time(WINDOW)
                .build(),
            resolver: SharedIdentityResolver::new(Resolver(Arc::clone(upstream))),
            components: components.build().expect("complete"),
            config: ConfigBag::base(),
        }
    }

    async fn read(&self) -> Option<usize> {
        let resolver = self.resolver.clone();
        let identity = self
            .cache
            .resolve_cached_identity(resolver, &self.components, &self.config)
            .await
            .ok()?;
        identity.data::<Token>().map(|token| token.0.len())
    }

    async fn due(upstream: &Arc<Upstream>) -> Option<Self> {
        // A random jitter of up to a whole window is added.
        with_a_token_for(1, upstream).await
    }
}

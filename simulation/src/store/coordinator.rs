//! The coordinator of an instance.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tower_weika::coordination::{Coordinator, FlowState, Lease, LeaseResponse};
use tower_weika::{AccessToken, Error};

use super::link::StoreLink;
use super::server::{Flow, LeaseReply, Server};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

impl StoreLink {
    pub(crate) fn coordinator(&self) -> Arc<dyn Coordinator> {
        Arc::new(self.clone())
    }
}

impl Coordinator for StoreLink {
    fn claim_flow<'a>(
        &'a self,
        flow: &'a str,
        time_to_live: Duration,
    ) -> BoxFuture<'a, Option<FlowState>> {
        Box::pin(self.call(move |server| server.claim_flow(flow, time_to_live)))
    }

    fn flow_state<'a>(&'a self, flow: &'a str) -> BoxFuture<'a, Option<FlowState>> {
        Box::pin(self.call(|server| server.flow_state(flow)))
    }

    fn complete_flow<'a>(&'a self, flow: &'a str, outcome: &'a [u8]) -> BoxFuture<'a, ()> {
        let outcome = Flow::Completed(outcome.to_vec());
        Box::pin(self.call(|server| server.complete_flow(flow, outcome)))
    }

    fn reject_flow<'a>(&'a self, flow: &'a str, note: u64) -> BoxFuture<'a, ()> {
        Box::pin(self.call(move |server| server.complete_flow(flow, Flow::Rejected(note))))
    }

    fn acquire_lease<'a>(&'a self, name: &'a str, newer_than: u64) -> BoxFuture<'a, LeaseResponse> {
        Box::pin(async move {
            let (world, incarnation) = (&self.world, &self.incarnation);
            let holder = format!("{:016x}", world.random.next());
            let acquire = |server: &mut Server| {
                let replaced = server.replaced_token(name, newer_than);
                let reply = server.acquire_lease(name, newer_than, &holder);
                if let (LeaseReply::Granted { .. }, Some(replaced)) = (&reply, replaced) {
                    world.check_replacement(server, incarnation, &replaced);
                }
                reply
            };
            let reply = self.call(acquire).await;
            world.lease_requested(incarnation, &reply);
            Ok(match reply? {
                LeaseReply::Newer {
                    token,
                    fence,
                    remaining,
                } => LeaseResponse::Token {
                    token: AccessToken::new(token),
                    fencing_token: fence,
                    remaining: Duration::from_millis(remaining),
                },
                LeaseReply::Taken => LeaseResponse::Held,
                LeaseReply::Granted {
                    fence,
                    age,
                    early_replacements,
                } => LeaseResponse::Granted(Lease::new(
                    holder,
                    fence,
                    age.map(Duration::from_millis),
                    early_replacements,
                )),
            })
        })
    }

    fn publish_token<'a>(
        &'a self,
        name: &'a str,
        lease: &'a Lease,
        token: &'a AccessToken,
        lifetime: Duration,
    ) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let value = token.expose();
            let publish = |server: &mut Server| server.publish_token(name, lease, value, lifetime);
            let is_published = self.call(publish).await?;
            if !is_published {
                self.world.token_is_late(&self.incarnation, value);
            }
            Ok(is_published)
        })
    }

    fn release_lease<'a>(
        &'a self,
        name: &'a str,
        lease: &'a Lease,
        pause: Duration,
    ) -> BoxFuture<'a, ()> {
        Box::pin(self.call(move |server| server.release_lease(name, lease, pause)))
    }
}

//! An instance of the application: real login layers over the simulated world.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt};
use tower_weika::client::Permits;
use tower_weika::clock::{ManualClock, Timestamp};

use crate::application;
use crate::incarnation::Incarnation;
use crate::invariants::{Reply, Seen};
use crate::logins::Logins;
use crate::world::World;

type App = BoxCloneSyncService<Request<Full<Bytes>>, Reply, Infallible>;

/// A running instance. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Instance {
    app: App,
    pub(crate) logins: Logins,
    pub(crate) permits: [Permits; 2],
    pub(crate) clock: ManualClock,
    pub(crate) incarnation: Incarnation,
    world: Arc<World>,
}

impl Instance {
    pub(crate) fn start(world: &Arc<World>, number: usize, incarnation: u64) -> Self {
        let incarnation = Incarnation::new(number, incarnation);
        tower_weika::simulation::enter_instance(incarnation.number());
        let clock = ManualClock::new(Timestamp::from_unix_millis(world.now()));
        let (logins, permits) = Logins::build(world, &incarnation, &clock.clock());
        let (of_application, at) = (logins.clone(), Arc::clone(world));
        let application = tower::service_fn(move |request| {
            application::respond(Arc::clone(&at), of_application.clone(), request)
        });
        let app = logins.members.layer(logins.phone.layer(application));
        let app = logins.managers.layer(logins.wechat.layer(app));
        let app = app.map_response(|response: Response<_>| Reply::of(&response));
        Self {
            app: BoxCloneSyncService::new(app),
            logins,
            permits,
            clock,
            incarnation,
            world: Arc::clone(world),
        }
    }

    /// Responds to a request, unless the instance crashes before.
    pub(crate) async fn serve(&self, seen: Seen, request: Request<Full<Bytes>>) -> Option<Reply> {
        let response = tokio::select! {
            biased;
            () = self.incarnation.crashed() => return None,
            response = self.app.clone().oneshot(request) => response,
        };
        let reply = response.unwrap_or_else(|never| match never {});
        let (world, namespaces) = (&self.world, self.logins.namespaces());
        world.check_response(&seen, &reply, &self.incarnation, namespaces);
        Some(reply)
    }
}

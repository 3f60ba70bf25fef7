//! The application of an instance: pages that show the users of a request, and pages on which users
//! log out their other devices.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt};
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{Identity, Manager, Member, WechatUser};
use tower_weika::login::LoginLayer;
use tower_weika::provider::IdentityProvider;
use tower_weika::session::Authenticated;
use tower_weika::store::SessionStore;

use crate::invariants::LogoutOfDevices;
use crate::login::Login;
use crate::logins::Logins;
use crate::phone_user::PhoneUser;
use crate::world::World;

/// The public page, on which visitors are logged in silently.
pub(crate) const HOME: &str = "/";
/// The end of the paths on which users log out all other devices.
pub(crate) const OTHERS: &str = "/others";
/// The end of the paths on which users log out one device.
pub(crate) const DEVICE: &str = "/device";

type AppRequest = Request<Full<Bytes>>;
type AppResponse = Result<Response<Full<Bytes>>, Infallible>;

/// Responds to a request. `/admin` is guarded here, the other prefixes by their logins.
pub(crate) async fn respond(world: Arc<World>, logins: Logins, request: AppRequest) -> AppResponse {
    let path = request.uri().path();
    match Login::ALL
        .into_iter()
        .find(|login| path.starts_with(login.guarded()))
    {
        Some(Login::Manager) => log_out_devices(&world, &logins.managers, &request).await,
        Some(Login::Wechat) => log_out_devices(&world, &logins.wechat, &request).await,
        Some(Login::Member) => log_out_devices(&world, &logins.members, &request).await,
        Some(Login::Phone) => log_out_devices(&world, &logins.phone, &request).await,
        None => {}
    }
    let pages = tower::service_fn(page);
    let path = request.uri().path();
    if path == HOME {
        let silent = logins.phone.silent_login().layer(pages);
        return Ok(silent.oneshot(request).await?.map(|_| Full::default()));
    }
    if path.starts_with(Login::Manager.guarded()) {
        let guarded = GuardLayer::<Manager>::logged_in().layer(pages);
        return Ok(guarded.oneshot(request).await?.map(|_| Full::default()));
    }
    page(request).await
}

/// Logs out the devices that the path of the request demands.
async fn log_out_devices<P, St>(world: &World, login: &LoginLayer<P, St>, request: &AppRequest)
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    let path = request.uri().path();
    let Some(current) = request.extensions().get::<Authenticated<P::Identity>>() else {
        return;
    };
    let (namespace, subject) = (*login.namespace().as_bytes(), current.subject());
    if path.ends_with(OTHERS) {
        let logout = LogoutOfDevices::start(world);
        let chosen = logout.others(&(namespace, current.session().id().digest()), subject);
        let revoked = login.revoke_other_sessions(current).await;
        logout.end(world, &chosen, revoked.is_ok());
    } else if path.ends_with(DEVICE) {
        let list = LogoutOfDevices::start(world);
        // A failure is shown to the user.
        let Ok(listed) = login.sessions_of(subject).await else {
            return;
        };
        let listed: Vec<_> = listed
            .iter()
            .map(|info| (namespace, *info.digest()))
            .collect();
        list.check_list(world, namespace, subject, &listed);
        let logout = LogoutOfDevices::start(world);
        let of_others = logout.not_of(namespace, subject);
        let (is_forged, from) = match world.random.chance(200) && !of_others.is_empty() {
            true => (true, &of_others),
            false => (false, &listed),
        };
        if from.is_empty() {
            return;
        }
        let chosen = from[world.random.index(from.len())];
        let revoked = login.revoke_session_of(subject, chosen.1).await;
        let is_acknowledged = matches!(revoked, Ok(true));
        if is_forged && is_acknowledged {
            world.violate(format_args!("{subject} logs out a device of another user"));
        }
        logout.end(world, &[chosen], is_acknowledged);
    }
}

async fn page(request: AppRequest) -> AppResponse {
    let mut response = Response::new(Full::default());
    let headers = response.headers_mut();
    headers.insert("x-application", HeaderValue::from_static("1"));
    let users = [
        (Login::Manager, subject::<Manager>(&request)),
        (Login::Wechat, subject::<WechatUser>(&request)),
        (Login::Member, subject::<Member>(&request)),
        (Login::Phone, subject::<PhoneUser>(&request)),
    ];
    for (login, user) in users {
        if let Some(user) = user {
            headers.insert(login.header(), user);
        }
    }
    Ok(response)
}

fn subject<I: Identity>(request: &AppRequest) -> Option<HeaderValue> {
    let authenticated = request.extensions().get::<Authenticated<I>>()?;
    HeaderValue::from_str(authenticated.identity().subject()).ok()
}

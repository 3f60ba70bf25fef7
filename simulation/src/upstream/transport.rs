//! The way of a request from an instance to an upstream system and back.

use std::future::pending;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::sleep;
use tower_weika::BoxError;
use tower_weika::client::{Transport, TransportFailure};

use super::{wechat, weika};
use crate::incarnation::Incarnation;
use crate::login::Login;
use crate::network::Link;
use crate::world::World;

/// Returns the transport of the client for one login at one instance.
pub(crate) fn transport(world: &Arc<World>, incarnation: &Incarnation, login: Login) -> Transport {
    let (world, incarnation) = (Arc::clone(world), incarnation.clone());
    Transport::new(tower::service_fn(move |request: Request<Full<Bytes>>| {
        call(Arc::clone(&world), incarnation.clone(), login, request)
    }))
}

async fn call(
    world: Arc<World>,
    incarnation: Incarnation,
    login: Login,
    request: Request<Full<Bytes>>,
) -> Result<Response<Full<Bytes>>, BoxError> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let call = Call::parse(login, &parts.uri, &body);
    if !incarnation.is_alive() {
        return pending().await;
    }
    match &call {
        Call::Token => world.token_requested(&incarnation),
        Call::Manager { token, .. } => world.token_used(&incarnation, token),
        Call::MemberToken { .. } | Call::Member { .. } | Call::WechatUser { .. } => {}
    }
    let link = match login {
        Login::Manager | Login::Member => Link::Weika(incarnation.instance()),
        Login::Wechat | Login::Phone => Link::Wechat(incarnation.instance()),
    };
    if !world.travel(link).await || !incarnation.is_alive() {
        if world.random.chance(500) && incarnation.is_alive() {
            return Err(TransportFailure::NotSent("connection refused".into()).into());
        }
        return pending().await;
    }
    // A request that has been sent takes effect even if the client gives up.
    let (sender, receiver) = oneshot::channel();
    let (at_upstream, caller) = (Arc::clone(&world), incarnation.clone());
    drop(tokio::spawn(async move {
        let _gone = sender.send(handle(&at_upstream, &caller, login, call).await);
    }));
    let response = receiver.await?;
    let arrives = world.travel(link).await;
    if !incarnation.is_alive() || (!arrives && world.random.chance(500)) {
        return pending().await;
    }
    if !arrives {
        return Err("connection reset".into());
    }
    Ok(response)
}

/// A request that an upstream system understands.
#[derive(Debug)]
enum Call {
    Token,
    Manager { token: String, code: String },
    MemberToken { code: String },
    Member { token: String },
    WechatUser { code: String },
}

impl Call {
    fn parse(login: Login, uri: &http::Uri, body: &[u8]) -> Self {
        let query = uri.query().unwrap_or_default();
        let parameter = |name: &str| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            let found = pairs.find(|(key, _)| key == name);
            found
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        let member = |name: &str| {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            body[name].as_str().unwrap_or_default().to_owned()
        };
        match (login, uri.path()) {
            (Login::Manager, "/open/cgi-bin/access-token") => Self::Token,
            (Login::Manager, "/open/cgi-bin/get-manager-info") => Self::Manager {
                token: parameter("access_token"),
                code: member("wxcode"),
            },
            (Login::Member, "/connect/oauth2/token") => Self::MemberToken {
                code: member("wxcode"),
            },
            (Login::Member, "/connect/oauth/get-user-info") => Self::Member {
                token: member("access_token"),
            },
            (Login::Wechat | Login::Phone, "/sns/oauth2/access_token") => Self::WechatUser {
                code: parameter("code"),
            },
            (_, path) => panic!("an upstream system does not know {path}"),
        }
    }

    /// The code in the call, which is consumed however the call ends.
    fn code(&self) -> Option<&str> {
        match self {
            Self::Manager { code, .. } | Self::MemberToken { code } | Self::WechatUser { code } => {
                Some(code)
            }
            Self::Token | Self::Member { .. } => None,
        }
    }
}

/// Handles a request, quickly or slowly, and perhaps fails before or after its effect.
async fn handle(
    world: &World,
    caller: &Incarnation,
    login: Login,
    call: Call,
) -> Response<Full<Bytes>> {
    let (scenario, random) = (&world.scenario, &world.random);
    if world.is_disturbed() && random.chance(scenario.upstream_slow) {
        let limit = u64::try_from(scenario.upstream_timeout.as_millis()).expect("short");
        // A token that takes almost as long as the client waits may outlive its lease.
        let least = match call {
            Call::Token => limit * 9 / 10,
            _ => 0,
        };
        sleep(random.millis(least, limit)).await;
    }
    let now = world.now();
    world.note(format_args!("upstream {call:?} from {}", caller.number()));
    let is_failing = world.is_disturbed() && random.chance(scenario.upstream_failures);
    if is_failing && random.chance(500) {
        if let Some(code) = call.code() {
            world.code_arrived(login, code);
        }
        return failure(random.chance(500));
    }
    let value = match &call {
        Call::Token => {
            let (lifetime, is_single) = (scenario.token_lifetime, scenario.is_token_single);
            world.weika.lock().issue_token(lifetime, is_single, now)
        }
        Call::Manager { token, code } => {
            if !world.weika.lock().accepts(token, now) {
                json!({ "errcode": 40005, "errmsg": "invalid access_token" })
            } else {
                weika::manager(world.consume_code(login, code))
            }
        }
        Call::MemberToken { code } => {
            let user = world.consume_code(login, code);
            world.members.lock().issue_token(user)
        }
        Call::Member { token } => world.members.lock().info(token),
        Call::WechatUser { code } => {
            let scope = match login {
                Login::Phone => "snsapi_base",
                _ => "snsapi_login",
            };
            wechat::user(world.consume_code(login, code), scope)
        }
    };
    if is_failing {
        return failure(random.chance(500));
    }
    Response::new(value.to_string().into())
}

fn failure(is_http: bool) -> Response<Full<Bytes>> {
    let body = json!({ "errcode": -1, "errmsg": "system error" }).to_string();
    let mut response = Response::new(Full::from(body));
    if is_http {
        *response.status_mut() = StatusCode::BAD_GATEWAY;
    }
    response
}

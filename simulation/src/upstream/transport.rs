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
        Call::WechatUser { .. } => {}
    }
    let link = match login {
        Login::Manager => Link::Weika(incarnation.instance()),
        Login::Wechat => Link::Wechat(incarnation.instance()),
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
        let _gone = sender.send(handle(&at_upstream, &caller, call).await);
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
        match (login, uri.path()) {
            (Login::Manager, "/open/cgi-bin/access-token") => Self::Token,
            (Login::Manager, "/open/cgi-bin/get-manager-info") => {
                let body: Value = serde_json::from_slice(body).unwrap_or_default();
                Self::Manager {
                    token: parameter("access_token"),
                    code: body["wxcode"].as_str().unwrap_or_default().to_owned(),
                }
            }
            (Login::Wechat, "/sns/oauth2/access_token") => Self::WechatUser {
                code: parameter("code"),
            },
            (_, path) => panic!("an upstream system does not know {path}"),
        }
    }
}

/// Handles a request, quickly or slowly, and perhaps fails before or after its effect.
async fn handle(world: &World, caller: &Incarnation, call: Call) -> Response<Full<Bytes>> {
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
        if let Call::Manager { code, .. } | Call::WechatUser { code } = &call {
            world.code_arrived(call_login(&call), code);
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
                world.code_arrived(Login::Manager, code);
                world.weika.lock().manager(code, now)
            }
        }
        Call::WechatUser { code } => {
            world.code_arrived(Login::Wechat, code);
            world.wechat.lock().user(code, now)
        }
    };
    if is_failing {
        return failure(random.chance(500));
    }
    Response::new(value.to_string().into())
}

fn call_login(call: &Call) -> Login {
    match call {
        Call::Token | Call::Manager { .. } => Login::Manager,
        Call::WechatUser { .. } => Login::Wechat,
    }
}

fn failure(is_http: bool) -> Response<Full<Bytes>> {
    let body = json!({ "errcode": -1, "errmsg": "system error" }).to_string();
    let mut response = Response::new(Full::from(body));
    if is_http {
        *response.status_mut() = StatusCode::BAD_GATEWAY;
    }
    response
}

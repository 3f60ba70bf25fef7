//! The client without a login: its Tower services under Tower's layers, and calls to a school's
//! platform.

use std::future::{Ready, ready};
use std::time::Duration;

use serde_json::json;
use tower::retry::Policy;
use tower::timeout::error::Elapsed;
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_weika::client::weika::{WeikaClient, WeikaClientBuilder};
use tower_weika::token::CurrentToken;
use tower_weika::{AuthorizationCode, BoxError, Error, ErrorKind};
use tower_weika_sandbox::{Endpoint, Fault, Gate, HostForm, Sandbox, Variation};

use super::site::soon;
use super::way::Weika;

type Site = super::site::Site<Weika>;

fn builder(sandbox: &Sandbox) -> WeikaClientBuilder {
    WeikaClient::builder(sandbox.app_key(), sandbox.app_secret()).base_url(sandbox.base_url())
}

#[tokio::test]
async fn services_return_the_same_as_the_methods() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = builder(&sandbox).build().unwrap();
    let token = client.tokens().clone().oneshot(()).await.unwrap();
    assert_eq!(
        token.expose(),
        client.access_token().await.unwrap().expose()
    );
    let code = AuthorizationCode::from(sandbox.issue_wxcode("wang").unwrap());
    let manager = client.clone().oneshot(code.clone()).await.unwrap();
    assert_eq!(manager.current_school().unwrap().name, "示例大学");
    let again = client.oneshot(code).await.unwrap_err();
    assert_eq!(
        (again.kind(), again.upstream_code()),
        (ErrorKind::InvalidCode, Some(6001))
    );
    assert_eq!(sandbox.call_log().tokens_issued(), 1);
}

#[tokio::test]
async fn timeout_around_a_call_elapses_and_the_code_is_still_consumed() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = builder(&sandbox).build().unwrap();
    drop(client.access_token().await.unwrap());
    sandbox.faults().once(Endpoint::ManagerInfo, Fault::Hang);
    let mut service = ServiceBuilder::new()
        .timeout(Duration::from_millis(200))
        .service(client);
    let code = AuthorizationCode::from(sandbox.issue_wxcode("wang").unwrap());
    let error: BoxError = service.ready().await.unwrap().call(code).await.unwrap_err();
    assert!(error.is::<Elapsed>());
    // A later call through the same service is not affected.
    let code = AuthorizationCode::from(sandbox.issue_wxcode("li").unwrap());
    assert_eq!(
        service
            .ready()
            .await
            .unwrap()
            .call(code)
            .await
            .unwrap()
            .name,
        "李主任"
    );
}

#[tokio::test]
async fn timeout_around_the_token_leaves_the_fetch_running_for_the_next_caller() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = builder(&sandbox).build().unwrap();
    let gate = Gate::new();
    sandbox
        .faults()
        .once(Endpoint::AccessToken, Fault::Held(gate.clone()));
    let mut service = ServiceBuilder::new()
        .timeout(Duration::from_millis(100))
        .service(client.tokens().clone());
    assert!(
        service
            .ready()
            .await
            .unwrap()
            .call(())
            .await
            .unwrap_err()
            .is::<Elapsed>()
    );
    soon(sandbox.call_log().reached(Endpoint::AccessToken, 1)).await;
    gate.open();
    assert!(
        !client
            .tokens()
            .clone()
            .oneshot(())
            .await
            .unwrap()
            .expose()
            .is_empty()
    );
    assert_eq!(sandbox.call_log().count(Endpoint::AccessToken), 1);
}

/// Retries when the upstream system is at fault, a limited number of times.
#[derive(Clone)]
struct RetryOnFault(usize);

impl Policy<(), CurrentToken, Error> for RetryOnFault {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        (): &mut (),
        result: &mut Result<CurrentToken, Error>,
    ) -> Option<Ready<()>> {
        let fault = result
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::Fault);
        self.0 = self.0.checked_sub(1).filter(|_| fault)?;
        Some(ready(()))
    }

    fn clone_request(&mut self, (): &()) -> Option<()> {
        Some(())
    }
}

#[tokio::test]
async fn retries_around_the_token_within_the_backoff_do_not_call_the_upstream() {
    let site = Site::start().await;
    site.sandbox
        .faults()
        .once(Endpoint::AccessToken, Fault::BadGateway);
    let mut service = ServiceBuilder::new()
        .retry(RetryOnFault(5))
        .service(site.client().tokens().clone());
    let error = service.ready().await.unwrap().call(()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fault);
    assert_eq!(site.sandbox.call_log().count(Endpoint::AccessToken), 1);
    site.clock.advance(Duration::from_secs(2));
    assert!(service.ready().await.unwrap().call(()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn rate_limit_around_the_token_is_respected() {
    let tokens = tower_weika::token::TokenCache::new(|| async {
        let token = tower_weika::AccessToken::new("t");
        Ok(tower_weika::token::IssuedToken::new(
            token,
            Some(Duration::from_secs(7_200)),
        ))
    });
    let mut service = ServiceBuilder::new()
        .rate_limit(2, Duration::from_secs(10))
        .service(tokens);
    let start = tokio::time::Instant::now();
    for _ in 0..5 {
        drop(service.ready().await.unwrap().call(()).await.unwrap());
    }
    assert_eq!(start.elapsed().as_secs(), 20);
}

#[tokio::test]
async fn custom_transport_under_tower_layers_carries_the_login() {
    let sandbox = Sandbox::start().await.unwrap();
    let address = sandbox.address();
    let transport = ServiceBuilder::new()
        .concurrency_limit(4)
        .timeout(Duration::from_secs(30))
        .service_fn(
            move |request: http::Request<http_body_util::Full<bytes::Bytes>>| async move {
                let stream = tokio::net::TcpStream::connect(address).await?;
                let io = hyper_util::rt::TokioIo::new(stream);
                let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
                drop(tokio::spawn(connection));
                Ok::<_, BoxError>(sender.send_request(request).await?)
            },
        );
    let transport = tower_weika::client::Transport::new(transport);
    let client = builder(&sandbox).transport(transport).build().unwrap();
    let code = AuthorizationCode::from(sandbox.issue_wxcode("chen").unwrap());
    assert_eq!(
        client.manager(code).await.unwrap().name,
        "陈晨🌸 <Chen & Co>"
    );
}

#[tokio::test]
async fn e8_call_goes_to_the_platform_of_the_school_if_it_is_allowed() {
    let sandbox = Sandbox::start().await.unwrap();
    // The sandbox under another host name, as a school with its own platform.
    let platform = format!("http://localhost:{}", sandbox.address().port());
    sandbox
        .variations()
        .on(Variation::Host(HostForm::Is(platform.clone())));
    let client = builder(&sandbox).allow_host(&platform).build().unwrap();
    let code = AuthorizationCode::from(sandbox.issue_wxcode("wang").unwrap());
    let manager = client.manager(code).await.unwrap();
    let school = manager.current_school().unwrap();
    assert_eq!(school.host.as_deref(), Some(platform.as_str()));
    let body = json!({ "school_code": school.code });
    let info = client
        .post_json(school.host.as_deref(), Endpoint::SchoolInfo.path(), &body)
        .await
        .unwrap();
    assert_eq!(info["name"], "示例大学");
    let hosts = sandbox.call_log().hosts();
    assert_eq!(hosts[&format!("localhost:{}", sandbox.address().port())], 1);
    assert_eq!(sandbox.call_log().tokens_issued(), 1, "the cached token");
}

#[tokio::test]
async fn e8_foreign_platform_is_rejected_without_a_call() {
    let sandbox = Sandbox::start().await.unwrap();
    let thief = Sandbox::start().await.unwrap();
    let client = builder(&sandbox).build().unwrap();
    let forms = [
        HostForm::Foreign,
        HostForm::PrivateIp,
        HostForm::Http,
        HostForm::Is(thief.base_url()),
    ];
    for form in forms {
        sandbox.variations().on(Variation::Host(form.clone()));
        let code = AuthorizationCode::from(sandbox.issue_wxcode("wang").unwrap());
        let manager = client.manager(code).await.unwrap();
        let host = manager.current_school().unwrap().host.as_deref();
        let error = client
            .post_json(host, Endpoint::SchoolInfo.path(), &json!({}))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenHost, "{form:?}");
    }
    assert!(thief.call_log().hosts().is_empty());
    assert_eq!(sandbox.call_log().count(Endpoint::SchoolInfo), 0);
    let own = format!("127.0.0.1:{}", sandbox.address().port());
    assert_eq!(
        sandbox.call_log().hosts().keys().collect::<Vec<_>>(),
        [&own]
    );
}

#[tokio::test]
async fn e8_base_url_is_the_default_and_a_path_cannot_leave_it() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = builder(&sandbox).build().unwrap();
    let path = Endpoint::SchoolInfo.path();
    assert_eq!(
        client.post_json(None, path, &json!({})).await.unwrap()["name"],
        "示例大学"
    );
    let before = sandbox.call_log().entries().len();
    for bad in [
        "",
        "x",
        "@evil.example/",
        "/a?access_token=x",
        "/a#b",
        "/a\\b",
        "/a b",
        "/\r\nHost: evil.example",
    ] {
        let error = client.post_json(None, bad, &json!({})).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenHost, "{bad:?}");
    }
    assert_eq!(sandbox.call_log().entries().len(), before);
}

#[tokio::test]
async fn other_calls_refresh_the_token_once_and_report_the_errcode_of_a_rejection() {
    let site = Site::start().await;
    let path = Endpoint::SchoolInfo.path();
    drop(site.client().access_token().await.unwrap());
    site.clock.advance(Duration::from_secs(2));
    site.sandbox
        .faults()
        .once(Endpoint::SchoolInfo, Fault::NotLatest);
    assert!(
        site.client()
            .post_json(None, path, &json!({}))
            .await
            .is_ok()
    );
    assert_eq!(site.sandbox.call_log().tokens_issued(), 2);

    let unknown = json!({ "school_code": "0" });
    let error = site
        .client()
        .post_json(None, path, &unknown)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.upstream_code()),
        (ErrorKind::Configuration, Some(40_006))
    );
}

#[tokio::test]
async fn error_passes_through_layers_that_box_it() {
    // `Error` converts into `BoxError`, so layers that box their errors can wrap the service.
    let sandbox = Sandbox::start().await.unwrap();
    let client = builder(&sandbox).build().unwrap();
    let service = ServiceBuilder::new()
        .map_err(BoxError::from)
        .concurrency_limit(2)
        .service(client);
    let outcome = service
        .oneshot(AuthorizationCode::new("never-issued"))
        .await;
    let error = outcome.unwrap_err();
    assert_eq!(
        error.downcast_ref::<Error>().unwrap().kind(),
        ErrorKind::InvalidCode
    );
}

//! Many logins at once, and floods of invalid codes, through the client of Weika (faults D1 and
//! D3).

use std::collections::BTreeSet;

use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::BoxError;
use crate::client::Transport;
use crate::identity::Manager;
use crate::provider::WeikaManagerProvider;

/// Weika as a function of this process. It rejects codes `invalid…`.
#[derive(Default)]
struct ImitatedWeika {
    takes: Mutex<Option<Duration>>,
    token_fetches: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
    codes: Mutex<BTreeSet<String>>,
}

impl ImitatedWeika {
    async fn respond(
        self: Arc<Self>,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, BoxError> {
        let is_token = request.uri().path().ends_with("/access-token");
        let body = request.into_body().collect().await?.to_bytes();
        let text = if is_token {
            self.token_fetches.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(500)).await;
            r#"{"errcode":0,"access_token":"t0ken","expires_in":7200}"#.to_owned()
        } else {
            self.most.fetch_max(
                self.running.fetch_add(1, Ordering::Relaxed) + 1,
                Ordering::Relaxed,
            );
            let _running = Countdown(&self.running);
            let body: serde_json::Value = serde_json::from_slice(&body)?;
            let code = body["wxcode"].as_str().expect("a code").to_owned();
            assert!(
                self.codes.lock().unwrap().insert(code.clone()),
                "{code} was sent before"
            );
            let takes = *self.takes.lock().unwrap();
            match takes {
                Some(takes) => sleep(takes).await,
                None => std::future::pending().await,
            }
            match code.strip_prefix("invalid") {
                Some(_) => r#"{"errcode":"6001"}"#.to_owned(),
                None => format!(r#"{{"errcode":0,"user_id":"{code}","name":"王"}}"#),
            }
        };
        Ok(Response::new(Full::from(text)))
    }

    fn codes(&self) -> usize {
        self.codes.lock().unwrap().len()
    }
}

#[derive(Clone)]
struct Campus {
    upstream: Arc<ImitatedWeika>,
    weika: WeikaManagerProvider,
    login: LoginLayer<WeikaManagerProvider>,
}

impl Campus {
    /// Each test needs a different host, because all clients of one host share the permits.
    fn new(host: &str, takes: Option<Duration>) -> Self {
        let upstream = Arc::new(ImitatedWeika {
            takes: Mutex::new(takes),
            ..ImitatedWeika::default()
        });
        let served = Arc::clone(&upstream);
        let transport = Transport::new(service_fn(move |request| {
            Arc::clone(&served).respond(request)
        }));
        let weika =
            WeikaManagerProvider::builder("KEY", "app-s3cr3t").base_url(format!("https://{host}"));
        let weika = weika
            .client(|client| client.transport(transport))
            .build()
            .unwrap();
        let login = LoginLayer::builder(weika.clone())
            .public_url("https://campus.example")
            .build()
            .unwrap();
        Self {
            upstream,
            weika,
            login,
        }
    }

    async fn get(&self, jar: &mut Jar, target: &str) -> TextResponse {
        let application = service_fn(async |request: Request<Body>| {
            let manager = request.extensions().get::<Authenticated<Manager>>();
            let subject = manager.map_or_else(String::new, |manager| manager.subject().to_owned());
            Ok::<_, Infallible>(Response::new(Body::from(subject)))
        });
        let response = collect(
            self.login
                .layer(application)
                .oneshot(jar.get(target))
                .await
                .unwrap(),
        )
        .await;
        jar.apply(&response);
        response
    }

    /// Begins a login and returns the callback URL.
    async fn callback_url(&self, jar: &mut Jar, code: &str) -> String {
        let state = self.get(jar, "/auth/weika/login").await.state();
        format!("/auth/weika/callback?wxcode={code}&state={state}")
    }

    /// Logs in, with a reload of the callback after each `503`. Returns the number of reloads.
    async fn log_in(&self, subject: &str) -> usize {
        let mut jar = Jar::default();
        let callback = self.callback_url(&mut jar, subject).await;
        for reloads in 0..100 {
            let response = self.get(&mut jar, &callback).await;
            if response.parts.status == StatusCode::SEE_OTHER {
                assert_eq!(response.location(), "/");
                assert_eq!(self.get(&mut jar, "/").await.text, subject);
                return reloads;
            }
            assert_eq!(
                response.parts.status,
                StatusCode::SERVICE_UNAVAILABLE,
                "{response:?}"
            );
            let retry_after = response.parts.headers[RETRY_AFTER]
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            sleep(Duration::from_secs(retry_after)).await;
        }
        panic!("{subject} is not logged in after 100 reloads")
    }

    #[track_caller]
    fn assert_idle(&self) {
        let permits = self.weika.client().permits();
        assert_eq!((permits.available(), permits.waiting()), (256, 0));
        assert_eq!(self.upstream.running.load(Ordering::Relaxed), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a1_ten_thousand_logins_at_once_all_succeed_after_reloads_with_one_token_and_no_lost_code()
{
    const USERS: usize = 10_000;
    let campus = Campus::new("d3.example", Some(Duration::from_secs(1)));
    let users = (0..USERS).map(|number| {
        let campus = campus.clone();
        tokio::spawn(async move { campus.log_in(&format!("p{number}")).await })
    });
    let mut reloads = 0;
    for person in users.collect::<Vec<_>>() {
        reloads += person.await.unwrap();
    }
    assert!(
        reloads > 0,
        "the upstream system is slower than the callers"
    );
    // Each code was sent once, and each of them logged its user in.
    assert_eq!(campus.upstream.codes(), USERS);
    assert_eq!(campus.upstream.token_fetches.load(Ordering::Relaxed), 1);
    assert_eq!(campus.upstream.most.load(Ordering::Relaxed), 256);
    campus.assert_idle();
}

#[tokio::test(start_paused = true)]
async fn a1_permits_come_back_when_the_calls_to_a_hanging_upstream_have_timed_out() {
    let campus = Campus::new("d3-hang.example", None);
    let waiting = (0..1_000).map(|number| {
        let campus = campus.clone();
        tokio::spawn(async move {
            let mut jar = Jar::default();
            let callback = campus.callback_url(&mut jar, &format!("p{number}")).await;
            campus.get(&mut jar, &callback).await
        })
    });
    for response in waiting.collect::<Vec<_>>() {
        let response = response.await.unwrap();
        // A timed-out code begins the login again; the others were not sent.
        let status = response.parts.status;
        assert!(
            status == StatusCode::SEE_OTHER || status == StatusCode::SERVICE_UNAVAILABLE,
            "{response:?}"
        );
    }
    assert_eq!(campus.upstream.most.load(Ordering::Relaxed), 256);
    sleep(Duration::from_secs(5)).await;
    campus.assert_idle();
    *campus.upstream.takes.lock().unwrap() = Some(Duration::ZERO);
    assert_eq!(campus.log_in("wang").await, 0);
}

#[tokio::test(start_paused = true)]
async fn a1_login_during_a_flood_of_invalid_codes_from_disconnecting_clients_takes_under_two_seconds()
 {
    let campus = Campus::new("d1.example", Some(Duration::from_millis(500)));
    let flood = (0..64).map(|connection| {
        let campus = campus.clone();
        tokio::spawn(async move {
            for number in 0_usize.. {
                let mut jar = Jar::default();
                let callback = campus
                    .callback_url(&mut jar, &format!("invalid{connection}-{number}"))
                    .await;
                // The client disconnects.
                let _hung_up =
                    timeout(Duration::from_millis(20), campus.get(&mut jar, &callback)).await;
            }
        })
    });
    let flood: Vec<_> = flood.collect();
    sleep(Duration::from_secs(3)).await;
    let permits = campus.weika.client().permits();
    assert_eq!(permits.available(), 0, "the flood takes all permits");
    for number in 0..5 {
        let began = Instant::now();
        assert_eq!(campus.log_in(&format!("p{number}")).await, 0);
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
        assert!(
            permits.waiting() <= 65,
            "{} wait, and 64 connections are open",
            permits.waiting()
        );
    }
    for connection in flood {
        connection.abort();
    }
    assert_eq!(campus.upstream.most.load(Ordering::Relaxed), 256);
    sleep(Duration::from_secs(1)).await;
    campus.assert_idle();
}

/// Every suspension point of the login, the client and the transport is a point at which the client
/// may disconnect, or the runtime may drop the task.
#[test]
fn a1_permits_come_back_wherever_the_login_is_dropped() {
    let campus = Campus::new("leak.example", Some(Duration::from_millis(3)));
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let mut stages = BTreeSet::new();
    for stops_runtime in [false, true] {
        for milliseconds in 0..=520_u64 {
            // Around the token fetch, which happens once, and the exchanges; else every 40th.
            if (8..490).contains(&milliseconds) && milliseconds % 40 != 0 {
                continue;
            }
            for polls in 0..12 {
                let runtime = runtime();
                let code = format!("p{stops_runtime}-{milliseconds}-{polls}");
                runtime.block_on(async {
                    let mut jar = Jar::default();
                    let callback = campus.callback_url(&mut jar, &code).await;
                    let mut visit = task::spawn(Box::pin(campus.get(&mut jar, &callback)));
                    let is_pending = visit.poll().is_pending();
                    for _ in 0..polls {
                        tokio::task::yield_now().await;
                    }
                    if is_pending && milliseconds > 0 {
                        sleep(Duration::from_millis(milliseconds)).await;
                    }
                    stages.insert(campus.weika.client().permits().available());
                    drop(visit);
                    if !stops_runtime {
                        sleep(Duration::from_secs(60)).await;
                        campus.assert_idle();
                    }
                });
                drop(runtime);
                campus.assert_idle();
            }
        }
    }
    assert!(
        stages.contains(&255) && stages.contains(&256),
        "some were dropped with a permit: {stages:?}"
    );
}

//! Many logins behind one `Tenants` layer, over one store, with one provider and one secret: only
//! the public URL tells them apart.

use tower_layer::Stack;

use super::*;
use crate::tenants::{Tenant, Tenants, TenantsLayer};

const SCHOOLS: usize = 50;

fn host(school: usize) -> String {
    format!("s{school}.example")
}

struct Schools {
    logins: Vec<LoginLayer<Provider>>,
    tenants: TenantsLayer<LoginLayer<Provider>>,
}

impl Schools {
    fn new() -> Self {
        let site = Site::new();
        let store = MemoryStore::new();
        let login = |school| {
            LoginLayer::builder(site.provider.clone())
                .store(store.clone())
                .public_url(format!("https://{}", host(school)))
                .secret([9; 32])
                .clock(site.clock.clock())
                .build()
                .unwrap()
        };
        let logins: Vec<_> = (0..SCHOOLS).map(login).collect();
        let tenants = all_but(&logins, None).build().unwrap();
        Self { logins, tenants }
    }

    async fn send(&self, school: usize, mut request: Request<Body>) -> TextResponse {
        let host = host(school).parse().unwrap();
        request.headers_mut().insert(HOST, host);
        let application = service_fn(async |request: Request<Body>| {
            let tenant = request.extensions().get::<Tenant>().expect("a tenant");
            let person = request.extensions().get::<Authenticated<Person>>();
            let name = person.map_or("anonymous", |person| person.subject());
            let text = format!("{} {name}", tenant.origin());
            Ok::<_, Infallible>(Response::new(Body::from(text)))
        });
        let app = self.tenants.layer(application);
        collect(app.oneshot(request).await.unwrap()).await
    }

    async fn begin(&self, school: usize, jar: &mut Jar) -> String {
        let begun = self.send(school, jar.get("/auth/weika/login")).await;
        let address = format!("redirect_uri=https://{}/auth/weika/callback", host(school));
        assert!(begun.location().contains(&address), "{begun:?}");
        jar.apply(&begun);
        begun.state()
    }

    async fn callback(&self, school: usize, jar: &Jar, name: &str, state: &str) -> TextResponse {
        let url = format!("/auth/weika/callback?wxcode={name}&state={state}");
        self.send(school, jar.get(&url)).await
    }
}

fn all_but(
    logins: &[LoginLayer<Provider>],
    left_out: Option<usize>,
) -> Tenants<LoginLayer<Provider>> {
    let kept = (0..logins.len()).filter(|school| Some(*school) != left_out);
    kept.fold(Tenants::new(), |tenants, school| {
        tenants.tenant(format!("https://{}", host(school)), logins[school].clone())
    })
}

fn page(school: usize, name: &str) -> String {
    format!("https://{} {name}", host(school))
}

/// In each round every school logs in one user, all interleaved, while one school is away.
#[tokio::test]
async fn s1_two_hundred_interleaved_logins_at_each_of_fifty_hosts_never_cross() {
    let schools = Schools::new();
    for round in 0..200 {
        let away = round % SCHOOLS;
        let list = all_but(&schools.logins, Some(away));
        schools.tenants.replace(list).unwrap();
        let absent = schools.send(away, Jar::default().get("/")).await;
        assert_eq!(absent.parts.status, StatusCode::MISDIRECTED_REQUEST);

        let present = || (0..SCHOOLS).filter(|school| *school != away);
        let mut begun = Vec::new();
        for school in present() {
            let mut jar = Jar::default();
            let state = schools.begin(school, &mut jar).await;
            begun.push((school, jar, state));
        }
        for (school, jar, state) in begun.iter_mut().rev() {
            let name = format!("u{round}-{school}");
            let back = schools.callback(*school, jar, &name, state).await;
            assert_eq!(back.location(), "/");
            jar.apply(&back);
        }
        for (school, jar, _) in &begun {
            let name = format!("u{round}-{school}");
            let own = schools.send(*school, jar.get("/")).await;
            assert_eq!(own.text, page(*school, &name));
            let next = present().find(|other| other > school).unwrap_or(away);
            let other = schools.send(next, jar.get("/")).await;
            let is_away = other.parts.status == StatusCode::MISDIRECTED_REQUEST;
            assert!(
                is_away || other.text == page(next, "anonymous"),
                "{other:?}"
            );
        }
    }
}

#[tokio::test]
async fn s1_state_of_one_tenant_is_rejected_by_another() {
    let schools = Schools::new();
    let mut jar = Jar::default();
    let state = schools.begin(0, &mut jar).await;
    let refused = schools.callback(1, &jar, "wang", &state).await;
    assert_eq!(refused.parts.status, StatusCode::BAD_REQUEST);
    assert!(!refused.parts.headers.contains_key(SET_COOKIE));
    let back = schools.callback(0, &jar, "wang", &state).await;
    assert_eq!(back.location(), "/");
}

#[tokio::test]
async fn session_survives_the_replacement_of_the_list_and_the_absence_of_its_tenant() {
    let schools = Schools::new();
    let mut jar = Jar::default();
    let state = schools.begin(0, &mut jar).await;
    let back = schools.callback(0, &jar, "wang", &state).await;
    jar.apply(&back);
    let list = all_but(&schools.logins, Some(0));
    schools.tenants.replace(list).unwrap();
    let list = all_but(&schools.logins, None);
    schools.tenants.replace(list).unwrap();
    let own = schools.send(0, jar.get("/")).await;
    assert_eq!(own.text, page(0, "wang"));
}

/// One wrong line in the list: the login of the first school at the host of the second.
#[tokio::test]
async fn login_at_the_origin_of_another_tenant_is_421_at_its_endpoints() {
    let mut schools = Schools::new();
    let login = &schools.logins[0];
    let list = [0, 1].into_iter().fold(Tenants::new(), |list, school| {
        list.tenant(format!("https://{}", host(school)), login.clone())
    });
    schools.tenants = list.build().unwrap();
    #[cfg(feature = "tracing")]
    let captured = crate::trace::tests::Captured::new();
    let refused = schools
        .send(1, Jar::default().get("/auth/weika/login"))
        .await;
    assert_eq!(refused.parts.status, StatusCode::MISDIRECTED_REQUEST);
    assert!(!refused.parts.headers.contains_key(SET_COOKIE));
    #[cfg(feature = "tracing")]
    assert!(captured.text().contains("Correct the list of tenants"));
    schools.begin(0, &mut Jar::default()).await;
}

/// Each school has two logins, with independent sessions.
#[tokio::test]
async fn kinds_of_identity_stack_for_each_tenant() {
    let schools = ["https://a.example", "https://b.example"];
    let store = MemoryStore::new();
    let login = |name: &'static str, origin: &str| {
        LoginLayer::builder(Site::named(name).provider)
            .store(store.clone())
            .public_url(origin)
            .build()
            .unwrap()
    };
    let tenants = schools.into_iter().fold(Tenants::new(), |tenants, origin| {
        tenants.tenant(
            origin,
            Stack::new(login("wechat", origin), login("weika", origin)),
        )
    });
    let layer = tenants.build().unwrap();
    let send = async |origin: &str, mut request: Request<Body>| {
        let host = origin.trim_start_matches("https://").parse().unwrap();
        request.headers_mut().insert(HOST, host);
        let empty = service_fn(async |_: Request<Body>| {
            Ok::<_, Infallible>(Response::new(Body::from("inside")))
        });
        collect(layer.layer(empty).oneshot(request).await.unwrap()).await
    };
    for origin in schools {
        for name in ["weika", "wechat"] {
            let mut jar = Jar::default();
            let begun = send(origin, jar.get(&format!("/auth/{name}/login"))).await;
            let address = format!("redirect_uri={origin}/auth/{name}/callback");
            assert!(begun.location().contains(&address), "{begun:?}");
            jar.apply(&begun);
            let state = begun.state();
            let callback = format!("/auth/{name}/callback?wxcode=wang&state={state}");
            let back = send(origin, jar.get(&callback)).await;
            assert_eq!(back.location(), "/");
            jar.apply(&back);
            assert!(jar.has(&format!("__Host-{name}-session")));
        }
    }
}

#[cfg(feature = "metrics")]
#[test]
fn metrics_and_events_name_the_tenant() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let run = async {
        let mut site = Site::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let events = Arc::clone(&seen);
        site.login = LoginLayer::builder(site.provider.clone())
            .public_url("https://campus.example")
            .tenant("a")
            .observer(move |event| {
                let tenant = event.tenant().map(str::to_owned);
                events.lock().unwrap().push(tenant);
            })
            .build()
            .unwrap();
        site.log_in(&mut Jar::default(), "wang").await;
        assert_eq!(*seen.lock().unwrap(), [Some("a".to_owned())]);
    };
    metrics::with_local_recorder(&recorder, || runtime.unwrap().block_on(run));
    let text = handle.render();
    for line in [
        r#"tower_weika_logins_begun_total{provider="weika",tenant="a"} 1"#,
        r#"tower_weika_logins_total{provider="weika",tenant="a",outcome="success"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

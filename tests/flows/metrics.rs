//! The metrics of a login, through the `metrics` facade and the Prometheus exporter.

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use tower_weika_sandbox::{Approval, Endpoint, Fault};

use super::site::{ORIGIN, Site};
use super::way::{Way, Wechat, Weika};

/// The metrics recorded while `run` ran. Everything runs on this thread, where the recorder is.
fn recorded<F: Future<Output = ()>>(run: impl FnOnce() -> F) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    metrics::with_local_recorder(&recorder, || runtime.block_on(run()));
    handle.render()
}

#[test]
fn logins_calls_and_failures_are_counted_and_no_label_has_a_secret() {
    let text = recorded(async || {
        let site = Site::<Weika>::start().await;
        let browser = site.browser();
        site.log_in(&browser, "wang").await;
        browser.post(&site.endpoint("logout"), "").await.unwrap();
        browser
            .get(&format!("{}?state=forged", site.endpoint("callback")))
            .await
            .unwrap();
        Weika::set_approval(&site.sandbox, Approval::Decline);
        browser.get(&format!("{ORIGIN}/admin")).await.unwrap();
        site.auto_approve("wang");
        site.sandbox
            .faults()
            .once(Endpoint::ManagerInfo, Fault::Errcode(json!("6001")));
        browser.get(&format!("{ORIGIN}/admin")).await.unwrap();
        let site = Site::<Wechat>::start().await;
        site.log_in(&site.browser(), "wang").await;
    });
    for line in [
        r#"tower_weika_logins_begun_total{provider="weika"} 4"#,
        r#"tower_weika_logins_begun_total{provider="wechat"} 1"#,
        r#"tower_weika_logins_total{provider="weika",outcome="success"} 2"#,
        r#"tower_weika_logins_total{provider="weika",outcome="declined"} 1"#,
        r#"tower_weika_logins_total{provider="weika",outcome="invalid_code"} 1"#,
        r#"tower_weika_logins_total{provider="wechat",outcome="success"} 1"#,
        r#"tower_weika_callbacks_refused_total{provider="weika"} 1"#,
        r#"tower_weika_codes_refused_total{provider="weika"} 1"#,
        r#"tower_weika_logouts_total{provider="weika"} 1"#,
        r#"tower_weika_token_fetches_total{outcome="success"} 1"#,
        r#"tower_weika_upstream_seconds_count{call="weika manager info",outcome="success"} 3"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    for secret in ["oSandbox", "oFollower", "wxcode", "sandbox-secret"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}

#[test]
fn authenticated_request_changes_no_metric() {
    let counted = |requests: usize| {
        let text = recorded(async || {
            let site = Site::<Weika>::start().await;
            let browser = site.browser();
            site.log_in(&browser, "wang").await;
            for _ in 0..requests {
                site.who(&browser).await;
            }
        });
        // All lines except durations.
        let mut lines: Vec<_> = text
            .lines()
            .filter(|line| !line.contains("_seconds"))
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    assert!(counted(0).len() > 3);
    assert_eq!(counted(0), counted(10));
}

//! Three schools in one process, each at its own host with its own login: `cargo run --example
//! schools`, then open <http://a.localhost:3000>, <http://b.localhost:3000> and
//! <http://c.localhost:3000>. `http://localhost:3000` is no school.
//!
//! Browsers find every name below `localhost` on this machine. In production each school has an
//! https origin, and credentials of Weika in place of the sandbox.

use std::io::Write;

use axum::response::Html;
use axum::routing::get;
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tower_weika::BoxError;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::Manager;
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::session::Authenticated;
use tower_weika::tenants::{Tenant, Tenants};
use tower_weika_sandbox::Sandbox;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(listen).await?;
    let port = listener.local_addr()?.port();

    let mut tenants = Tenants::new();
    // They stop when they are dropped.
    let mut sandboxes = Vec::new();
    for school in ["a", "b", "c"] {
        let sandbox = Sandbox::start().await?;
        let weika = WeikaManagerProvider::builder(sandbox.app_key(), sandbox.app_secret())
            .base_url(sandbox.base_url())
            .build()?;
        let origin = format!("http://{school}.localhost:{port}");
        let login = LoginLayer::builder(weika)
            .public_url(&origin)
            .loopback_development()
            .build()?;
        tenants = tenants.tenant(&origin, login);
        sandboxes.push(sandbox);
        writeln!(std::io::stdout(), "listening on {origin}")?;
    }

    let managers = Router::new()
        .route("/admin", get(admin))
        .route_layer(GuardLayer::<Manager>::logged_in());
    let app = Router::new()
        .route("/", get(home))
        .merge(managers)
        .layer(tenants.build()?);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn home(
    Extension(tenant): Extension<Tenant>,
    manager: Option<Authenticated<Manager>>,
) -> Html<String> {
    let name = manager.map_or_else(
        || r#"<a href="/admin">登录</a>"#.to_owned(),
        |manager| format!("你好，{}", escape(&manager.name)),
    );
    Html(format!("{}：{name}", tenant.origin()))
}

async fn admin(
    Extension(tenant): Extension<Tenant>,
    manager: Authenticated<Manager>,
) -> Html<String> {
    let name = escape(&manager.name);
    Html(format!("{} 的管理后台：{name}", tenant.origin()))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

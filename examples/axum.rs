//! The login of Weika managers around an axum router, with the embedded sandbox: `cargo run
//! --example axum`.
//!
//! In production `app_key` and `app_secret` come from Weika, `base_url` and `loopback_development`
//! are omitted, and `public_url` is the https origin that browsers see.

use std::io::Write;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use tokio::net::TcpListener;
use tower_weika::BoxError;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::Manager;
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::session::Authenticated;
use tower_weika_sandbox::Sandbox;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let sandbox = Sandbox::start().await?;
    let weika = WeikaManagerProvider::builder(sandbox.app_key(), sandbox.app_secret())
        .base_url(sandbox.base_url());

    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(listen).await?;
    let public_url = format!("http://{}", listener.local_addr()?);
    let login = LoginLayer::builder(weika.build()?)
        .public_url(&public_url)
        .loopback_development()
        .build()?;

    // The guard covers every method of the routes that are in the router before it.
    let managers = Router::new()
        .route("/admin", get(admin))
        .route_layer(GuardLayer::<Manager>::logged_in());
    let app = Router::new()
        .route("/", get(home))
        .merge(managers)
        .layer(login);

    writeln!(
        std::io::stdout(),
        "listening on {public_url}\nsandbox on {}",
        sandbox.base_url()
    )?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn home(manager: Option<Authenticated<Manager>>) -> Html<String> {
    Html(match manager {
        Some(manager) => format!(
            r#"你好，{}。<a href="/admin">管理后台</a>
            <form action="/auth/weika/logout" method="post"><button>退出登录</button></form>"#,
            escape(&manager.name)
        ),
        None => r#"<a href="/admin">登录</a>"#.to_owned(),
    })
}

async fn admin(manager: Authenticated<Manager>) -> Html<String> {
    Html(format!("管理后台：{}", escape(&manager.name)))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

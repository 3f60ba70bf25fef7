//! Tests of the upstream systems over real sockets, without a client library.
#![expect(clippy::unwrap_used, reason = "a failure fails the test")]

mod binding;
mod control;
mod fault;
mod kesion;
mod redirect;
mod response_format;
mod slow_client;
mod sns;
#[path = "../support/mod.rs"]
mod support;
mod wechat;
mod weika;
mod weika_member;
use std::io;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use tower_weika_sandbox::*;

const TOKEN: &str = "/open/cgi-bin/access-token";
const INFO: &str = "/open/cgi-bin/get-manager-info";
const SCHOOL: &str = "/cgi-bin/campus/school-info";
const OPEN_ID: &str = "/app/wx/openId";
const SMS: &str = "/app/app/sms/sendLoginSms";
const BIND: &str = "/app/app/V1.0/bindingUser";
const LOOKUP: &str = "/webapi/school/GetWeixinAuthInfo";

/// Response, byte for byte.
struct Raw {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Raw {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(it, _)| it.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn is_whole(&self) -> bool {
        self.header("content-length") == Some(self.body.len().to_string().as_str())
    }
}

async fn raw(sandbox: &Sandbox, request: &str) -> io::Result<Raw> {
    let mut stream = TcpStream::connect(sandbox.address()).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n");
    let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    Ok(Raw {
        status: head[9..12].parse().unwrap(),
        head,
        body: answer[end + 4..].to_vec(),
    })
}

async fn get(sandbox: &Sandbox, target: &str) -> io::Result<Raw> {
    raw(
        sandbox,
        &format!("GET {target} HTTP/1.1\r\nhost: weika.test\r\nconnection: close\r\n\r\n"),
    )
    .await
}

async fn post(sandbox: &Sandbox, target: &str, body: &Value) -> io::Result<Raw> {
    post_as(sandbox, target, "application/json", &body.to_string()).await
}

async fn post_as(
    sandbox: &Sandbox,
    target: &str,
    content_type: &str,
    body: &str,
) -> io::Result<Raw> {
    let request = format!(
        "POST {target} HTTP/1.1\r\nhost: weika.test\r\nconnection: close\r\ncontent-type: {content_type}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len(),
    );
    raw(sandbox, &request).await
}

fn credentials(sandbox: &Sandbox) -> Value {
    json!({ "app_key": sandbox.app_key(), "app_secret": sandbox.app_secret() })
}

async fn token(sandbox: &Sandbox) -> String {
    let answer = post(sandbox, TOKEN, &credentials(sandbox))
        .await
        .unwrap()
        .json();
    answer["access_token"].as_str().unwrap().to_owned()
}

/// Exchanges a `wxcode` with a new token.
async fn manager_info(sandbox: &Sandbox, code: &str) -> Value {
    let target = format!("{INFO}?access_token={}", token(sandbox).await);
    post(sandbox, &target, &json!({ "wxcode": code }))
        .await
        .unwrap()
        .json()
}

/// Exchanges a code of the sandbox's own official account at the binding service.
async fn open_id(sandbox: &Sandbox, code: &str) -> Value {
    let answer = post(
        sandbox,
        OPEN_ID,
        &json!({ "appid": sandbox.app_id(), "code": code }),
    )
    .await
    .unwrap();
    assert_eq!(answer.status, 200);
    answer.json()
}

/// Returns the redirect of `manager-connect` for these further parameters.
async fn redirected(sandbox: &Sandbox, parameters: &str) -> String {
    let target = format!(
        "/open/auth/manager-connect?app_key={}&{parameters}",
        sandbox.app_key()
    );
    let answer = get(sandbox, &target).await.unwrap();
    assert_eq!(answer.status, 302, "{}", answer.head);
    answer.header("location").unwrap().to_owned()
}

fn invalid_code() -> Value {
    json!({ "errcode": "6001", "errmsg": "invalid code" })
}

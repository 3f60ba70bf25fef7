//! Clients that send a logout and close the connection at once (rule S4).

use std::io::Write;
use std::net::TcpStream;

use tower_weika_sandbox::Browser;

use crate::support::Site;
use crate::{log_in, see};

const CLIENTS: usize = 80;

#[tokio::test(flavor = "multi_thread")]
async fn s4_eighty_logouts_whose_clients_hang_up_at_once_leave_no_session() {
    let site = Site::start(&[]);
    let mut browsers = Vec::new();
    for _ in 0..CLIENTS {
        let browser = Browser::new();
        log_in(&browser, &format!("{}/admin", site.url), "wang").await;
        browsers.push(browser);
    }
    let address = site.url.trim_start_matches("http://");
    for browser in &browsers {
        let session = browser
            .cookies()
            .into_iter()
            .find(|cookie| cookie.name == "dev-weika-session");
        let session = session.expect("a session").value;
        let mut stream = TcpStream::connect(address).expect("the site listens");
        let head = format!(
            "POST /auth/weika/logout HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\
             Cookie: dev-weika-session={session}\r\n\r\n"
        );
        stream
            .write_all(head.as_bytes())
            .expect("the request is small");
    }
    for browser in &browsers {
        see(browser, &format!("{}/", site.url), "未登录").await;
    }
}

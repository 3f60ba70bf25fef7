//! Everything that is compared on the request path.

mod axum_login;
mod axum_session;
mod cookies;
mod limit;
mod ours;
mod stores;
mod tower_sessions;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::HeaderValue;
use tokio::runtime::Runtime;

use crate::support::{self, Candidate};

/// Says how many bytes a piece of work leaves on the heap. A program that does not ask only does the work: counting
/// would cost instructions.
pub(crate) type Meter = fn(&mut dyn FnMut()) -> i64;

/// One of those who are compared, before its sessions are there.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    build: fn(&Setting<'_>) -> Contender,
}

impl Contestant {
    /// Makes the sessions. Inside of a runtime, for contestants that start something in the background.
    pub(crate) fn build(&self, setting: &Setting<'_>) -> Contender {
        let _inside = setting.runtime.enter();
        let (name, Contender { candidate, heap }) = (self.name, (self.build)(setting));
        Contender::new(heap, move || {
            let mut candidate = candidate();
            name.clone_into(&mut candidate.name);
            candidate
        })
    }
}

/// What all contestants have in common.
pub(crate) struct Setting<'r> {
    pub(crate) sessions: usize,
    pub(crate) runtime: &'r Runtime,
    pub(crate) meter: Meter,
}

/// One of those who are compared, with its sessions.
pub(crate) struct Contender {
    /// Another service of the same layer, on the same sessions.
    pub(crate) candidate: Box<dyn Fn() -> Candidate>,
    /// What the sessions take on the heap.
    pub(crate) heap: i64,
}

impl Contender {
    fn new(heap: i64, candidate: impl Fn() -> Candidate + 'static) -> Self {
        Self {
            candidate: Box::new(candidate),
            heap,
        }
    }
}

/// All of them; the first one is the bare application.
pub(crate) fn all() -> Vec<Contestant> {
    let by_hand: [Contestant; 2] = [
        Contestant {
            name: "bare",
            build: |_| Contender::new(0, || support::bare(&nobody())),
        },
        Contestant {
            name: "insert by hand",
            build: |_| Contender::new(0, || support::insert_by_hand(&nobody())),
        },
    ];
    let peers = [
        Contestant {
            name: "cookie::CookieJar",
            build: |_| cookies::jar(),
        },
        Contestant {
            name: "tower-cookies",
            build: |_| cookies::tower_cookies(),
        },
        Contestant {
            name: "tower-sessions",
            build: tower_sessions::build,
        },
        Contestant {
            name: "axum-login",
            build: axum_login::build,
        },
        Contestant {
            name: "axum_session",
            build: axum_session::build,
        },
    ];
    let limit = Contestant {
        name: "limit",
        build: limit::build,
    };
    by_hand
        .into_iter()
        .chain([limit])
        .chain(ours::all())
        .chain(peers)
        .collect()
}

/// The headers of visitors of whom nobody asks who they are.
fn nobody() -> Arc<[HeaderValue]> {
    visitors((0..1_000).map(|number| format!("id={number:022}")))
}

/// The `Cookie` headers of those who hold these cookies.
///
/// Some of them, evenly chosen, if there are very many: more than are ever asked for one after the other, and the
/// headers are not what is measured.
fn visitors(cookies: impl ExactSizeIterator<Item = String>) -> Arc<[HeaderValue]> {
    let step = cookies.len().div_ceil(50_000).max(1);
    cookies
        .step_by(step)
        .map(|cookie| support::cookies(&cookie))
        .collect()
}

/// The result of a future that does not have to wait.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a store in this process answers at once"),
    }
}

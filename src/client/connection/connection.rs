use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};

use super::JSON;
use crate::client::address::{BaseUrl, host_of};
use crate::client::permits::{CallLimits, Permits};
use crate::client::transport::{Limits, Transport};
use crate::error::{Error, ErrorKind};

/// The connection to one upstream system.
#[derive(Debug)]
pub(in crate::client) struct Connection {
    pub(in crate::client) base: BaseUrl,
    pub(super) transport: Transport,
    pub(super) limits: Limits,
    pub(in crate::client) permits: Permits,
    pub(super) call_limits: CallLimits,
}

impl Connection {
    /// Posts `body` once and returns the body of the response, which had status 200. `context`
    /// names the call in errors.
    pub(in crate::client) async fn post(
        &self,
        url: &str,
        content_type: &'static str,
        body: Bytes,
        context: &'static str,
    ) -> Result<Bytes, Error> {
        let request = Request::post(url)
            .header(CONTENT_TYPE, content_type)
            .header(ACCEPT, JSON)
            .body(body.into())
            .map_err(|_| {
                Error::new(ErrorKind::Internal, context).with_source("the URL cannot be one")
            })?;
        self.transport.send(request, self.limits, context).await
    }

    /// Gets `url`, and a second time if the first connection failed before anything was sent.
    pub(in crate::client) async fn get_or_reconnect(
        &self,
        url: &str,
        context: &'static str,
    ) -> Result<Bytes, Error> {
        match self.get(url, context).await {
            Err(error) if error.kind() == ErrorKind::Connect => self.get(url, context).await,
            outcome => outcome,
        }
    }

    async fn get(&self, url: &str, context: &'static str) -> Result<Bytes, Error> {
        let request = Request::get(url)
            .header(ACCEPT, JSON)
            .body(Bytes::new().into())
            .map_err(|_| {
                Error::new(ErrorKind::Internal, context).with_source("the URL cannot be one")
            })?;
        self.transport.send(request, self.limits, context).await
    }

    /// Returns the permits for the host of `url`, which is that of the base URL or another that may
    /// be called.
    pub(in crate::client) fn permits_for(&self, url: &str) -> Result<Permits, Error> {
        let permits = host_of(url)
            .and_then(|host| Permits::of_host(&host, self.call_limits.of_any_size()).ok());
        permits.ok_or_else(|| Error::new(ErrorKind::Internal, "the URL has no host"))
    }

    /// Posts `body`, and a second time if the first connection failed before anything was sent.
    pub(in crate::client) async fn post_or_reconnect(
        &self,
        url: &str,
        content_type: &'static str,
        body: Bytes,
        context: &'static str,
    ) -> Result<Bytes, Error> {
        match self.post(url, content_type, body.clone(), context).await {
            Err(error) if error.kind() == ErrorKind::Connect => {
                self.post(url, content_type, body, context).await
            }
            outcome => outcome,
        }
    }
}

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use super::super::address::HostAllowList;
use super::super::connection::{Connection, JSON, encoded, json};
use super::super::error_codes::ErrorCodes;
use super::builder::KesionClientBuilder;
use super::encoding::Encoding;
use super::response;
use crate::error::Error;
use crate::identity::AccountAuthorization;
use crate::secret::{ApiKey, AppToken};

const CONTEXT: &str = "kesion official account";
/// The media type of a form, and of an empty body.
const FORM: &str = "application/x-www-form-urlencoded";

/// Client of one tenant of Kesion. Cheap to clone.
///
/// See the [module](super) for the rules and an example, and
/// [`OfficialAccounts`](crate::official_account::OfficialAccounts) for a cache in front of it.
#[derive(Clone)]
pub struct KesionClient {
    inner: Arc<Inner>,
}

impl KesionClient {
    /// Returns a builder for the tenant at `base_url`: every school or company has a separate
    /// domain (`http://域名`). It must be https, except on this machine; see
    /// [`allow_http`](KesionClientBuilder::allow_http).
    pub fn builder(base_url: impl Into<String>) -> KesionClientBuilder {
        KesionClientBuilder::new(base_url.into())
    }

    pub(super) fn new(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    /// Returns the official account for which a school has authorized its platform
    /// (获取公众号授权信息).
    ///
    /// `token` is that of a user who is logged in at the school's Kesion platform.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Busy`](crate::ErrorKind::Busy): WeChat rejects the platform's token; try
    ///   again later.
    /// * [`ErrorKind::Fault`](crate::ErrorKind::Fault): Kesion fails without a reason, or with an
    ///   [`upstream_code`](Error::upstream_code) that is not listed. Its page does not document the
    ///   response to a wrong token.
    /// * [`ErrorKind::Connect`](crate::ErrorKind::Connect): two attempts to connect failed.
    /// * [`ErrorKind`](crate::ErrorKind) for the rest. The call only reads: it may be made again
    ///   after any of them.
    pub async fn official_account(&self, token: &AppToken) -> Result<AccountAuthorization, Error> {
        self.inner.official_account(token).await
    }
}

impl fmt::Debug for KesionClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KesionClient")
            .field("base_url", &self.inner.connection.base)
            .finish_non_exhaustive()
    }
}

pub(super) struct Inner {
    pub(super) connection: Connection,
    pub(super) hosts: HostAllowList,
    pub(super) api_key: Option<ApiKey>,
    pub(super) encoding: Encoding,
    pub(super) error_codes: ErrorCodes,
}

impl Inner {
    async fn official_account(&self, token: &AppToken) -> Result<AccountAuthorization, Error> {
        let url = self
            .connection
            .base
            .join("/webapi/school/GetWeixinAuthInfo");
        let (url, content_type, body) = match self.encoding {
            Encoding::Form => (url, FORM, self.form(token).into()),
            Encoding::Json => (url, JSON, self.json(token)?),
            Encoding::Query => (format!("{url}?{}", self.form(token)), FORM, Bytes::new()),
        };
        let permit = self.connection.permits.acquire().await?;
        let response = self
            .connection
            .post_or_reconnect(&url, content_type, body, CONTEXT)
            .await;
        drop(permit);
        let response = response?;
        response::account_authorization(&response, &self.error_codes, &self.hosts, CONTEXT)
    }

    fn form(&self, token: &AppToken) -> String {
        let mut form = format!("apptoken={}", encoded(token.expose()));
        if let Some(api_key) = &self.api_key {
            form += &format!("&apikey={}", encoded(api_key.expose()));
        }
        form
    }

    fn json(&self, token: &AppToken) -> Result<Bytes, Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            apptoken: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            apikey: Option<&'a str>,
        }

        json(
            &Body {
                apptoken: token.expose(),
                apikey: self.api_key.as_ref().map(ApiKey::expose),
            },
            CONTEXT,
        )
    }
}

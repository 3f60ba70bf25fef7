/// A school or company (主体) on one of Weika's platforms.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct School {
    /// The code (主体code).
    pub code: String,
    /// The name (主体名称); empty if there is none.
    pub name: String,
    /// The address of the school's platform (主体所在的平台的地址), exactly as in the upstream response.
    ///
    /// Never call it unchecked: an attacker who controls it would receive the application's access token.
    /// [`WeikaClient::post_json`](crate::client::weika::WeikaClient::post_json) checks it first.
    pub host: Option<String>,
}

impl School {
    /// Creates a school without a host.
    pub fn new(code: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            name: name.into(),
            host: None,
        }
    }
}

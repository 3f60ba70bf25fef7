//! What the sandbox can be asked for.

use super::provenance::labelled;

labelled! {
    /// One address of an upstream system.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    #[non_exhaustive]
    pub enum Endpoint {
        /// The page where a manager allows or declines the login.
        ManagerConnect: Documented, "admin.html, step 1";
        /// What the page leads to: sends the browser back to the application. The path is the sandbox's own.
        Approve: Documented, "admin.html, step 1: the address after the login; the path is our own";
        /// The application's access token.
        AccessToken: Documented, "admin.html, step 2";
        /// Who the manager behind a `wxcode` is.
        ManagerInfo: Documented, "admin.html, step 3";
        /// Name, badge and addresses of a school (获取主体信息).
        SchoolInfo: Documented, "cloud.tencent.com/document/api/1523/87716; there with a school's token";
    }
}

impl Endpoint {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::ManagerConnect, Self::Approve, Self::AccessToken, Self::ManagerInfo, Self::SchoolInfo];

    /// The path, without query.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::ManagerConnect => "/open/auth/manager-connect",
            Self::Approve => "/sandbox/weika/approve",
            Self::AccessToken => "/open/cgi-bin/access-token",
            Self::ManagerInfo => "/open/cgi-bin/get-manager-info",
            Self::SchoolInfo => "/cgi-bin/campus/school-info",
        }
    }

    /// Whether a browser comes here, and not an application.
    #[must_use]
    pub const fn is_page(self) -> bool {
        matches!(self, Self::ManagerConnect | Self::Approve)
    }

    pub(super) fn at(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.path() == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_found_at_its_path() {
        assert_eq!(Endpoint::ALL.len(), Endpoint::LABELS.len());
        for endpoint in Endpoint::ALL {
            assert_eq!(Endpoint::at(endpoint.path()), Some(*endpoint));
        }
        assert_eq!(Endpoint::at("/open/cgi-bin/access-token/"), None);
    }
}

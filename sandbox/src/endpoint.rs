//! Endpoints of the upstream systems, and of the sandbox itself.

use http::Method;

use crate::provenance::with_provenance;
use crate::response_format::ResponseFormat;

with_provenance! {
    /// Address of an upstream system.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    #[non_exhaustive]
    pub enum Endpoint {
        /// The page where a manager allows or declines the login.
        ManagerConnect: Documented, "admin.html, step 1";
        /// The target of the links on that page: redirects to the application. The path is the
        /// sandbox's own.
        Approve: Documented, "admin.html, step 1: the address after the login; the path is our own";
        /// The application's access token.
        AccessToken: Documented, "admin.html, step 2";
        /// The manager to whom a `wxcode` was issued.
        ManagerInfo: Documented, "admin.html, step 3";
        /// Name, badge and addresses of a school (获取主体信息).
        SchoolInfo: Documented, "cloud.tencent.com/document/api/1523/87716; there with a school's token";
        /// The page where a member allows or declines the login, in WeChat (H5).
        MemberAuthorize: Observed, "carsi-pku/shib-carsi-weixiao, README";
        /// The page where a member scans a QR code, in any other browser (PC).
        MemberPcAuthorize: Observed, "carsi-pku/shib-carsi-weixiao, README";
        /// The target of the links on both pages: redirects to the application. The path is the
        /// sandbox's own.
        MemberApprove: Observed, "carsi-pku/shib-carsi-weixiao, README; the path is our own";
        /// The member's access token: exchanges the `wxcode` of a member.
        MemberToken: Documented, "access_token.html";
        /// The member to whom the token was issued.
        MemberInfo: Documented, "get_user_info.html";
        /// The access token of a school.
        SchoolToken: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// The identity types of a school (成员身份类型).
        IdentityTypes: Documented, "cloud.tencent.com/document/api/1523/87725";
        /// WeChat's page that gives an official account a code for the visitor (网页授权).
        WechatAuthorize: Documented, "WeChat's page 网页授权, copied at csdn 86527897";
        /// The target of the links on that page: redirects to the application. The path is the
        /// sandbox's own.
        WechatApprove: Documented, "WeChat's page 网页授权: the address after the consent; the path is our own";
        /// WeChat's page with a QR code, which gives a website application (网站应用) a code for the
        /// visitor of a desk.
        WechatQrConnect: Documented, "developers.weixin.qq.com 网站应用微信登录开发指南";
        /// WeChat's API: exchanges a code for the openid, with the secret of the application.
        WechatSnsToken: Documented, "developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken.html";
        /// The binding service: exchanges a code for the openid, and tells whether it is bound to a
        /// user.
        OpenId: Documented, "showdoc.com.cn/east/2107969430195298";
        /// The binding service: sends an SMS code, which a binding requires.
        SendSms: Documented, "showdoc.com.cn/east/2714110949361841; its parameters are inferred";
        /// The binding service: binds an openid to an existing user.
        BindUser: Documented, "showdoc.com.cn/east/2195723471259705; its parameters are partly inferred";
        /// Kesion's lookup of the official account that a school has authorized.
        OfficialAccount: Documented, "showdoc.com.cn/kesionwebapi/9347782530902155";
        /// Kesion's `auth_url`: a school's administrator authorizes the account. The look of the
        /// page is the sandbox's own.
        AuthUrl: Documented, "showdoc.com.cn/kesionwebapi/9347782530902155: auth_url; the page is our own";
        /// Control page: changes the states of the systems and shows the last SMS codes. It has no
        /// counterpart upstream.
        ///
        /// A button has its name in `data-switch`, and `aria-pressed="true"` if it is on. Its form
        /// posts the parameter `switch` with that name to the page itself. The names:
        /// `kesion:authorized`, `kesion:not-authorized`, `kesion:not-opened`, `kesion:failing`;
        /// `kesion-auto-login:on`, `kesion-auto-login:off`; `binding:normal`,
        /// `binding:not-configured`, `binding:operator-unavailable`, `binding:all-unbound`, and
        /// `binding:NUMBER` for 2001, 2004, 2035, 440001 to 440004 and 440007; `phone:ask`,
        /// `phone:decline`; and for each person who uses WeChat `person:ID`, `bind:ID` and
        /// `unbind:ID`. For the member login: `member-app:on`, `member-app:off`, `member:ask`,
        /// `member:decline`, and for each member `member-is:ID`. An SMS code is in
        /// `data-sms="MOBILE"`.
        Control: Inferred, "the sandbox's own, so that a person can do what tests do";
    }
}

impl Endpoint {
    /// All endpoints.
    pub const ALL: &'static [Self] = &[
        Self::ManagerConnect,
        Self::Approve,
        Self::AccessToken,
        Self::ManagerInfo,
        Self::SchoolInfo,
        Self::MemberAuthorize,
        Self::MemberPcAuthorize,
        Self::MemberApprove,
        Self::MemberToken,
        Self::MemberInfo,
        Self::SchoolToken,
        Self::IdentityTypes,
        Self::WechatAuthorize,
        Self::WechatApprove,
        Self::WechatQrConnect,
        Self::WechatSnsToken,
        Self::OpenId,
        Self::SendSms,
        Self::BindUser,
        Self::OfficialAccount,
        Self::AuthUrl,
        Self::Control,
    ];

    /// Returns the path, without query.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::ManagerConnect => "/open/auth/manager-connect",
            Self::Approve => "/sandbox/weika/approve",
            Self::AccessToken => "/open/cgi-bin/access-token",
            Self::ManagerInfo => "/open/cgi-bin/get-manager-info",
            Self::SchoolInfo => "/cgi-bin/campus/school-info",
            Self::MemberAuthorize => "/connect/oauth/authorize",
            Self::MemberPcAuthorize => "/connect/oauth/pc-authorize",
            Self::MemberApprove => "/sandbox/weika-member/approve",
            Self::MemberToken => "/connect/oauth2/token",
            Self::MemberInfo => "/connect/oauth/get-user-info",
            Self::SchoolToken => "/cgi-bin/oauth2/token",
            Self::IdentityTypes => "/cgi-bin/user/get-identity-type",
            Self::WechatAuthorize => "/connect/oauth2/authorize",
            Self::WechatApprove => "/sandbox/wechat/approve",
            Self::WechatQrConnect => "/connect/qrconnect",
            Self::WechatSnsToken => "/sns/oauth2/access_token",
            Self::OpenId => "/app/wx/openId",
            Self::SendSms => "/app/app/sms/sendLoginSms",
            Self::BindUser => "/app/app/V1.0/bindingUser",
            Self::OfficialAccount => "/webapi/school/GetWeixinAuthInfo",
            Self::AuthUrl => "/plus/auth_url",
            Self::Control => "/sandbox/control",
        }
    }

    /// Returns whether browsers, not applications, use the endpoint.
    #[must_use]
    pub const fn is_page(self) -> bool {
        matches!(
            self,
            Self::ManagerConnect
                | Self::Approve
                | Self::MemberAuthorize
                | Self::MemberPcAuthorize
                | Self::MemberApprove
                | Self::WechatAuthorize
                | Self::WechatApprove
                | Self::WechatQrConnect
                | Self::AuthUrl
                | Self::Control
        )
    }

    /// Returns whether the method is allowed: `GET` for pages and for WeChat's API, `POST` for the
    /// forms of pages and for the other interfaces.
    pub(crate) fn allows(self, method: &Method) -> bool {
        let is_get = self.is_page() || self == Self::WechatSnsToken;
        match *method {
            Method::GET | Method::HEAD => is_get,
            Method::POST => !is_get || matches!(self, Self::AuthUrl | Self::Control),
            _ => false,
        }
    }

    /// Returns the format of responses.
    pub(crate) const fn format(self) -> ResponseFormat {
        match self {
            Self::WechatSnsToken => ResponseFormat::Wechat,
            Self::OpenId | Self::SendSms | Self::BindUser => ResponseFormat::Binding,
            Self::OfficialAccount | Self::AuthUrl => ResponseFormat::Kesion,
            _ => ResponseFormat::Weika,
        }
    }

    /// Returns the endpoint of a path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| {
            it.path() == path || (it.is_on_iis() && it.path().eq_ignore_ascii_case(path))
        })
    }

    /// Kesion runs on IIS, to which `/WebApi` and `/webapi` are the same path: its documents print
    /// both.
    const fn is_on_iis(self) -> bool {
        matches!(self, Self::OfficialAccount | Self::AuthUrl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_found_at_its_path() {
        assert_eq!(Endpoint::ALL.len(), Endpoint::BEHAVIOURS.len());
        for endpoint in Endpoint::ALL {
            assert_eq!(Endpoint::at(endpoint.path()), Some(*endpoint));
        }
        assert_eq!(Endpoint::at("/open/cgi-bin/access-token/"), None);
    }

    #[test]
    fn paths_on_iis_are_found_in_any_case() {
        assert_eq!(
            Endpoint::at("/WebApi/School/getweixinauthinfo"),
            Some(Endpoint::OfficialAccount)
        );
        assert_eq!(Endpoint::at("/app/wx/openid"), None);
    }

    #[test]
    fn pages_and_wechats_api_allow_get_and_interfaces_post() {
        for endpoint in Endpoint::ALL {
            let is_get = endpoint.is_page() || *endpoint == Endpoint::WechatSnsToken;
            assert_eq!(endpoint.allows(&Method::GET), is_get);
            assert!(endpoint.allows(&Method::POST) || is_get);
            assert!(!endpoint.allows(&Method::PUT));
        }
        assert!(
            Endpoint::Control.allows(&Method::POST)
                && !Endpoint::WechatAuthorize.allows(&Method::POST)
        );
    }
}

//! The environment variables.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `LISTEN` | address to bind; port 0 takes a free one | `127.0.0.1:3000` |
//! | `PUBLIC_URL` | origin that browsers see; https with an imitated system needs `ALLOW_SANDBOX` | `http://` and the bound address |
//! | `WEIKA_APP_KEY`, `WEIKA_APP_SECRET` | credentials | unset: the embedded sandbox |
//! | `WEIKA_BASE_URL` | base URL of Weika | `https://uni.weixiao.qq.com` |
//! | `WEIKA_MEMBER_APP_KEY`, `WEIKA_MEMBER_APP_SECRET`, `WEIKA_MEMBER_OCODE` | credentials of the member login, and the school | unset: the embedded sandbox |
//! | `WEIKA_MEMBER_BASE_URL` | base URL of the member login | `https://open.wecard.qq.com` |
//! | `BINDING_BASE_URL` | the operator's openid-binding service | unset: the embedded sandbox, also for WeChat |
//! | `BINDING_APPID` | the official account through which users log in | the one that Kesion reports |
//! | `WECHAT_APPID`, `WECHAT_SECRET` | the official account and its secret, instead of the binding service | unset |
//! | `WECHAT_API_BASE_URL` | base URL of WeChat's API, with the secret | `https://api.weixin.qq.com` |
//! | `WECHAT_AUTHORIZE_URL` | WeChat's authorize page | `https://open.weixin.qq.com/connect/oauth2/authorize` |
//! | `KESION_BASE_URL`, `KESION_APPTOKEN` | the school's Kesion platform | unset: the embedded sandbox |
//! | `SESSION_SECRET` | 32 bytes or more in hex or base64; the same over restarts and on all instances | random, or that of `SESSION_DB` |
//! | `SESSION_DB` | file of the sessions, which survive a restart; created if there is none; not together with `REDIS_URL` | unset: in memory |
//! | `REDIS_URL` | sessions, the token and callbacks shared with other instances; needs `SESSION_SECRET` | unset: in this process |
//! | `AUDIT_LOG` | file for the audit log, one JSON line for each event | unset: stderr |
//! | `SANDBOX_LISTEN` | where the embedded sandbox listens | a free port |
//! | `ALLOW_SANDBOX` | `1` allows imitated systems behind an https `PUBLIC_URL`, for a demonstration | unset |
//!
//! Each of the four systems (Weika's two logins; WeChat with the binding service; Kesion) is imitated
//! by the sandbox independently. WeChat and the binding service go together, because the binding
//! service exchanges the authorization codes that WeChat issues. A real binding service does not
//! know the sandbox's official account, so it needs `BINDING_APPID` or a real Kesion; with a real
//! Kesion and the imitated binding service, users log in through the sandbox's account. With
//! `WECHAT_SECRET` there is no binding service: WeChat identifies the users, and no account is bound.
//!
//! All errors are reported at once. An empty variable counts as unset. Secrets are never printed.

mod encoding;
mod errors;
mod read;
mod redis;
mod systems;
mod wechat;

pub(crate) use self::errors::SettingsErrors;
pub(crate) use self::read::Settings;
pub(crate) use self::systems::Systems;
pub(crate) use self::wechat::Wechat;

//! Checks of the key and the secret that Weika issues to an application.

use crate::error::ConfigErrorKind;
use crate::secret::AppSecret;

pub(super) fn check(app_key: &str, app_secret: &AppSecret, errors: &mut Vec<ConfigErrorKind>) {
    if app_key.is_empty() {
        errors.push(ConfigErrorKind::Missing("app_key"));
    } else if !app_key.bytes().all(|byte| byte.is_ascii_graphic()) {
        errors.push(ConfigErrorKind::InvalidCharacters {
            name: "app_key",
            value: app_key.to_owned(),
            expected: "visible ASCII characters",
        });
    }
    errors.extend(ConfigErrorKind::in_secret(
        "app_secret",
        app_secret.expose(),
    ));
}

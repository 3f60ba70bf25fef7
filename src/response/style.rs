//! The style sheet of the default pages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::accent::Accent;

/// Everything but the colours of the accent.
const RULES: &str = "\
:root{color-scheme:light dark}\
body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f3f6f4;color:#16241c;\
font:16px/1.7 system-ui,-apple-system,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif}\
main{box-sizing:border-box;width:min(30rem,calc(100vw - 2rem));margin:1rem;padding:2.25rem 2rem;background:#fff;\
border:1px solid #dfe7e2;border-radius:1.1rem;box-shadow:0 1rem 2.5rem -1rem #0b3d2426;overflow-wrap:anywhere}\
main:before{content:'';display:block;width:2.5rem;height:.3rem;margin-bottom:1.25rem;border-radius:1rem}\
h1{font-size:1.35rem;line-height:1.4;margin:0 0 .5rem}p{margin:0;color:#55665d}\
.site{margin-bottom:.75rem;font-size:.9rem}.contact{margin-top:1rem;font-size:.9rem}.contact a{color:inherit}\
code{display:block;margin-top:1rem;font-size:.85rem;user-select:all}\
svg{display:block;width:min(100%,14rem);margin:1.5rem auto 0;border-radius:.65rem}\
main>a{display:block;margin-top:1.5rem;text-align:center;padding:.7rem 1rem;border-radius:.65rem;\
text-decoration:none;font-weight:600}main>a.home{margin-top:.5rem;background:none;color:inherit}\
a:focus-visible{outline:3px solid #55665d;outline-offset:2px}\
@media(prefers-color-scheme:dark){body{background:#0f1512;color:#e6efe9}\
main{background:#18211c;border-color:#2a362f;box-shadow:none}p{color:#a3b3aa}svg{background:#fff}\
a:focus-visible{outline-color:#a3b3aa}}";

/// The colours without an accent of the site: each mode has its own.
const COLOURS: &str = "main:before,main>a{background:#06804a}main>a{color:#fff}main>a.home{color:#06804a}\
@media(prefers-color-scheme:dark){main:before,main>a{background:#3ecf8e}main>a{color:#06281a}\
main>a.home{color:#3ecf8e}}";

/// A style sheet, and the policies that allow exactly this one.
#[derive(Clone)]
pub(super) struct Style {
    pub(super) css: String,
    /// The Content-Security-Policy of an ordinary page, and that of the page that may be framed.
    pub(super) policies: [String; 2],
}

impl Style {
    fn new(colours: &str) -> Self {
        let css = format!("{RULES}{colours}");
        let digest = STANDARD.encode(Sha256::digest(&css));
        let policies = ["'none'", "*"].map(|ancestors| {
            format!(
                "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; \
                 frame-ancestors {ancestors}"
            )
        });
        Self { css, policies }
    }
}

impl Default for Style {
    fn default() -> Self {
        Self::new(COLOURS)
    }
}

/// The accent is the background of buttons only: as the colour of a text it could be unreadable on
/// a light or a dark page.
impl From<Accent> for Style {
    fn from(accent: Accent) -> Self {
        let (background, text) = (accent.css(), accent.text_css());
        Self::new(&format!(
            "main:before,main>a{{background:{background}}}main>a{{color:{text}}}"
        ))
    }
}

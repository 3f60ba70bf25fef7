//! What a request costs on its way through the layers, over the bare application.

mod report;
mod rounds;
mod support;
mod turns;

use report::Section;
use support::Site;

const SESSIONS: usize = 10_000;

fn main() {
    let mut section = Section::new("authenticate", "A request through the layers");
    section.text(
        "Ten usual headers, four foreign cookies before ours, 10,000 live sessions picked uniformly. \
         Cold: 32 MiB were read before every 32 requests.",
    );
    rounds::table(&mut section, Site::with_sessions(SESSIONS).candidates(), SESSIONS, "insert");
    section.finish();
}

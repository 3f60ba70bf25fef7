//! The instance that is never restarted, and its store, at one moment.

use std::fs;

use tower_weika_sandbox::Browser;

use crate::instance::ORIGIN;
use crate::keys::Keys;
use crate::site::Site;

pub(crate) struct Sample {
    /// Resident memory.
    pub(crate) mebibytes: f64,
    /// Open file descriptors.
    pub(crate) descriptors: f64,
    /// Tasks of the runtime.
    pub(crate) tasks: f64,
    pub(crate) keys: Keys,
}

impl Sample {
    pub(crate) async fn of(site: &Site) -> Self {
        let process = site.first.id();
        let page = site.at(&Browser::new(), site.first.address);
        let page = page.get(&format!("{ORIGIN}/tasks")).await;
        let tasks = page.expect("the instance responds").text();
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count);
        Self {
            mebibytes: harness::process::memory(process, "VmRSS"),
            descriptors: descriptors as f64,
            tasks: tasks.parse().expect("a number"),
            keys: Keys::of(site.store.borrow().as_ref().expect("it runs")),
        }
    }
}

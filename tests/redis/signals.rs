//! Pausing and resuming processes.

use std::process::Child;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::redis_server::Redis;

impl Redis {
    /// Sends SIGSTOP: connections stay open and the kernel accepts new ones, but no reply is sent.
    #[track_caller]
    pub(crate) fn pause(&self) {
        stop(self.process.as_ref().expect("a server that runs"));
    }

    /// Sends SIGCONT: the process resumes and replies to requests received meanwhile.
    #[track_caller]
    pub(crate) fn resume(&self) {
        resume(self.process.as_ref().expect("a server that runs"));
    }
}

/// When this returns, all threads of the process are stopped.
#[track_caller]
pub(crate) fn stop(process: &Child) {
    let id = Pid::from_child(process);
    kill_process(id, Signal::STOP).expect("a process that runs");
    waitid(WaitId::Pid(id), WaitIdOptions::STOPPED).expect("a child of this process");
}

#[track_caller]
pub(crate) fn resume(process: &Child) {
    kill_process(Pid::from_child(process), Signal::CONT).expect("a process that runs");
}

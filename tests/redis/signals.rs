//! Processes that stop and go on.

use std::process::Child;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::redis_server::Redis;

impl Redis {
    /// SIGSTOP: connections stay, and more are taken by the kernel, but nobody answers.
    #[track_caller]
    pub(crate) fn stop_the_world(&self) {
        stop(self.process.as_ref().expect("a server that runs"));
    }

    /// SIGCONT: it goes on and answers what has come meanwhile.
    #[track_caller]
    pub(crate) fn resume(&self) {
        resume(self.process.as_ref().expect("a server that runs"));
    }
}

/// Once this returns, all threads of the process stand still.
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

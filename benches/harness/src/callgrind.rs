//! Operations whose instructions `instructions.py` counts.

use std::{env, thread};

/// Runs an operation once.
pub type Operation = Box<dyn FnMut()>;

/// Lists the operations, or repeats one of them: `NAME TIMES`. For those of kind `request`, the
/// count of the first one is subtracted.
pub fn main(list: &[(&str, &str)], make: impl FnOnce(&str) -> Operation + Send) {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [name, times] = &arguments[..] else {
        return list
            .iter()
            .for_each(|(kind, name)| println!("{kind}\t{name}"));
    };
    // The stack of a new thread starts at a page boundary. The start of the main thread's stack
    // depends on the arguments and the environment, and its alignment affects some instructions.
    let repeat = || {
        let mut operation = make(name);
        // Work of the first run only is not counted.
        operation();
        repeated(&mut operation, times.parse().expect("a number"));
    };
    thread::scope(|scope| scope.spawn(repeat).join()).expect("does not panic");
}

#[inline(never)]
fn repeated(operation: &mut Operation, times: u64) {
    for _ in 0..times {
        operation();
    }
}

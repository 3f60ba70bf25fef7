//! Operations whose instructions `instructions.py` counts.

use std::{env, thread};

/// Runs an operation once.
pub type Operation = Box<dyn FnMut()>;

/// Lists the operations, or repeats one of them: `NAME TIMES`. Those of the kind `request` are counted over the first one.
pub fn main(list: &[(&str, &str)], make: impl FnOnce(&str) -> Operation + Send) {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [name, times] = &arguments[..] else {
        return list
            .iter()
            .for_each(|(kind, name)| println!("{kind}\t{name}"));
    };
    // The stack of a new thread begins at a page. Where that of the first one begins depends on the arguments and the
    // environment, and the alignment decides about some instructions.
    let repeat = || {
        let mut operation = make(name);
        // Work that is done the first time only is not counted.
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

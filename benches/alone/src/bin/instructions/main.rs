//! The operations whose instructions `instructions.py` counts and compares with `baseline.txt`.

mod local_cache;
mod operations;

use harness::callgrind;

fn main() {
    // All operations are built in every process, so that the heap is the same whichever one is
    // counted.
    let operations = operations::all();
    let list: Vec<_> = operations.iter().map(|it| (it.kind, &*it.name)).collect();
    callgrind::main(&list, |name| {
        let operation = operations::all()
            .into_iter()
            .find(|operation| operation.name == name);
        (operation.expect("an operation").make)()
    });
}

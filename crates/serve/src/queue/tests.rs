#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::mpsc::{self, Receiver, Sender};

use super::*;

/// A task that tells which were done with it.
struct Numbered {
    number: i32,
    gate: Option<Receiver<()>>,
    done: Sender<Vec<i32>>,
}

impl Task for Numbered {
    fn goes_with(&self, other: &Numbered) -> bool {
        self.number.signum() == other.number.signum()
    }

    fn work(tasks: Vec<Numbered>) {
        if tasks[0].number == 0 {
            panic!("as it may");
        }
        if let Some(gate) = &tasks[0].gate {
            gate.recv().unwrap();
        }
        let numbers = tasks.iter().map(|task| task.number).collect();
        tasks[0].done.send(numbers).unwrap();
    }
}

#[test]
fn what_waits_and_goes_together_is_taken_together_in_its_order() {
    let queue = Queue::start(1, 8).unwrap();
    let ((go, gate), (done, results)) = (mpsc::channel(), mpsc::channel());
    let task = |number| Numbered { number, gate: None, done: done.clone() };
    queue.push(Numbered { gate: Some(gate), ..task(9) }).unwrap();
    while queue.waiting() > 0 {
        thread::yield_now();
    }
    for number in [1, 2, 3, -1, 4] {
        queue.push(task(number)).unwrap();
    }
    go.send(()).unwrap();
    let taken: Vec<Vec<i32>> = results.iter().take(4).collect();
    assert_eq!(taken, [vec![9], vec![1, 2, 3], vec![-1], vec![4]]);
}

#[test]
fn no_more_than_so_many_wait_and_a_panic_leaves_the_thread_at_work() {
    let queue = Queue::start(1, 1).unwrap();
    let ((go, gate), (done, results)) = (mpsc::channel(), mpsc::channel());
    let task = |number| Numbered { number, gate: None, done: done.clone() };
    queue.push(Numbered { gate: Some(gate), ..task(1) }).unwrap();
    while queue.waiting() > 0 {
        thread::yield_now();
    }
    queue.push(task(0)).unwrap();
    assert_eq!(queue.push(task(2)).unwrap_err().code, Code::Overloaded);
    go.send(()).unwrap();
    assert_eq!(results.recv().unwrap(), [1]);
    while queue.push(task(3)).is_err() {
        thread::yield_now();
    }
    assert_eq!(results.recv().unwrap(), [3]);
}

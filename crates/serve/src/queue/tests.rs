#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{sync::mpsc, time::Duration};

use super::*;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

#[test]
fn work_that_panics_is_a_refusal_and_its_thread_goes_on() {
    let queue = Queue::start(1, 8).unwrap();
    let refused = block_on(queue.run(|_: oneshot::Sender<()>| panic!("as it may")));
    assert_eq!(refused.unwrap_err().code, Code::Internal);
    assert_eq!(block_on(queue.run(|reply| reply.send(7).unwrap())).unwrap(), 7);
}

#[test]
fn no_more_than_so_many_wait_and_what_nobody_waits_for_is_not_begun() {
    let queue = Queue::start(1, 1).unwrap();
    let (go, wait) = mpsc::channel::<()>();
    block_on(async {
        let patience = Duration::from_millis(50);
        let first = queue.run(move |reply| {
            let _ = wait.recv();
            reply.send(1).unwrap();
        });
        tokio::pin!(first);
        assert!(tokio::time::timeout(patience, &mut first).await.is_err(), "it is at work");
        let second = queue.run(|_: oneshot::Sender<i32>| panic!("nobody waits for this"));
        assert!(tokio::time::timeout(patience, second).await.is_err(), "it waits, and is given up");
        assert_eq!(queue.run(|reply| reply.send(3).unwrap()).await.unwrap_err().code, Code::Overloaded);
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap(), 1);
    });
}

//! A restart with the socket kept open outside, as systemd keeps it: not one request is lost.

mod common;

use common::server::{Server, configured};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const RESTARTS: usize = 4;

#[test]
fn a_restart_drops_no_connection() {
    let folder = tempfile::tempdir().unwrap();
    configured(folder.path());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut server = Server::start_on(folder.path(), &listener);
    let request = server.request("/twilio/voice", &[], "close");

    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (stop, request) = (Arc::clone(&stop), request.clone());
            std::thread::spawn(move || {
                let mut answered = 0;
                while !stop.load(Ordering::Relaxed) {
                    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("no connection is refused");
                    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    stream.write_all(request.as_bytes()).expect("no connection is reset");
                    let mut answer = String::new();
                    stream.read_to_string(&mut answer).expect("every request is answered");
                    assert!(answer.contains("<Gather"), "{answer:?}");
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    for _ in 0..RESTARTS {
        server.stop();
        // While nobody is there, a request waits in the socket.
        let mut waiting = TcpStream::connect(("127.0.0.1", port)).unwrap();
        waiting.write_all(request.as_bytes()).unwrap();
        server = Server::start_on(folder.path(), &listener);
        let mut answer = String::new();
        waiting.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("<Gather"), "{answer:?}");
    }
    stop.store(true, Ordering::Relaxed);
    let answered: usize = callers.into_iter().map(|caller| caller.join().unwrap()).sum();
    assert!(answered > RESTARTS * 4, "the callers hardly called: {answered}");
    server.stop();
}

//! Real HTTP servers on loopback.

use std::{net::SocketAddr, sync::mpsc, thread};

use axum::Router;
use tokio::net::TcpListener;

/// Serves `router` for as long as the test's process lives, on a thread of its own.
pub fn serve(router: Router) -> SocketAddr {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            sender.send(listener.local_addr().expect("an address")).expect("the test waits for it");
            axum::serve(listener, router).await
        })
    });
    receiver.recv().expect("the server starts")
}

/// The text at a URL.
pub fn get(url: &str) -> String {
    let agent = ureq::Agent::config_builder().proxy(None).build().new_agent();
    let mut response = agent.get(url).call().expect("the server answers");
    response.body_mut().read_to_string().expect("text")
}

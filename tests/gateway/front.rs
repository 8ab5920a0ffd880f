//! What listens in front of a gateway in earnest: with its limits, and a line in the log for each request.

use std::net::SocketAddr;

use countersign_gateway::metrics::Build;
use countersign_gateway::serve::{Serving, serve};
use countersign_gateway::{Gateway, app};
use tokio::sync::oneshot;

/// Serves a gateway at the address of its settings, until the runtime ends; returns where that is.
pub(crate) async fn front(gateway: &Gateway) -> SocketAddr {
    let build = Build {
        version: String::new(),
        plugin: String::new(),
        contract: String::new(),
    };
    let serving = Serving::new(gateway.clone(), build, app(gateway.clone()));
    let (told, listening) = oneshot::channel();
    tokio::spawn(serve(
        serving,
        |it| {
            let _ = told.send(it.http);
        },
        std::future::pending(),
    ));
    let listening = listening.await.expect("it listens");
    listening.expect("it serves people")
}

//! Servers of a test, in threads of their own: a test whose runtime is blocked still has a network.

use std::net::{SocketAddr, TcpListener as StdListener};

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Serves each connection to a free port on 127.0.0.1, until told to stop.
///
/// # Panics
/// If there is no free port.
pub(crate) fn serve<F>(
    stop: CancellationToken,
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = StdListener::bind("127.0.0.1:0").expect("a free port");
    listener
        .set_nonblocking(true)
        .expect("a non-blocking listener");
    let address = listener.local_addr().expect("a bound address");
    let accept = async move {
        let listener = TcpListener::from_std(listener).expect("a listener");
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        }
    };
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(stop.run_until_cancelled_owned(accept));
    });
    address
}

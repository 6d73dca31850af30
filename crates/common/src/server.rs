//! Runs a service's HTTP and operations ports until it is told to stop, then lets what is in flight finish.

mod counted;

use std::fmt::Debug;
use std::time::Duration;

use actix_http::{ConnectionType, Request, Response};
use actix_service::{IntoServiceFactory, Service as _, apply_fn_factory};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server, ServerHandle, ServiceFactory};
use actix_web::{App, HttpServer};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::counted::Counted;
use crate::health::{self, Readiness};
use crate::listen::Listeners;
use crate::metrics::Metrics;
use crate::settings::Reader;

/// How long requests in flight may take to finish once stopping began.
const DRAIN: Duration = Duration::from_secs(25);
/// How long connections taken last may still bring their request, once no more are taken.
const SETTLE: Duration = Duration::from_millis(500);
/// Siblings and the gateway use no connection again that was idle for so long. It is shorter than the time for which a process that
/// stops still answers on what it has, so a connection that is in use says that it closes before it is closed, and no request is sent
/// on one at the moment when it goes away.
pub const IDLE_CONNECTION: Duration = Duration::from_millis(400);
const _: () = assert!(IDLE_CONNECTION.as_millis() < SETTLE.as_millis());
/// A client has this long to send its request's head.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);
/// An idle connection is kept this long.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a process holds back its first answer for its dependencies.
const READY_PATIENCE: Duration = Duration::from_secs(2);
/// How often readiness is looked at until it first holds.
const READY_POLL: Duration = Duration::from_millis(20);

/// Addresses and workers of a process.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// `HOST` (`127.0.0.1`): the address clients reach.
    pub host: String,
    /// `PORT`.
    pub port: u16,
    /// `OPS_HOST` (`127.0.0.1`): the address operators reach.
    pub ops_host: String,
    /// `OPS_PORT`.
    pub ops_port: u16,
    /// `WORKERS` (2): threads that serve requests.
    pub workers: usize,
    /// `DRAIN_MS` (0): time between saying "not ready" and refusing connections, for load balancers to notice.
    pub drain_delay: Duration,
}

impl HttpSettings {
    /// Reads the group.
    pub fn read(read: &mut Reader, default_port: u16, default_ops_port: u16) -> Self {
        Self {
            host: read.text("host", "127.0.0.1"),
            port: read.number("port", default_port, 0, u16::MAX),
            ops_host: read.text("ops_host", "127.0.0.1"),
            ops_port: read.number("ops_port", default_ops_port, 0, u16::MAX),
            workers: read.number("workers", 2, 1, 256),
            drain_delay: read.millis("drain_ms", Duration::ZERO),
        }
    }
}

/// What [`run`] needs beside the application itself.
pub struct ServerOptions {
    /// Workers and delays.
    pub settings: HttpSettings,
    /// Both sockets.
    pub listeners: Listeners,
    /// When the process can serve.
    pub readiness: Readiness,
    /// What it counts.
    pub metrics: Metrics,
    /// Cancelled when the process should stop; [`run`] also cancels it on SIGTERM and SIGINT, so that background
    /// tasks can follow it.
    pub shutdown: CancellationToken,
}

/// Serves until SIGTERM, SIGINT or `options.shutdown`, then drains.
///
/// Listeners speak HTTP/1.1 only: actix offers HTTP/2 on plain sockets by a separate call, which is not made.
///
/// # Errors
/// When a listener cannot be used.
pub async fn run<F, I, S, B>(options: ServerOptions, factory: F) -> anyhow::Result<()>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let ServerOptions {
        settings,
        listeners,
        readiness,
        metrics,
        shutdown,
    } = options;
    let ops = operations(listeners.ops, readiness.clone(), metrics)?;
    let ops_handle = ops.handle();
    let watched = tokio::spawn(ops);
    tokio::spawn(watch_signals(shutdown.clone()));
    let is_ready = become_ready(&readiness, &shutdown).await;
    let in_flight = TaskTracker::new();
    let (closing, counting) = (readiness.clone(), in_flight.clone());
    let server = HttpServer::new(move || {
        last_answers_close(factory().into_factory(), closing.clone(), counting.clone())
    })
    .workers(settings.workers)
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEAD_DEADLINE)
    .shutdown_timeout(DRAIN.as_secs())
    .disable_signals()
    .listen(listeners.http)?
    .run();
    let stop = stop_in_order(Stop {
        server: server.handle(),
        ops: ops_handle,
        readiness: readiness.clone(),
        in_flight,
        delay: settings.drain_delay,
        shutdown,
    });
    tokio::spawn(announce(readiness, is_ready));
    let (served, ()) = tokio::join!(server, stop);
    served?;
    watched.await??;
    Ok(())
}

/// While the process drains, each answer closes its connection: a client that heard so sends its next request on a new
/// connection, to another process, instead of on one that is about to go away. Those that are being answered are counted.
fn last_answers_close<S, B>(
    app: S,
    readiness: Readiness,
    in_flight: TaskTracker,
) -> impl ServiceFactory<
    Request,
    Config = AppConfig,
    Response = Response<Counted<B>>,
    Error = S::Error,
    InitError = S::InitError,
>
where
    S: ServiceFactory<Request, Config = AppConfig>,
    S::Response: Into<Response<B>>,
    B: MessageBody,
{
    apply_fn_factory(app, move |request, app: &S::Service| {
        let counted = in_flight.token();
        let (answering, readiness) = (app.call(request), readiness.clone());
        async move {
            let answer: Response<B> = answering.await?.into();
            let mut answer = answer.map_body(|_, body| Counted { body, counted });
            if readiness.is_draining() {
                answer.head_mut().set_connection_type(ConnectionType::Close);
            }
            Ok(answer)
        }
    })
}

fn operations(
    listener: std::net::TcpListener,
    readiness: Readiness,
    metrics: Metrics,
) -> anyhow::Result<Server> {
    let routes = health::routes(readiness, metrics);
    Ok(
        HttpServer::new(move || App::new().configure(routes.clone()))
            .workers(1)
            .shutdown_timeout(1)
            .disable_signals()
            .listen(listener)?
            .run(),
    )
}

struct Stop {
    server: ServerHandle,
    ops: ServerHandle,
    readiness: Readiness,
    in_flight: TaskTracker,
    delay: Duration,
    shutdown: CancellationToken,
}

/// Not ready first, so that load balancers turn away; then no new connections; then what is in flight ends.
async fn stop_in_order(stop: Stop) {
    stop.shutdown.cancelled().await;
    stop.readiness.drain();
    tracing::info!("stopping: no new connections, requests in flight may finish");
    tokio::time::sleep(stop.delay).await;
    // Stopping closes connections that wait for a request, and one may have been taken a moment ago with its request
    // still on the way. So no more are taken first, and those that were are answered, each answer closing its own.
    stop.server.pause().await;
    tokio::time::sleep(SETTLE).await;
    // A thread ends with its last connection, and whatever it drives ends with it: also the connections to the database and to
    // siblings that were made on it and that requests on other threads are using.
    stop.in_flight.close();
    let are_answered = tokio::time::timeout(DRAIN, stop.in_flight.wait())
        .await
        .is_ok();
    stop.server.stop(are_answered).await;
    stop.ops.stop(true).await;
}

async fn watch_signals(shutdown: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        tracing::error!("signals cannot be watched");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = shutdown.cancelled() => {}
    }
    shutdown.cancel();
}

/// Waits a moment for readiness before the first connection is taken: until then clients wait in the listening socket's
/// queue, so that a process that takes the place of another answers nobody with 503 for lack of a warm start. A process
/// whose dependencies stay away serves all the same, to say so.
async fn become_ready(readiness: &Readiness, shutdown: &CancellationToken) -> bool {
    let ready = async {
        while readiness.report().await.status != "ready" {
            tokio::time::sleep(READY_POLL).await;
        }
    };
    tokio::select! {
        waited = tokio::time::timeout(READY_PATIENCE, ready) => waited.is_ok(),
        () = shutdown.cancelled() => false,
    }
}

/// Tells the supervisor (systemd protocol, `NOTIFY_SOCKET`) once the process first can serve.
async fn announce(readiness: Readiness, mut is_ready: bool) {
    while !is_ready {
        tokio::time::sleep(READY_POLL).await;
        match readiness.report().await.status {
            "ready" => is_ready = true,
            "draining" => return,
            _ => {}
        }
    }
    tracing::info!("ready");
    if let Err(error) = sd_notify::notify(false, &[sd_notify::NotifyState::Ready]) {
        tracing::warn!(cause = %error, "the supervisor could not be told");
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread::{self, ThreadId};

    use actix_web::web::{Bytes, Data, get};
    use actix_web::{HttpRequest, HttpResponse};
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    const SLOW: Duration = Duration::from_millis(1_500);

    type Question = oneshot::Sender<()>;
    /// The thread that drives a connection, and the way to ask over it.
    type Driven = Data<std::sync::Mutex<Option<(ThreadId, mpsc::Sender<Question>)>>>;

    /// The first who asks makes the connection, as with a pool; from then on it lives on that thread and is used by all.
    async fn ask(driven: Driven, request: HttpRequest) -> actix_web::Result<HttpResponse> {
        let here = thread::current().id();
        let known = driven.lock().unwrap().clone();
        let Some((there, connection)) = known else {
            let (asking, mut asked) = mpsc::channel::<Question>(8);
            tokio::spawn(async move {
                while let Some(question) = asked.recv().await {
                    tokio::time::sleep(SLOW).await;
                    let _ = question.send(());
                }
            });
            *driven.lock().unwrap() = Some((here, asking));
            return Ok(HttpResponse::Ok().body("made"));
        };
        if here == there {
            return Ok(HttpResponse::Ok().body("same thread"));
        }
        let (question, answer) = oneshot::channel();
        let closed = || actix_web::error::ErrorServiceUnavailable("closed");
        connection.send(question).await.map_err(|_gone| closed())?;
        let answered = async move {
            answer.await.map_err(|_gone| closed())?;
            Ok::<_, actix_web::Error>(Bytes::from_static(b"answered"))
        };
        if request.path() == "/streamed" {
            let body = futures_util::stream::once(answered);
            return Ok(HttpResponse::Ok().streaming(Box::pin(body)));
        }
        Ok(HttpResponse::Ok().body(answered.await?))
    }

    #[tokio::test]
    async fn what_other_threads_drive_lasts_as_long_as_the_requests_that_use_it() {
        assert_eq!(answer_while_stopping("/").await, "answered");
    }

    #[tokio::test]
    async fn and_as_long_as_the_bodies_that_come_over_it() {
        assert_eq!(answer_while_stopping("/streamed").await, "answered");
    }

    async fn answer_while_stopping(path: &str) -> String {
        crate::crypto::install_providers();
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let listeners = Listeners {
            http: listen(),
            ops: listen(),
        };
        let url = format!("http://{}{path}", listeners.http.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let options = ServerOptions {
            settings: HttpSettings {
                host: String::new(),
                port: 0,
                ops_host: String::new(),
                ops_port: 0,
                workers: 2,
                drain_delay: Duration::ZERO,
            },
            listeners,
            readiness: Readiness::default(),
            metrics: Metrics::new("test").unwrap(),
            shutdown: shutdown.clone(),
        };
        let driven = Driven::default();
        let app = move || {
            App::new()
                .app_data(driven.clone())
                .route("/", get().to(ask))
                .route("/streamed", get().to(ask))
        };
        tokio::spawn(run(options, app));
        // Each connection goes to the next thread.
        let asking = || {
            let client = crate::client::http_client().unwrap();
            let request = client.get(&url).header("connection", "close");
            async move {
                request
                    .send()
                    .await
                    .unwrap()
                    .text()
                    .await
                    .unwrap_or_default()
            }
        };
        assert_eq!(asking().await, "made");
        let stopping = async {
            tokio::time::sleep(SLOW / 3).await;
            shutdown.cancel();
        };
        let (answer, ()) = tokio::join!(asking(), stopping);
        answer
    }
}

//! Being told of a commit that left something in the outbox.

use std::sync::Arc;
use std::time::Duration;

use common::postgres::{Address, ConnectError};
use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Notify;
use tokio_postgres::AsyncMessage;
use tokio_util::sync::CancellationToken;

/// How soon a lost connection is made anew; until then the relay's own poll finds new rows.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Listens on a connection of its own and wakes the relay; any number of commits wakes it once.
pub async fn wake_on_commit(
    service: &'static str,
    url: SecretString,
    wake: Arc<Notify>,
    shutdown: CancellationToken,
) {
    let address = match Address::parse(url.expose_secret()) {
        Ok(address) => address,
        Err(error) => {
            tracing::error!(cause = %error, "not told of new events; looking every second");
            return;
        }
    };
    loop {
        let listened = tokio::select! {
            listened = listen(service, &address, &wake) => listened,
            () = shutdown.cancelled() => return,
        };
        if let Err(error) = listened {
            tracing::debug!(cause = %error, "not told of new events; looking every second");
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN_AFTER) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn listen(service: &str, address: &Address, wake: &Notify) -> Result<(), ConnectError> {
    let (client, mut connection) = address.connect().await?;
    let mut messages = poll_fn(move |context| connection.poll_message(context));
    // The channel has the schema's name, and the schema the service's.
    let statement = format!("LISTEN {service}_outbox");
    let mut listening = Box::pin(client.batch_execute(&statement));
    loop {
        tokio::select! {
            listens = &mut listening => {
                listens?;
                break;
            }
            message = messages.next() => match message {
                Some(message) => { message?; }
                None => return Ok(()),
            },
        }
    }
    // What was committed before is not told any more.
    wake.notify_one();
    while let Some(message) = messages.next().await {
        if let AsyncMessage::Notification(_) = message? {
            wake.notify_one();
        }
    }
    Ok(())
}

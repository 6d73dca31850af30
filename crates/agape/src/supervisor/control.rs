//! The socket on which a running `agape up` takes commands.
//!
//! One request per connection, a line of JSON; the answer is lines of JSON, the last of which is
//! `done` or `failed`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

use super::Handle;
use crate::services::SANDBOX;

/// What can be asked of a running `agape up`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Replace these services one after the other; all of them, without the sandbox, if none is named.
    Restart(Vec<String>),
    /// Stop everything.
    Stop,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Said(String),
    Done,
    Failed(String),
}

/// Listens for commands.
///
/// # Errors
/// The socket cannot be made.
pub fn listen(path: &Path) -> Result<UnixListener> {
    UnixListener::bind(path).with_context(|| format!("cannot listen on {}", path.display()))
}

/// Answers requests; `stop` is cancelled when somebody asks for the end.
pub async fn serve(listener: UnixListener, services: Handle, stop: CancellationToken) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (services, stop) = (services.clone(), stop.clone());
        tokio::spawn(async move {
            // A caller that goes away in the middle loses only its answer.
            drop(answer(stream, &services, &stop).await);
        });
    }
}

async fn answer(stream: UnixStream, services: &Handle, stop: &CancellationToken) -> Result<()> {
    let (read, mut write) = stream.into_split();
    let Some(line) = BufReader::new(read).lines().next_line().await? else {
        return Ok(());
    };
    match serde_json::from_str(&line) {
        Ok(Request::Stop) => {
            stop.cancel();
            send(&mut write, &Answer::Done).await
        }
        Ok(Request::Restart(names)) => restart(&mut write, services, names).await,
        Err(error) => send(&mut write, &Answer::Failed(error.to_string())).await,
    }
}

async fn restart(write: &mut OwnedWriteHalf, services: &Handle, names: Vec<String>) -> Result<()> {
    let names = if names.is_empty() {
        // The world outside does not forget what it was sent when the shop gets a new version.
        let ours = services
            .services()
            .filter(|name| *name != SANDBOX.service.name);
        ours.map(str::to_owned).collect()
    } else {
        names
    };
    let mut failed = Vec::new();
    // One after the other: a bad build must not take every service at once.
    for name in names {
        match services.restart(&name).await {
            Ok(took) => {
                let line = format!("{name} was replaced, ready after {} ms", took.as_millis());
                send(write, &Answer::Said(line)).await?;
            }
            Err(why) => failed.push(format!("{name} was not replaced: {why}")),
        }
    }
    let last = if failed.is_empty() {
        Answer::Done
    } else {
        Answer::Failed(failed.join("\n"))
    };
    send(write, &last).await
}

async fn send(write: &mut OwnedWriteHalf, answer: &Answer) -> Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    Ok(write.write_all(&line).await?)
}

/// Asks the running `agape up`; what it says on the way goes to `say`.
///
/// # Errors
/// Nothing runs in this tree, or the request failed there.
pub async fn ask(path: &Path, request: &Request, say: impl Fn(&str)) -> Result<()> {
    let stream = UnixStream::connect(path)
        .await
        .context("nothing runs in this tree; start it with `make up`")?;
    let (read, mut write) = stream.into_split();
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    write.write_all(&line).await?;
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line)? {
            Answer::Said(text) => say(&text),
            Answer::Done => return Ok(()),
            Answer::Failed(why) => bail!(why),
        }
    }
    bail!("the running `agape up` ended before it answered")
}

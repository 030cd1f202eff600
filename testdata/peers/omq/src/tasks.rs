//! The works with sockets that live on the caller's one-threaded runtime.

use crate::{Result, Run, hold, options, ready};
use omq_tokio::{Error, Message, Socket, SocketType, TrySendError};
use std::future::Future;
use std::time::Instant;

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

async fn bound(kind: SocketType, run: &Run) -> Result<Socket> {
    let socket = Socket::new(kind, options());
    socket.bind(run.endpoint.as_str()).await?;
    ready();
    Ok(socket)
}

async fn connected(kind: SocketType, run: &Run) -> Result<Socket> {
    let socket = Socket::new(kind, options());
    socket.connect(run.endpoint.as_str()).await?;
    Ok(socket)
}

/// Sends without the detour through the scheduler if there is room.
#[inline]
async fn send(socket: &Socket, message: Message) -> Result<()> {
    match socket.try_send(message) {
        Ok(()) => Ok(()),
        Err(TrySendError::Full(message)) => Ok(socket.send(message).await?),
        Err(error) => Err(error.to_string().into()),
    }
}

/// Takes a message that is there, else waits for one.
#[inline]
async fn receive(socket: &Socket) -> Result<Message> {
    match socket.try_recv() {
        Err(Error::WouldBlock) => Ok(socket.recv().await?),
        result => Ok(result?),
    }
}

/// Keeps the runtime, and with it the socket, going until stdin ends.
async fn held() -> Result<()> {
    Ok(tokio::task::spawn_blocking(hold).await?)
}

pub fn push(run: Run) -> Result<()> {
    block_on(async {
        let socket = connected(SocketType::Push, &run).await?;
        for _ in 0..run.total() {
            send(&socket, run.message()).await?;
        }
        held().await
    })
}

async fn receive_n(socket: &Socket, run: &Run, n: usize) -> Result<()> {
    for _ in 0..n {
        if receive(socket).await?.byte_len() != run.size {
            return Err("a message of the wrong size".into());
        }
    }
    Ok(())
}

pub fn pull(run: Run) -> Result<()> {
    block_on(async {
        let socket = bound(SocketType::Pull, &run).await?;
        receive_n(&socket, &run, run.warm()).await?;
        let start = Instant::now();
        receive_n(&socket, &run, run.count).await?;
        run.report(start.elapsed());
        Ok(())
    })
}

async fn request_n(socket: &Socket, run: &Run, n: usize) -> Result<()> {
    for _ in 0..n {
        send(socket, run.message()).await?;
        receive(socket).await?;
    }
    Ok(())
}

async fn request_on(socket: &Socket, run: &Run) -> Result<()> {
    request_n(socket, run, run.warm()).await?;
    let start = Instant::now();
    request_n(socket, run, run.count).await?;
    run.report(start.elapsed());
    Ok(())
}

async fn reply_on(socket: &Socket, run: &Run) -> Result<()> {
    for _ in 0..run.total() {
        let message = receive(socket).await?;
        send(socket, message).await?;
    }
    Ok(())
}

pub fn request(run: Run) -> Result<()> {
    block_on(async { request_on(&connected(SocketType::Req, &run).await?, &run).await })
}

pub fn reply(run: Run) -> Result<()> {
    block_on(async {
        let socket = bound(SocketType::Rep, &run).await?;
        reply_on(&socket, &run).await?;
        held().await
    })
}

pub fn inproc_latency(run: Run) -> Result<()> {
    block_on(async {
        let server = bound(SocketType::Rep, &run).await?;
        let echo = run.clone();
        let task = tokio::spawn(async move { reply_on(&server, &echo).await });
        request_on(&connected(SocketType::Req, &run).await?, &run).await?;
        task.await?
    })
}

//! The work of two application threads, with blocking sockets.

use crate::{Result, Run, options};
use omq_tokio::blocking::Socket;
use omq_tokio::{Context, SocketType};
use std::time::Instant;

fn push(context: &Context, run: &Run) -> Result<()> {
    let socket = context.blocking_socket(SocketType::Push, options());
    socket.connect(run.endpoint.as_str())?;
    for _ in 0..run.total() {
        socket.send(run.message())?;
    }
    Ok(())
}

fn receive_n(socket: &Socket, run: &Run, n: usize) -> Result<()> {
    for _ in 0..n {
        if socket.recv()?.byte_len() != run.size {
            return Err("a message of the wrong size".into());
        }
    }
    Ok(())
}

pub fn inproc_throughput(run: Run) -> Result<()> {
    let context = Context::new();
    let socket = context.blocking_socket(SocketType::Pull, options());
    socket.bind(run.endpoint.as_str())?;
    let (sender_context, sender_run) = (context.clone(), run.clone());
    let sender = std::thread::spawn(move || push(&sender_context, &sender_run));

    receive_n(&socket, &run, run.warm())?;
    let start = Instant::now();
    receive_n(&socket, &run, run.count)?;
    run.report(start.elapsed());
    sender.join().map_err(|_| "the sending thread panicked")?
}

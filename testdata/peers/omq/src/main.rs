//! The OMQ peer: the work of peer/peer.go written for omq-tokio.
//!
//!     omq thr-send|thr-recv|lat-client|lat-server ENDPOINT SIZE COUNT
//!     omq inproc-thr|inproc-lat SIZE COUNT
//!
//! The side that binds prints "ready"; the side that measures prints
//! "messages bytes seconds". COUNT/10+1 messages go first and are not timed.
//! The other side stays until its standard input ends.
//!
//! OMQ has two kinds of socket for this: tasks on the caller's runtime, and
//! blocking sockets with an I/O thread behind them. Each work uses the kind
//! that was faster here: blocking for throughput between two threads of one
//! process, tasks for everything else. Neither spins.

mod tasks;
mod threads;

use bytes::Bytes;
use omq_tokio::{Message, Options};
use std::error::Error;
use std::io::Read;
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// How long a process lives at most, should its driver forget it.
const LIFE: Duration = Duration::from_secs(60);

/// The size in bytes from which the constant body is sent by reference.
const BY_REFERENCE: usize = 4096;

/// One side of one measurement.
#[derive(Clone)]
struct Run {
    endpoint: String,
    size: usize,
    count: usize,
    body: Bytes,
}

impl Run {
    fn new(endpoint: &str, size: &str, count: &str) -> Result<Run> {
        let size = size.parse()?;
        Ok(Run {
            endpoint: endpoint.to_string(),
            size,
            count: count.parse()?,
            body: Bytes::from(vec![b'x'; size]),
        })
    }

    fn warm(&self) -> usize {
        self.count / 10 + 1
    }

    fn total(&self) -> usize {
        self.warm() + self.count
    }

    /// The next message: a copy of the body if it is small, a reference if not.
    #[inline]
    fn message(&self) -> Message {
        if self.size < BY_REFERENCE {
            Message::from_slice(&self.body)
        } else {
            Message::single(self.body.clone())
        }
    }

    fn report(&self, elapsed: Duration) {
        let bytes = self.count * self.size;
        println!("{} {bytes} {:.9}", self.count, elapsed.as_secs_f64());
    }
}

/// OMQ's defaults, but without the loss of unsent messages on close.
fn options() -> Options {
    Options::default().linger_forever()
}

fn ready() {
    println!("ready");
}

fn hold() {
    let mut bytes = [0; 64];
    while matches!(std::io::stdin().read(&mut bytes), Ok(n) if n > 0) {}
}

fn run(args: &[&str]) -> Result<()> {
    match *args {
        ["thr-send", endpoint, size, count] => tasks::push(Run::new(endpoint, size, count)?),
        ["thr-recv", endpoint, size, count] => tasks::pull(Run::new(endpoint, size, count)?),
        ["lat-server", endpoint, size, count] => tasks::reply(Run::new(endpoint, size, count)?),
        ["lat-client", endpoint, size, count] => tasks::request(Run::new(endpoint, size, count)?),
        ["inproc-lat", size, count] => {
            tasks::inproc_latency(Run::new("inproc://peer", size, count)?)
        }
        ["inproc-thr", size, count] => {
            threads::inproc_throughput(Run::new("inproc://peer", size, count)?)
        }
        _ => Err("usage: omq MODE [ENDPOINT] SIZE COUNT".into()),
    }
}

fn main() {
    std::thread::spawn(|| {
        std::thread::sleep(LIFE);
        std::process::exit(1);
    });
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let Err(error) = run(&args) {
        eprintln!("omq: {error}");
        std::process::exit(1);
    }
    std::process::exit(0);
}

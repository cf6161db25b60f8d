//! A way to Redis that takes its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// Passes everything on, and answers later by so many milliseconds. Works while the test's runtime does.
pub(crate) struct Proxy {
    port: u16,
    delay_ms: Arc<AtomicU64>,
}

impl Proxy {
    pub(crate) async fn start(to: String) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let delay_ms = Arc::new(AtomicU64::new(0));
        let delay = Arc::clone(&delay_ms);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&to).await.unwrap();
                tokio::spawn(pass_on(client, server, Arc::clone(&delay)));
            }
        });
        Proxy { port, delay_ms }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn delay(&self, by: Duration) {
        self.delay_ms.store(by.as_millis() as u64, Ordering::Relaxed);
    }
}

/// Both ways, until either end hangs up.
async fn pass_on(client: TcpStream, server: TcpStream, delay_ms: Arc<AtomicU64>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let questions = copy(&mut from_client, &mut to_server);
    let answers = async {
        let mut answer = vec![0; 64 << 10];
        loop {
            let read = from_server.read(&mut answer).await?;
            sleep(Duration::from_millis(delay_ms.load(Ordering::Relaxed))).await;
            to_client.write_all(&answer[..read]).await?;
            if read == 0 {
                return std::io::Result::Ok(());
            }
        }
    };
    tokio::select! {
        _ = questions => {}
        _ = answers => {}
    }
}

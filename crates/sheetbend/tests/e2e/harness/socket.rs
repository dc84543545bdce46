//! A page's socket, by hand.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Server;

/// A WebSocket that only listens; frames from a server are short and not masked (RFC 6455 §5.2).
pub struct Socket(TcpStream);

impl Socket {
    /// Opens it; the server's greeting is not read yet.
    pub async fn open(server: &Server) -> Self {
        let port = server.url().parse::<http::Uri>().unwrap().port_u16().unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let request = format!(
            "GET / HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "RFC 6455's own example: {head}");
        Self(stream)
    }

    /// Opens it and takes the name that the page passes on as `ws_client_id`.
    pub async fn named(server: &Server) -> (Self, String) {
        let mut socket = Self::open(server).await;
        let greeting = socket.message().await;
        assert_eq!(greeting["message_type"], "connection_ack");
        (socket, greeting["ws_client_id"].as_str().unwrap().to_owned())
    }

    /// The next message.
    pub async fn message(&mut self) -> Value {
        loop {
            let wait = std::time::Duration::from_secs(10);
            let first =
                tokio::time::timeout(wait, self.0.read_u8()).await.expect("a message in time").unwrap();
            let length = match self.0.read_u8().await.unwrap() {
                126 => usize::from(self.0.read_u16().await.unwrap()),
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            self.0.read_exact(&mut payload).await.unwrap();
            if first & 0x0f == 1 {
                return serde_json::from_slice(&payload).unwrap();
            }
        }
    }
}

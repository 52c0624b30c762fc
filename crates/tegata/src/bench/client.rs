//! A counter's requests: HTTP/1.1 over connections that stay open, nothing more than the measurement needs.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;

/// An open connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The head, as it came.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A line of the head.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.split("\r\n").filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Whether the card was accepted, or why not.
    ///
    /// # Errors
    /// When it is no decision at all.
    pub fn verdict(&self) -> Outcome<Result<(), String>> {
        #[derive(serde::Deserialize)]
        struct Decided {
            accepted: bool,
            refusal: Option<serde_json::Value>,
        }
        if self.status != 200 {
            return Err(format!("status {}: {}", self.status, String::from_utf8_lossy(&self.body)).into());
        }
        let decided: Decided = serde_json::from_slice(&self.body)?;
        Ok(if decided.accepted { Ok(()) } else { Err(decided.refusal.unwrap_or_default().to_string()) })
    }
}

/// The request by which a counter asks about a presentation; `id` is the decision's, the token the counter's.
pub fn decision_request(token: &str, id: cards::UseId, presentation: &str) -> Vec<u8> {
    let body = serde_json::json!({ "id": id, "presentation": presentation }).to_string();
    let head = format!(
        "POST /api/v1/decisions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\naccept-language: ja\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(8192) })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// When the connection ends before the answer is whole: whether the request was heard is then not known.
    pub async fn ask(&mut self, request: &[u8]) -> Outcome<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            if let Some((status, start, length)) = head_of(&self.buffer)?
                && self.buffer.len() >= start + length
            {
                let head = String::from_utf8_lossy(&self.buffer[..start]).into_owned();
                return Ok(Answer { status, head, body: self.buffer[start..start + length].to_vec() });
            }
        }
    }
}

/// Status, where the body starts, and how long it is, once the whole head is there.
fn head_of(bytes: &[u8]) -> Outcome<Option<(u16, usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end])?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok()).ok_or("no status line")?;
    let length = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, length)| length.trim().parse().ok()).ok_or("an answer without a length")?;
    Ok(Some((status, end + 4, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        assert_eq!(head_of(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n").unwrap(), None);
        assert_eq!(head_of(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel").unwrap(), Some((200, 38, 5)));
        assert!(head_of(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}

//! Files that other servers publish: fetched outside of any transaction, by a network that is passed in.

use std::sync::Arc;

use tokio::task::spawn_blocking;

/// Bytes of a file at most.
pub const FILE_BYTES_MAX: u64 = 16 << 20;

/// The network, passed in: how files of other servers are fetched.
pub trait Outside: Send + Sync {
    /// Fetches a file of at most [`FILE_BYTES_MAX`] bytes, over HTTPS and from public addresses only. May wait for the network.
    ///
    /// # Errors
    /// Why there is no file.
    fn fetch(&self, address: &str) -> Result<Vec<u8>, FetchFault>;
}

store::text_enum!(FetchFault {
    Address = "address",
    Unreachable = "unreachable",
    Refused = "refused",
    TooLarge = "too_large",
    Incomplete = "incomplete",
});

/// Why an address gave no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchFault {
    /// It is not a public one over HTTPS.
    Address,
    /// Nobody answered in time.
    Unreachable,
    /// The answer was a refusal.
    Refused,
    /// The file is too large.
    TooLarge,
    /// The line broke in the middle.
    Incomplete,
}

/// Fetches a file, beside the threads that answer people.
///
/// # Errors
/// Why there is no file.
pub async fn fetch_file(outside: &Arc<dyn Outside>, address: &str) -> Result<Vec<u8>, FetchFault> {
    let (outside, address) = (Arc::clone(outside), address.to_owned());
    spawn_blocking(move || outside.fetch(&address)).await.unwrap_or(Err(FetchFault::Unreachable))
}

//! How the town tells people by LINE.

/// Where LINE's Messaging API is asked, unless a pack says otherwise.
pub(crate) const API: &str = "https://api.line.me";

/// The town's official account (LINE公式アカウント), `[line]`. Its token and its secret stand in no pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What people find the account by, with its `@`.
    pub account: String,
    /// Where the Messaging API is asked: scheme, host and port.
    pub api: String,
    /// Requests a second at most.
    pub per_s: u32,
}

impl Line {
    /// Whether the API is asked on the same machine.
    pub fn is_here(&self) -> bool {
        host_of(&self.api).is_some_and(super::is_here)
    }

    /// Where people add the account as a friend (LINE's own address for it).
    pub fn friend_url(&self) -> String {
        format!("https://line.me/R/ti/p/{}", self.account.replacen('@', "%40", 1))
    }
}

/// The host of `https://host:port`; none when it is no such address. In the open only to this machine.
pub(crate) fn host_of(api: &str) -> Option<&str> {
    let (scheme, rest) = api.split_once("://")?;
    let (host, port) = rest.rsplit_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let named = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let kept = scheme == "https" || scheme == "http" && super::is_here(host);
    (named && port_fits && kept).then_some(host)
}

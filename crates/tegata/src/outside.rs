//! The network, for rooms that may not reach out themselves.

use std::time::Duration;

/// How long another server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Speaks HTTP to other servers. Redirects are not followed: what a service registered is where it is told.
pub struct Outside(ureq::Agent);

impl Default for Outside {
    fn default() -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).max_redirects(0).max_redirects_will_error(false).build();
        Self(config.into())
    }
}

impl oidc::Outside for Outside {
    fn post_form(&self, address: &str, fields: &[(&str, &str)]) -> Result<(), String> {
        let answer = self.0.post(address).send_form(fields.iter().copied()).map_err(|error| error.to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(format!("answered {}", answer.status().as_u16())) }
    }
}

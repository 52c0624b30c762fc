//! A test authority.

/// The organization in every name of the test hierarchy; production refuses it.
pub const ORGANIZATION: &str = "JPKI-TEST";
/// The certificate policy of 署名用 certificates in the test hierarchy.
pub const SIGNATURE_POLICY: &str = "1.2.392.200149.8.5.1.0.20";
/// The certificate policy of 利用者証明用 certificates in the test hierarchy.
pub const USER_AUTH_POLICY: &str = "1.2.392.200149.8.5.1.0.30";

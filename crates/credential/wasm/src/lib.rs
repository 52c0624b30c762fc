//! The decision of a verifier without the centre, for the browser.

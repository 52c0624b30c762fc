//! The My Number Card: reader, software card, certificates, revocation. Pure.

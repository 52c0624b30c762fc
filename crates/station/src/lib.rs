//! The edge node: reader, kiosk page.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// Draws a QR code as an SVG element, to be read from a screen or a printed sticker without a script. `label` is what a screen reader says in its place.
///
/// Nothing comes of a text too long for a QR code (about 2,300 bytes), which callers do not have.
pub fn qr_svg(text: &str, label: &str) -> String {
    // A sticker is scratched and bent: a quarter of it may be gone.
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::Q) else { return String::new() };
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(240, 240).quiet_zone(true).build();
    // Without the declaration of a file of its own, and with a name.
    let element = drawn.split_once("?>").map_or(drawn.as_str(), |(_, element)| element);
    let label = label.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    element.replacen("<svg ", &format!("<svg class=\"qr\" role=\"img\" aria-label=\"{label}\" "), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_with_its_name() {
        let drawn = qr_svg("TGS00112233445566778899AABBCCDDEEFF", "a \"sticker\" <1>");
        assert!(drawn.starts_with("<svg class=\"qr\" role=\"img\" aria-label=\"a &quot;sticker&quot; &lt;1>\" "), "{}", &drawn[..120]);
        assert!(drawn.ends_with("</svg>") && !drawn.contains("<?xml"));
        assert_eq!(qr_svg(&"x".repeat(5000), ""), "");
    }
}

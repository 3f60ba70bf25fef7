use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

/// The light border that readers need, in modules (ISO/IEC 18004).
const QUIET_ZONE: i32 = 4;

/// Returns `text` as a QR code: an `<svg>` element with this label for screen readers; `None` if it is too long for a QR
/// code (more than 2,331 bytes).
pub(super) fn svg(text: &str, label: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // Writing to a string cannot fail.
            let _infallible = write!(path, "M{},{}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE);
        }
    }
    let side = code.size() + 2 * QUIET_ZONE;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0,0h{side}v{side}h-{side}z\"/><path d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_has_a_quiet_zone_corners_and_a_label() {
        let svg = svg("https://campus.example/auth/wechat/login", "name").unwrap();
        // Version 3 has 29 modules a side.
        assert!(
            svg.contains("viewBox=\"0 0 37 37\"") && svg.contains("aria-label=\"name\""),
            "{svg}"
        );
        for corner in ["M4,4h1v1h-1z", "M32,4h1v1h-1z", "M4,32h1v1h-1z"] {
            assert!(svg.contains(corner), "{corner}");
        }
        assert!(!svg.contains("M3,") && !svg.contains(",3h1") && !svg.contains("M33,"));
    }

    #[test]
    fn address_that_is_too_long_has_no_code() {
        assert!(svg(&"a".repeat(2_331), "").is_some());
        assert!(svg(&"a".repeat(2_332), "").is_none());
    }
}

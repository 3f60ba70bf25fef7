/// The colour of buttons and links on the default pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Accent([u8; 3]);

impl Accent {
    /// Parses `#rgb` or `#rrggbb`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let digit = |index: usize| char::from(*digits.as_bytes().get(index)?).to_digit(16);
        let channel = |high, low| u8::try_from(digit(high)? * 16 + digit(low)?).ok();
        let [red, green, blue] = match digits.len() {
            3 => [(0, 0), (1, 1), (2, 2)],
            6 => [(0, 1), (2, 3), (4, 5)],
            _ => return None,
        };
        let channel = |(high, low)| channel(high, low);
        Some(Self([channel(red)?, channel(green)?, channel(blue)?]))
    }

    /// Returns the colour as CSS.
    pub(super) fn css(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Returns black or white, whichever has the higher contrast with this colour.
    pub(super) fn text_css(self) -> &'static str {
        let luminance = self.luminance();
        // WCAG 2.2, "contrast ratio": black has the luminance 0, white 1.
        if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) {
            "#000"
        } else {
            "#fff"
        }
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accent_is_parsed_from_three_or_six_hexadecimal_digits_and_nothing_else() {
        let css = |text: &str| Accent::parse(text).map(Accent::css);
        assert_eq!(css("#0a5"), Some("#00aa55".to_owned()));
        assert_eq!(css("#06804A"), Some("#06804a".to_owned()));
        for text in [
            "",
            "#",
            "0a5",
            "#0a",
            "#0a5f",
            "#00aa555",
            "#00aa5",
            "#ggg",
            "# a5",
            "#+a5",
            "red",
            "#0a5;",
            "#课",
            "#课课",
            "rgb(0,0,0)",
            "#0a5}</style><script>",
        ] {
            assert_eq!(css(text), None, "{text}");
        }
    }

    #[test]
    fn text_on_any_accent_has_a_contrast_of_4_5_at_least() {
        for rgb in 0..16_u32 * 16 * 16 {
            let accent = Accent::parse(&format!("#{rgb:03x}")).unwrap();
            let text = Accent::parse(accent.text_css()).unwrap();
            let [one, other] = [accent.luminance(), text.luminance()];
            let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
            assert!(contrast >= 4.5, "{accent:?}: {contrast}");
        }
        let text = |accent: &str| Accent::parse(accent).unwrap().text_css();
        assert_eq!(["#fff", "#ff0", "#0a5", "#777"].map(text), ["#000"; 4]);
        assert_eq!(["#000", "#00f", "#a00", "#06804a"].map(text), ["#fff"; 4]);
    }
}

//! QR codes as text.

use qrcode::{Color, EcLevel, QrCode};

use crate::exit::Exit;

/// Draws a text as lines of half blocks, two modules a character, with the quiet zone that scanners need.
///
/// Light modules are drawn, and dark ones left out: on the dark ground of most terminals that is the right way round
/// also without colours.
pub(super) fn draw(text: &str) -> Result<Vec<String>, Exit> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L)
        .map_err(|error| Exit::Fault(format!("no QR code: {error}")))?;
    let width = code.width();
    let modules = code.to_colors();
    // Coordinates with the quiet zone; outside the code everything is light.
    let is_light = |x: usize, y: usize| {
        let inside = |it: usize| it.checked_sub(QUIET).filter(|it| *it < width);
        let module = inside(x)
            .zip(inside(y))
            .and_then(|(x, y)| modules.get(y.checked_mul(width)?.checked_add(x)?));
        module.is_none_or(|it| *it == Color::Light)
    };
    let side = width.saturating_add(2 * QUIET);
    let row = |y: usize| -> String {
        (0..side)
            .map(
                |x| match (is_light(x, y), is_light(x, y.saturating_add(1))) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                },
            )
            .collect()
    };
    Ok((0..side).step_by(2).map(row).collect())
}

/// Modules around a code (ISO/IEC 18004).
const QUIET: usize = 4;

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn a_code_has_a_light_frame_and_dark_corners() {
        let lines = draw("hello").unwrap();
        // Version 1 has 21 modules: 29 with the frame, in 15 lines of two.
        assert_eq!(lines.len(), 15);
        assert!(lines.iter().all(|line| line.chars().count() == 29));
        assert!(lines[0].chars().all(|it| it == '█'));
        assert!(lines[2].starts_with("████ "), "{}", lines[2]);
    }
}

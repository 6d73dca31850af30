//! QR codes as pictures that a page can show without another request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qrcode::{Color, EcLevel, QrCode};

/// Pixels along one side of a module: large enough for a phone's camera on any screen.
const MODULE_PIXELS: usize = 6;

/// The blank margin that ISO/IEC 18004 asks for, in modules.
const QUIET_MODULES: usize = 4;

/// Why a text cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QrCodeError {
    /// Longer than a QR code holds.
    #[error("the text does not fit into a QR code: {0}")]
    Text(#[from] qrcode::types::QrError),
    /// The picture could not be written.
    #[error("the picture could not be encoded: {0}")]
    Picture(#[from] png::EncodingError),
}

/// Draws `text` as a black and white PNG in a `data:` address.
///
/// # Errors
/// When the text is longer than a QR code holds.
pub(crate) fn data_url(text: &str) -> Result<String, QrCodeError> {
    let png = draw(text)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(png)))
}

fn draw(text: &str) -> Result<Vec<u8>, QrCodeError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    let side = (code.width() + 2 * QUIET_MODULES) * MODULE_PIXELS;
    let side_pixels = u32::try_from(side).unwrap_or(u32::MAX);

    let mut picture = Vec::new();
    let mut encoder = png::Encoder::new(&mut picture, side_pixels, side_pixels);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder
        .write_header()?
        .write_image_data(&pixels(&code, side))?;
    Ok(picture)
}

/// One bit for each pixel, white = 1, each row padded to whole bytes (PNG specification §7.2).
fn pixels(code: &QrCode, side: usize) -> Vec<u8> {
    let mut rows = Vec::with_capacity(side * side.div_ceil(8));
    for y in 0..side {
        for first_x in (0..side).step_by(8) {
            let byte = (first_x..first_x + 8)
                .fold(0_u8, |byte, x| (byte << 1) | u8::from(!is_dark(code, x, y)));
            rows.push(byte);
        }
    }
    rows
}

fn is_dark(code: &QrCode, x: usize, y: usize) -> bool {
    let module = |pixel: usize| {
        (pixel / MODULE_PIXELS)
            .checked_sub(QUIET_MODULES)
            .filter(|&at| at < code.width())
    };
    match (module(x), module(y)) {
        (Some(x), Some(y)) => code[(x, y)] == Color::Dark,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_a_png_with_the_corner_of_a_qr_code() {
        let url = data_url("otpauth://totp/Agape:ada%40example.com?secret=ABC").unwrap();
        let base64 = url.strip_prefix("data:image/png;base64,").unwrap();
        let png = STANDARD.decode(base64).unwrap();

        let mut reader = png::Decoder::new(std::io::Cursor::new(png))
            .read_info()
            .unwrap();
        let mut rows = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rows).unwrap();
        assert_eq!((info.width, info.width % 6), (info.height, 0));

        let white = |x: usize, y: usize| rows[y * info.line_size + x / 8] >> (7 - x % 8) & 1 == 1;
        let quiet = QUIET_MODULES * MODULE_PIXELS;
        assert!(white(quiet - 1, quiet), "the margin is blank");
        assert!(!white(quiet, quiet), "the finder pattern begins after it");
        assert!(
            !white(quiet + 7 * MODULE_PIXELS - 1, quiet),
            "and is seven modules wide"
        );
        assert!(white(quiet + 7 * MODULE_PIXELS, quiet));
    }

    #[test]
    fn a_text_too_long_is_refused() {
        assert!(data_url(&"x".repeat(3_000)).is_err());
    }
}

//! Transformations: what a URL asks to be done to a picture, such as `c_fill,g_auto,h_200,w_200`.
//!
//! Of all that the vendor can do, only the size is done here. What chooses a part, a quality or a format is accepted and
//! changes nothing, since a drawing has none of them; what nobody knows is refused.

use super::error::Refusal;

/// The longest side that may be asked for, in pixels.
const SIDE_MAX: u32 = 4_000;
/// The side of every picture before anything is done to it, in pixels.
pub const ORIGINAL_SIDE: u32 = 800;
/// Parameters that are accepted and ignored: gravity, quality, format, pixel ratio, aspect ratio, background, radius,
/// effect, flags, opacity, angle and offsets.
const IGNORED: [&str; 13] = [
    "g", "q", "f", "dpr", "ar", "b", "r", "e", "fl", "o", "a", "x", "y",
];

/// How a picture fills a frame of another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fitting {
    /// It covers the frame, and what stands over is cut off.
    Cover,
    /// It is stretched.
    Stretch,
}

/// The size that a picture is shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// What becomes of a picture of another shape.
    pub fitting: Fitting,
}

/// How a step comes to its size (`c_…`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Crop {
    /// Exactly the size, stretched; what the vendor does if nothing is said.
    Scale,
    /// Exactly the size, cut.
    Fill,
    /// As large as goes into it.
    Fit,
    /// The same, but never larger than it was.
    Limit,
}

/// One step: everything between two slashes.
#[derive(Debug, Default, Clone, Copy)]
struct Step {
    width: Option<u32>,
    height: Option<u32>,
    crop: Option<Crop>,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            width: ORIGINAL_SIDE,
            height: ORIGINAL_SIDE,
            fitting: Fitting::Cover,
        }
    }
}

impl Frame {
    /// The frame after all these steps, each of which works on what the one before it left.
    ///
    /// # Errors
    /// The first parameter that cannot be read.
    pub fn after(steps: &[&str]) -> Result<Self, Refusal> {
        steps.iter().try_fold(Self::default(), |frame, text| {
            Step::parse(text).map(|step| frame.then(step))
        })
    }

    fn then(self, step: Step) -> Self {
        let (width, height) = match (step.width, step.height) {
            (None, None) => return self,
            (Some(width), None) => (width, scaled(self.height, width, self.width)),
            (None, Some(height)) => (scaled(self.width, height, self.height), height),
            (Some(width), Some(height)) => (width, height),
        };
        match step.crop.unwrap_or(Crop::Scale) {
            Crop::Fill => Self {
                width,
                height,
                fitting: Fitting::Cover,
            },
            Crop::Scale => Self {
                width,
                height,
                fitting: Fitting::Stretch,
            },
            Crop::Fit => self.inside(width, height),
            Crop::Limit => self.inside(width.min(self.width), height.min(self.height)),
        }
    }

    /// The largest frame of the same shape that goes into this one.
    fn inside(self, width: u32, height: u32) -> Self {
        let fitting_height = scaled(self.height, width, self.width);
        if fitting_height <= height {
            return Self {
                width,
                height: fitting_height,
                ..self
            };
        }
        Self {
            width: scaled(self.width, height, self.height),
            height,
            ..self
        }
    }
}

/// `value * to / from`, at least one pixel and at most what may be asked for.
fn scaled(value: u32, to: u32, from: u32) -> u32 {
    let exact = u64::from(value) * u64::from(to) / u64::from(from.max(1));
    u32::try_from(exact).unwrap_or(SIDE_MAX).clamp(1, SIDE_MAX)
}

impl Step {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let mut step = Self::default();
        for component in text.split(',') {
            let (name, value) = component
                .split_once('_')
                .filter(|(_, value)| !value.is_empty())
                .ok_or_else(|| invalid(component))?;
            match name {
                "w" => step.width = Some(side("width", value)?),
                "h" => step.height = Some(side("height", value)?),
                "c" => step.crop = Some(Crop::parse(value)?),
                _ if IGNORED.contains(&name) => {}
                _ => return Err(invalid(component)),
            }
        }
        Ok(step)
    }
}

impl Crop {
    fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            "scale" => Ok(Self::Scale),
            "fill" | "thumb" => Ok(Self::Fill),
            "fit" => Ok(Self::Fit),
            "limit" => Ok(Self::Limit),
            _ => Err(Refusal::bad_request(format!("Invalid crop mode {text}"))),
        }
    }
}

fn side(name: &str, text: &str) -> Result<u32, Refusal> {
    text.parse()
        .ok()
        .filter(|side| (1..=SIDE_MAX).contains(side))
        .ok_or_else(|| {
            Refusal::bad_request(format!(
                "Invalid {name} in transformation: {text} (from 1 to {SIDE_MAX})"
            ))
        })
}

fn invalid(component: &str) -> Refusal {
    Refusal::bad_request(format!("Invalid transformation component - {component}"))
}

/// Whether a part of a path is meant as a transformation: one of its parameters begins with a short name and `_`.
#[must_use]
pub fn is_meant(segment: &str) -> bool {
    segment.split(',').any(|component| {
        component.split_once('_').is_some_and(|(name, _)| {
            (1..=3).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(steps: &[&str]) -> (u32, u32) {
        let frame = Frame::after(steps).unwrap();
        (frame.width, frame.height)
    }

    #[test]
    fn each_crop_comes_to_its_size() {
        for (step, expected) in [
            ("q_auto,f_auto,dpr_2.0", (800, 800)),
            ("w_200,h_100,c_fill", (200, 100)),
            ("c_thumb,g_auto,h_100,w_200", (200, 100)),
            ("w_200,h_100", (200, 100)),
            ("w_200", (200, 200)),
            ("h_50,c_scale", (50, 50)),
            ("w_200,h_100,c_fit", (100, 100)),
            ("w_2000,h_1000,c_fit", (1000, 1000)),
            ("w_2000,h_1000,c_limit", (800, 800)),
            ("w_4000,h_1,c_fill", (4000, 1)),
        ] {
            assert_eq!(size(&[step]), expected, "{step}");
        }
    }

    #[test]
    fn a_step_works_on_what_the_one_before_left() {
        assert_eq!(size(&["w_400,h_200,c_fill", "w_100"]), (100, 50));
        assert_eq!(size(&["w_400,h_200,c_fill", "w_50,h_50,c_fit"]), (50, 25));
        assert_eq!(size(&["w_4000,h_1,c_fill", "h_4000"]), (4000, 4000));
        assert_eq!(size(&["w_4000,h_1,c_fill", "w_1"]), (1, 1));
        let fitting = |steps: &[&str]| Frame::after(steps).unwrap().fitting;
        assert_eq!(fitting(&["w_9,h_5,c_fill", "q_auto"]), Fitting::Cover);
        assert_eq!(fitting(&["w_9,h_5"]), Fitting::Stretch);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for step in [
            "w_0", "w_4001", "w_-1", "w_", "h_x", "c_magic", "w_1,,h_1", "w_1,x", "zz_1", "t_card",
            "",
        ] {
            let refusal = Frame::after(&[step]).unwrap_err();
            assert!(
                refusal.message.starts_with("Invalid "),
                "{step}: {refusal:?}"
            );
        }
    }

    #[test]
    fn a_folder_is_no_transformation() {
        for (segment, is_one) in [
            ("w_200", true),
            ("zz_1", true),
            ("x,w_1", true),
            ("products", false),
            ("my-folder", false),
            ("long_name", false),
            ("v1", false),
        ] {
            assert_eq!(is_meant(segment), is_one, "{segment}");
        }
    }
}

//! How a shape is painted: filled or drawn as a line, and how densely.

use std::fmt;

use super::colour::Colour;

/// A fill or a line.
#[derive(Debug, Clone)]
pub struct Paint {
    ink: String,
    line: Option<Line>,
    density: u32,
}

#[derive(Debug, Clone)]
struct Line {
    width: i32,
    dashes: Option<String>,
}

impl Paint {
    /// A line of this width, with round ends.
    #[must_use]
    pub fn line(colour: Colour, width: i32) -> Self {
        let line = Line {
            width,
            dashes: None,
        };
        Self {
            line: Some(line),
            ..Self::from(colour)
        }
    }

    /// A row of dots of this size, so far apart from middle to middle.
    #[must_use]
    pub fn dots(colour: Colour, size: i32, apart: i32) -> Self {
        Self::line(colour, size).dashed(&format!("0 {apart}"))
    }

    /// A fade or a pattern of the canvas.
    #[must_use]
    pub fn defined(id: &str) -> Self {
        Self {
            ink: format!("url(#{id})"),
            line: None,
            density: 100,
        }
    }

    /// The line in dashes: how long, and how far apart.
    #[must_use]
    pub fn dashed(mut self, dashes: &str) -> Self {
        if let Some(line) = &mut self.line {
            line.dashes = Some(dashes.to_owned());
        }
        self
    }

    /// So dense, in hundredths.
    #[must_use]
    pub fn faded(self, density: u32) -> Self {
        Self {
            density: density.min(100),
            ..self
        }
    }
}

impl From<Colour> for Paint {
    fn from(colour: Colour) -> Self {
        Self {
            ink: colour.to_string(),
            line: None,
            density: 100,
        }
    }
}

/// As the attributes of a shape, with a space before each.
impl fmt::Display for Paint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ink = &self.ink;
        match &self.line {
            None => write!(f, " fill=\"{ink}\"")?,
            Some(Line { width, dashes }) => {
                write!(
                    f,
                    " fill=\"none\" stroke=\"{ink}\" stroke-width=\"{width}\" stroke-linecap=\"round\" \
                     stroke-linejoin=\"round\""
                )?;
                if let Some(dashes) = dashes {
                    write!(f, " stroke-dasharray=\"{dashes}\"")?;
                }
            }
        }
        match self.density {
            100 => Ok(()),
            density => write!(f, " opacity=\"{}\"", decimal(density)),
        }
    }
}

/// Hundredths, as attributes write them.
#[must_use]
pub fn decimal(hundredths: u32) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

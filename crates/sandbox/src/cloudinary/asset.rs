//! What a delivery URL names: `[<transformations>/…][v<version>/]<public_id>[.<extension>]`.

use super::error::Refusal;
use super::transformation::{Frame, is_meant};

/// A picture in a size and a format.
#[derive(Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its name, with its folders if there are some.
    pub public_id: String,
    /// The format that is asked for; without one, it is the one that the picture is kept in.
    pub extension: Option<String>,
    /// The size that the transformations come to.
    pub frame: Frame,
}

impl Asset {
    /// Reads the path behind `/image/upload/`.
    ///
    /// # Errors
    /// The first transformation that cannot be read.
    pub fn parse(path: &str) -> Result<Self, Refusal> {
        let (above, name) = path.rsplit_once('/').unzip();
        let name = name.unwrap_or(path);
        let above: Vec<&str> = above.map_or_else(Vec::new, |above| above.split('/').collect());
        let (steps, folders) = split(&above);
        let (stem, extension) = name
            .rsplit_once('.')
            .map_or((name, None), |(stem, extension)| (stem, Some(extension)));
        let public_id: Vec<&str> = folders.iter().copied().chain([stem]).collect();
        Ok(Self {
            public_id: public_id.join("/"),
            extension: extension.map(str::to_owned),
            frame: Frame::after(steps)?,
        })
    }
}

/// The transformations and the folders. A version stands between them; without one, transformations end at the first
/// part that is not meant as one.
fn split<'a, 'b>(above: &'a [&'b str]) -> (&'a [&'b str], &'a [&'b str]) {
    if let Some(at) = above.iter().position(|segment| is_version(segment)) {
        let (steps, rest) = above.split_at(at);
        return (steps, rest.get(1..).unwrap_or_default());
    }
    let is_folder = |segment: &&str| !is_meant(segment);
    above.split_at(above.iter().position(is_folder).unwrap_or(above.len()))
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_apart() {
        for (path, public_id, extension, width) in [
            ("lace.svg", "lace", Some("svg"), 800),
            ("v1/lace.svg", "lace", Some("svg"), 800),
            ("w_9/lace.svg", "lace", Some("svg"), 9),
            ("w_9,h_9,c_fill/q_auto/v17/lace.svg", "lace", Some("svg"), 9),
            ("w_9/shop/new/lace", "shop/new/lace", None, 9),
            ("v1/w_9/lace.svg", "w_9/lace", Some("svg"), 800),
            ("vx/a.b.svg", "vx/a.b", Some("svg"), 800),
            ("", "", None, 800),
        ] {
            let asset = Asset::parse(path).unwrap();
            let found = (asset.public_id.as_str(), asset.extension.as_deref());
            assert_eq!(found, (public_id, extension), "{path}");
            assert_eq!(asset.frame.width, width, "{path}");
        }
    }

    #[test]
    fn what_stands_before_a_version_must_be_a_transformation() {
        for path in ["shop/v1/lace.svg", "w_9//v1/lace.svg", "w_x/lace.svg"] {
            assert!(Asset::parse(path).is_err(), "{path}");
        }
    }
}

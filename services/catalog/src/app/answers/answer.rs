//! One ready-made answer.

use std::io::Write as _;

use bytes::Bytes;
use common::crypto::sha256;
use flate2::Compression;
use flate2::write::GzEncoder;

/// What is shorter is not worth compressing.
const COMPRESSED_FROM: usize = 1024;

/// A body, compressed too where that pays, and the tag that says which one it is.
#[derive(Debug)]
pub(crate) struct Answer {
    /// As JSON.
    pub(crate) body: Bytes,
    /// The same, compressed as RFC 1952 says.
    pub(crate) gzip: Option<Bytes>,
    /// The opaque part of its entity tag.
    pub(crate) tag: String,
}

impl Answer {
    /// An answer with this body.
    pub(crate) fn of(body: Vec<u8>) -> Self {
        let hash = sha256(&body);
        let tag = hash.iter().take(12).map(|byte| format!("{byte:02x}"));
        Self {
            tag: tag.collect(),
            gzip: compressed(&body),
            body: body.into(),
        }
    }

    /// What it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let gzip = self.gzip.as_ref().map_or(0, Bytes::len);
        self.body.len() + gzip + self.tag.len()
    }
}

fn compressed(body: &[u8]) -> Option<Bytes> {
    if body.len() < COMPRESSED_FROM {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body).ok()?;
    Some(encoder.finish().ok()?.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let body = b"Royal lace ".repeat(500);
        let answer = Answer::of(body.clone());
        let mut text = Vec::new();
        let gzip = answer.gzip.as_ref().unwrap();
        GzDecoder::new(gzip.as_ref())
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(
            (text.as_slice(), answer.body.as_ref()),
            (&body[..], &body[..])
        );
        assert!(gzip.len() < body.len() / 10);
    }

    #[test]
    fn a_tag_belongs_to_one_body() {
        let of = |text: &str| Answer::of(text.as_bytes().to_vec()).tag;
        assert_eq!(of("{}"), of("{}"));
        assert_ne!(of("{}"), of("[]"));
        assert_eq!(of("{}").len(), 24);
    }
}

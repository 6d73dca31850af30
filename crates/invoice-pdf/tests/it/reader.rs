//! Reads back what [`render`](invoice_pdf::render) wrote: as much of PDF as that is, and no more.

use std::collections::HashMap;
use std::io::Read;

use flate2::read::ZlibDecoder;

/// The pair of ids in the trailer.
pub fn ids(pdf: &[u8]) -> String {
    let text = String::from_utf8_lossy(pdf);
    let (_, from_id) = text.rsplit_once("/ID[").unwrap();
    from_id.split(']').next().unwrap().to_owned()
}

/// The texts of a file of one page in the order in which they were drawn, found by way of the fonts' ToUnicode maps.
pub fn text(pdf: &[u8]) -> Vec<String> {
    let file = File::read(pdf);
    let fonts = file.fonts();
    let content = file
        .streams
        .values()
        .find(|stream| contains(stream, b"BT "));
    let content = content.unwrap();
    let mut texts = Vec::new();
    for shown in pieces(content, b"BT ", b"\nET") {
        let name = between(shown, b"/", b" ");
        let codes = strings(between(shown, b" Tm", b"\nET"));
        let map = &fonts[name];
        let letters = codes.chunks(2).filter_map(|code| map.get(code));
        texts.push(letters.map(String::as_str).collect());
    }
    texts
}

struct File {
    /// What stands between `obj` and `stream` or `endobj`, by the object's number.
    heads: HashMap<String, Vec<u8>>,
    streams: HashMap<String, Vec<u8>>,
}

impl File {
    fn read(pdf: &[u8]) -> Self {
        let (mut heads, mut streams) = (HashMap::new(), HashMap::new());
        let mut rest = pdf;
        while let Some(start) = find(rest, b" 0 obj\n") {
            let number = rest[..start].rsplit(|byte| *byte == b'\n').next().unwrap();
            let number = String::from_utf8(number.to_vec()).unwrap();
            rest = &rest[start + 7..];
            let end = find(rest, b"\nendobj").unwrap();
            // Packed bytes may look like the end of an object; those of a stream are counted.
            let head_end = find(rest, b"\nstream\n").filter(|stream| *stream < end);
            let head = &rest[..head_end.unwrap_or(end)];
            if let Some(head_end) = head_end {
                let length: usize = text_between(head, b"/Length ", b"/").parse().unwrap();
                let data = &rest[head_end + 8..head_end + 8 + length];
                if contains(head, b"/FlateDecode") {
                    let mut plain = Vec::new();
                    ZlibDecoder::new(data).read_to_end(&mut plain).unwrap();
                    streams.insert(number.clone(), plain);
                }
                rest = &rest[head_end + 8 + length..];
            }
            heads.insert(number, head.to_vec());
        }
        Self { heads, streams }
    }

    /// What each code means, by the name that the page has for the font.
    fn fonts(&self) -> HashMap<Vec<u8>, HashMap<Vec<u8>, String>> {
        let resources = self.heads.values().find(|head| contains(head, b"/Font<<"));
        let names = between(resources.unwrap(), b"/Font<</", b">>");
        names
            .split(|byte| *byte == b'/')
            .map(|entry| {
                let entry = String::from_utf8(entry.to_vec()).unwrap();
                let mut words = entry.split(' ');
                let (name, number) = (words.next().unwrap(), words.next().unwrap());
                let map = text_between(&self.heads[number], b"/ToUnicode ", b" ");
                (name.as_bytes().to_vec(), code_map(&self.streams[&map]))
            })
            .collect()
    }
}

/// Lines such as `<0030> <1ECD0300>`.
fn code_map(stream: &[u8]) -> HashMap<Vec<u8>, String> {
    let mut map = HashMap::new();
    for block in pieces(stream, b"beginbfchar\n", b"endbfchar") {
        for line in String::from_utf8(block.to_vec()).unwrap().lines() {
            let (code, letters) = line.split_once(' ').unwrap();
            let units: Vec<u16> = unhex(letters)
                .chunks(2)
                .map(|unit| u16::from_be_bytes([unit[0], unit[1]]))
                .collect();
            map.insert(unhex(code), String::from_utf16(&units).unwrap());
        }
    }
    map
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .map(|digit| u8::try_from(digit).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] * 16 + pair[1])
        .collect()
}

/// The bytes of all strings, between which stand only distances.
fn strings(shown: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = shown.iter().copied();
    // Brackets in pairs may stand in a string as they are.
    let mut depth = 0;
    while let Some(byte) = rest.next() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        let is_outer = matches!((byte, depth), (b'(', 1) | (b')', 0));
        if byte == b'\\' {
            bytes.push(escaped(&mut rest));
        } else if depth > 0 && !is_outer {
            bytes.push(byte);
        }
    }
    bytes
}

fn escaped(rest: &mut impl Iterator<Item = u8>) -> u8 {
    match rest.next().unwrap() {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        digit @ b'0'..=b'7' => {
            let two = [rest.next().unwrap(), rest.next().unwrap()];
            two.iter()
                .fold(digit - b'0', |sum, digit| sum * 8 + digit - b'0')
        }
        other => other,
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    find(bytes, part).is_some()
}

/// What stands between the first `from` and the next `to`; to the end if there is none.
fn between<'a>(bytes: &'a [u8], from: &[u8], to: &[u8]) -> &'a [u8] {
    let start = find(bytes, from).unwrap() + from.len();
    let rest = &bytes[start..];
    &rest[..find(rest, to).unwrap_or(rest.len())]
}

fn text_between(bytes: &[u8], from: &[u8], to: &[u8]) -> String {
    String::from_utf8(between(bytes, from, to).to_vec()).unwrap()
}

fn pieces<'a>(bytes: &'a [u8], from: &[u8], to: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while let Some(start) = find(rest, from) {
        let piece = between(&rest[start..], from, to);
        rest = &rest[start + from.len() + piece.len()..];
        pieces.push(piece);
    }
    pieces
}

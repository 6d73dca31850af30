//! CSV files that are still being sent: read record by record, checked row by row.
//!
//! What is imported takes a [`Records`] and answers a report with a [`RowError`] for each row that it left out.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev;
use actix_web::http::header;
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use csv_core::ReadRecordResult;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{ApiError, ErrorCode};

/// The largest file, in bytes.
pub const FILE_MAX_BYTES: usize = 64 * 1024 * 1024;
/// The longest record, in bytes.
const RECORD_MAX_BYTES: usize = 128 * 1024;
/// The most columns.
const COLUMNS_MAX: usize = 64;
/// How long the sender may pause.
const PAUSE_MAX: Duration = Duration::from_secs(20);
/// What some spreadsheets write before the first name.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// How to import.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// `true`: says what would happen and changes nothing.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
}

/// Whether anything is to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It changes.
    Apply,
    /// It is only said what would change.
    Try,
}

impl ImportQuery {
    /// What was asked for.
    ///
    /// # Errors
    /// `dryRun` is neither true nor false.
    pub fn mode(&self) -> Result<Mode, ApiError> {
        match self.dry_run.as_deref().unwrap_or_default() {
            "" | "false" => Ok(Mode::Apply),
            "true" => Ok(Mode::Try),
            _ => Err(ApiError::invalid("dryRun", "must be true or false")),
        }
    }
}

/// Why a row was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowError {
    /// The header is row 1.
    #[schema(example = 2)]
    pub row: u64,
    /// Null where it is the whole row.
    #[schema(example = "price")]
    pub field: Option<String>,
    /// What is wrong, in words.
    #[schema(example = "must be a decimal number")]
    pub message: String,
}

impl RowError {
    /// About one column.
    pub fn of(row: u64, field: &str, message: &(impl ToString + ?Sized)) -> Self {
        Self {
            row,
            field: Some(field.to_owned()),
            message: message.to_string(),
        }
    }

    /// About the whole row.
    pub fn whole(row: u64, message: &(impl ToString + ?Sized)) -> Self {
        Self {
            row,
            field: None,
            message: message.to_string(),
        }
    }
}

/// What was refused, as far as it is told.
#[derive(Debug, Default)]
pub struct Refused {
    /// How many rows.
    pub count: u64,
    /// Why: the first thousand of them.
    pub errors: Vec<RowError>,
}

impl Refused {
    /// Errors that are told; the others are only counted.
    const TOLD_MAX: usize = 1_000;

    /// Leaves a row out.
    pub fn add(&mut self, error: RowError) {
        self.count += 1;
        if self.errors.len() < Self::TOLD_MAX {
            self.errors.push(error);
        }
    }
}

/// The records of a request's body, of which no more than one and what came with it is held.
///
/// Refused before the handler: another content type than `text/csv` in UTF-8 (415), an encoded body (415), one that is
/// announced to exceed [`FILE_MAX_BYTES`] (413).
pub struct Records {
    payload: Payload,
    reader: csv_core::Reader,
    chunk: Bytes,
    taken: usize,
    is_over: bool,
    text: Vec<u8>,
    ends: Vec<usize>,
    number: u64,
}

/// One record: its fields without blanks around them.
pub type Record = Vec<String>;

impl FromRequest for Records {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let checked = check_headers(request);
        let payload = payload.take();
        ready(checked.and_then(|()| Ok(Self::of(web_payload(request, payload)?))))
    }
}

fn web_payload(request: &HttpRequest, mut payload: dev::Payload) -> Result<Payload, ApiError> {
    let taken = Payload::from_request(request, &mut payload).into_inner();
    taken.map_err(ApiError::internal)
}

fn check_headers(request: &HttpRequest) -> Result<(), ApiError> {
    let refuse = || {
        ApiError::new(
            ErrorCode::UnsupportedMediaType,
            "Content-Type must be text/csv in UTF-8, and the body not encoded",
        )
    };
    let mime = request.mime_type().map_err(|_malformed| refuse())?;
    let mime = mime.ok_or_else(refuse)?;
    let is_csv = mime.type_() == "text" && mime.subtype() == "csv";
    let is_utf8 = mime.get_param("charset").is_none_or(|set| set == "utf-8");
    if !is_csv || !is_utf8 || request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(refuse());
    }
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    match announced {
        Some(length) if length > FILE_MAX_BYTES => Err(too_large()),
        _ => Ok(()),
    }
}

impl Records {
    fn of(payload: Payload) -> Self {
        Self {
            payload,
            reader: csv_core::Reader::new(),
            chunk: Bytes::new(),
            taken: 0,
            is_over: false,
            text: vec![0; RECORD_MAX_BYTES],
            ends: vec![0; COLUMNS_MAX],
            number: 0,
        }
    }

    /// The first record, which names the columns: each one of `known`, none twice.
    ///
    /// # Errors
    /// The file is empty, or names something else.
    pub async fn header(&mut self, known: &[&'static str]) -> Result<Vec<&'static str>, ApiError> {
        let header = self.next().await?;
        let header = header.ok_or_else(|| ApiError::invalid("body", "must not be empty"))?;
        let header = header.map_err(|why| ApiError::invalid("header", why.message))?;
        columns(&header, known).map_err(|why| ApiError::invalid("header", why))
    }

    /// The next record, or why it is none; `None` after the last one.
    ///
    /// # Errors
    /// When no more can be read.
    pub async fn next(&mut self) -> Result<Option<Result<Record, RowError>>, ApiError> {
        let (mut written, mut columns, mut too_big) = (0, 0, None);
        loop {
            // To the reader, an empty chunk is the end.
            self.receive().await?;
            let text = self.text.get_mut(written..).unwrap_or_default();
            let ends = self.ends.get_mut(columns..).unwrap_or_default();
            let (result, read, wrote, ended) = self.reader.read_record(&self.chunk, text, ends);
            self.chunk = self.chunk.split_off(read);
            written += wrote;
            columns += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                // The rest of the record is read over, so that the next one is found.
                ReadRecordResult::OutputFull => {
                    too_big = Some("is too long");
                    written = 0;
                }
                ReadRecordResult::OutputEndsFull => {
                    too_big = Some("has too many columns");
                    columns = 0;
                }
                ReadRecordResult::Record => {
                    self.number += 1;
                    let fields = match too_big {
                        Some(why) => Err(why),
                        None => self.fields(columns),
                    };
                    return Ok(Some(
                        fields.map_err(|why| RowError::whole(self.number, why)),
                    ));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// Where the last record stands in the file; the header is row 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    fn fields(&self, columns: usize) -> Result<Record, &'static str> {
        let mut begin = 0;
        let mut fields = Vec::with_capacity(columns);
        for end in self.ends.iter().take(columns) {
            let field = self.text.get(begin..*end).unwrap_or_default();
            let field = std::str::from_utf8(field).map_err(|_bytes| "is not UTF-8")?;
            // PostgreSQL has no NUL.
            if field.contains('\0') {
                return Err("holds a NUL character");
            }
            fields.push(field.trim().to_owned());
            begin = *end;
        }
        Ok(fields)
    }

    /// Waits for more if there is nothing left; an empty chunk afterwards says that nothing more comes.
    async fn receive(&mut self) -> Result<(), ApiError> {
        while self.chunk.is_empty() && !self.is_over {
            let next = tokio::time::timeout(PAUSE_MAX, self.payload.next()).await;
            let next = next.map_err(|_late| ApiError::invalid("body", "came too slowly"))?;
            match next {
                Some(Ok(chunk)) => self.chunk = chunk,
                Some(Err(_broken)) => {
                    return Err(ApiError::invalid("body", "could not be read"));
                }
                None => self.is_over = true,
            }
            self.taken += self.chunk.len();
            if self.taken > FILE_MAX_BYTES {
                return Err(too_large());
            }
        }
        Ok(())
    }
}

fn columns(header: &[String], known: &[&'static str]) -> Result<Vec<&'static str>, String> {
    let mut columns = Vec::with_capacity(header.len());
    for name in header {
        let name = name.trim_start_matches(BYTE_ORDER_MARK);
        let Some(column) = known.iter().find(|one| **one == name) else {
            return Err(format!("must name columns of {}", known.join(", ")));
        };
        if columns.contains(column) {
            return Err(format!("names {name} twice"));
        }
        columns.push(*column);
    }
    Ok(columns)
}

fn too_large() -> ApiError {
    ApiError::new(
        ErrorCode::PayloadTooLarge,
        format!("the file must not exceed {FILE_MAX_BYTES} bytes"),
    )
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    async fn records(body: &'static [u8]) -> Records {
        let (request, mut payload) = TestRequest::default()
            .insert_header((header::CONTENT_TYPE, "text/csv; charset=utf-8"))
            .set_payload(body)
            .to_http_parts();
        Records::from_request(&request, &mut payload).await.unwrap()
    }

    #[actix_web::test]
    async fn records_are_read_with_their_numbers_and_bad_ones_are_told() {
        let mut records =
            records(b"\xef\xbb\xbfsku,title\nA,\" Royal, lace \"\nB,\xff\nC,\"two\nlines\"").await;
        assert_eq!(
            records.header(&["title", "sku"]).await.unwrap(),
            ["sku", "title"]
        );
        assert_eq!(
            records.next().await.unwrap().unwrap().unwrap(),
            ["A", "Royal, lace"]
        );
        let bad = records.next().await.unwrap().unwrap().unwrap_err();
        assert_eq!(
            (bad.row, bad.field, bad.message.as_str()),
            (3, None, "is not UTF-8")
        );
        assert_eq!(
            records.next().await.unwrap().unwrap().unwrap(),
            ["C", "two\nlines"]
        );
        assert_eq!(records.number(), 4);
        assert!(records.next().await.unwrap().is_none());
    }

    #[actix_web::test]
    async fn a_record_that_is_too_long_is_left_out_and_the_next_one_is_found() {
        let body: &'static [u8] = [
            b"sku\n".as_slice(),
            &vec![b'x'; RECORD_MAX_BYTES + 9],
            b"\nB\n",
        ]
        .concat()
        .leak();
        let mut records = records(body).await;
        records.header(&["sku"]).await.unwrap();
        let bad = records.next().await.unwrap().unwrap().unwrap_err();
        assert_eq!(bad.message, "is too long");
        assert_eq!(records.next().await.unwrap().unwrap().unwrap(), ["B"]);
    }

    #[actix_web::test]
    async fn a_header_names_each_column_once_and_nothing_else() {
        for bad in [&b""[..], b"sku,sku\n", b"sku,colour\n", b"SKU\n"] {
            assert!(
                records(bad.to_vec().leak())
                    .await
                    .header(&["sku"])
                    .await
                    .is_err()
            );
        }
    }

    #[actix_web::test]
    async fn only_csv_in_utf_8_is_read() {
        for (content_type, is_read) in [
            ("text/csv", true),
            ("text/csv; charset=UTF-8", true),
            ("text/csv; charset=latin1", false),
            ("application/json", false),
        ] {
            let (request, mut payload) = TestRequest::default()
                .insert_header((header::CONTENT_TYPE, content_type))
                .to_http_parts();
            let read = Records::from_request(&request, &mut payload).await;
            assert_eq!(read.is_ok(), is_read, "{content_type}");
        }
    }
}

//! Records of a CSV file that is still being sent.

use std::time::Duration;

use actix_web::web::{Bytes, Payload};
use common::{ApiError, ErrorCode};
use csv_core::ReadRecordResult;
use futures_util::StreamExt as _;

/// The largest file, in bytes.
pub(super) const FILE_MAX_BYTES: usize = 32 * 1024 * 1024;
/// The longest record, in bytes.
const RECORD_MAX_BYTES: usize = 8 * 1024;
/// The most columns.
const COLUMNS_MAX: usize = 32;
/// How long the sender may pause.
const PAUSE_MAX: Duration = Duration::from_secs(20);

/// Reads records one after another and holds no more than one and what came with it.
pub(super) struct Records {
    payload: Payload,
    reader: csv_core::Reader,
    chunk: Bytes,
    taken: usize,
    is_over: bool,
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// One record, or why it is none.
pub(super) type Record = Result<Vec<String>, &'static str>;

impl Records {
    /// The records of a request's body.
    pub(super) fn of(payload: Payload) -> Self {
        Self {
            payload,
            reader: csv_core::Reader::new(),
            chunk: Bytes::new(),
            taken: 0,
            is_over: false,
            text: vec![0; RECORD_MAX_BYTES],
            ends: vec![0; COLUMNS_MAX],
        }
    }

    /// The next record; `None` after the last one.
    ///
    /// # Errors
    /// When no more can be read.
    pub(super) async fn next(&mut self) -> Result<Option<Record>, ApiError> {
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
                    return Ok(Some(match too_big {
                        Some(why) => Err(why),
                        None => self.fields(columns),
                    }));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    fn fields(&self, columns: usize) -> Record {
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

/// The file is larger than a file may be.
pub(super) fn too_large() -> ApiError {
    ApiError::new(
        ErrorCode::PayloadTooLarge,
        format!("the file must not exceed {FILE_MAX_BYTES} bytes"),
    )
}

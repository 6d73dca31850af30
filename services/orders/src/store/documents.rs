//! Invoices and credit notes.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::statement::{Prepare as _, Statement};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Bytea, Integer, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::orders::documents;
use crate::domain::ids::{OrderId, RefundId};

/// Which document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// For what is sold.
    Invoice,
    /// For what is paid back.
    CreditNote,
}

impl Kind {
    /// The name in SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
        }
    }

    /// What its numbers begin with.
    pub(crate) fn series(self) -> &'static str {
        match self {
            Self::Invoice => "INV",
            Self::CreditNote => "CN",
        }
    }
}

/// The invoices of orders are to be issued.
pub(crate) async fn make_invoices_due(
    conn: &mut AsyncPgConnection,
    orders: Vec<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO documents (id, order_id, kind, due_at)
         SELECT id, order_id, ?, ? FROM unnest(?, ?) AS due (id, order_id) ON CONFLICT DO NOTHING";
    let ids: Vec<Uuid> = orders.iter().map(|_| common::ids::new_id()).collect();
    Statement::new(SQL)
        .bind::<Text, _>(Kind::Invoice.name())
        .bind::<Timestamptz, _>(now)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<SqlUuid>, _>(orders)
        .execute(conn)
        .await?;
    Ok(())
}

/// A credit note for a refund is to be issued.
pub(crate) async fn make_credit_note_due(
    conn: &mut AsyncPgConnection,
    order: OrderId,
    refund: RefundId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(documents::table)
        .values((
            documents::id.eq(common::ids::new_id()),
            documents::order_id.eq(order.0),
            documents::kind.eq(Kind::CreditNote.name()),
            documents::refund_id.eq(refund.0),
            documents::due_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// A document that is due.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct Due {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub(crate) order_id: Uuid,
    #[diesel(sql_type = diesel::sql_types::Nullable<SqlUuid>)]
    pub(crate) refund_id: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) due_at: DateTime<Utc>,
}

/// Due documents of a kind, the first first, locked until the transaction ends. A credit note waits for the invoice that it
/// corrects.
pub(crate) async fn lock_due(
    conn: &mut AsyncPgConnection,
    kind: Kind,
    limit: i64,
) -> QueryResult<Vec<Due>> {
    const SQL: &str = "SELECT id, order_id, refund_id, due_at FROM documents AS due
         WHERE number IS NULL AND kind = ? AND (kind = 'invoice' OR EXISTS (
             SELECT FROM documents AS invoice
             WHERE invoice.order_id = due.order_id AND invoice.kind = 'invoice' AND invoice.number IS NOT NULL))
         ORDER BY due_at, id LIMIT ? FOR UPDATE SKIP LOCKED";
    Statement::new(SQL)
        .bind::<Text, _>(kind.name())
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}

#[derive(QueryableByName)]
struct Last {
    #[diesel(sql_type = BigInt)]
    last: i64,
}

/// Takes the next `count` numbers of a series and year; answers the first. Everybody who issues waits for this row.
pub(crate) async fn take_numbers(
    conn: &mut AsyncPgConnection,
    kind: Kind,
    year: i32,
    count: i64,
) -> QueryResult<i64> {
    const SQL: &str = "INSERT INTO document_counters AS counter (series, year, last) VALUES (?, ?, ?)
         ON CONFLICT (series, year) DO UPDATE SET last = counter.last + EXCLUDED.last RETURNING last";
    let taken: Last = Statement::new(SQL)
        .bind::<Text, _>(kind.series())
        .bind::<Integer, _>(year)
        .bind::<BigInt, _>(count)
        .get_result(conn)
        .await?;
    Ok(taken.last - count + 1)
}

#[derive(QueryableByName)]
struct Credited {
    #[diesel(sql_type = Numeric)]
    credited: BigDecimal,
}

/// What went back with the credit notes of an order, or with those before one of them.
pub(crate) async fn credited(
    conn: &mut AsyncPgConnection,
    order: OrderId,
    before: Option<&Due>,
) -> QueryResult<BigDecimal> {
    const SQL: &str = "SELECT coalesce(sum(refund.amount), 0) AS credited
         FROM documents JOIN order_refunds AS refund USING (refund_id)
         WHERE documents.order_id = ? AND (? IS NULL OR (documents.due_at, documents.id) < (?, ?))";
    let (at, id) = before.map_or((None, None), |due| (Some(due.due_at), Some(due.id)));
    let row: Credited = Statement::new(SQL)
        .bind::<SqlUuid, _>(order.0)
        .bind::<Nullable<SqlUuid>, _>(id)
        .bind::<Nullable<Timestamptz>, _>(at)
        .bind::<Nullable<SqlUuid>, _>(id)
        .get_result(conn)
        .await?;
    Ok(row.credited)
}

/// A document with its number and its content.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) id: Uuid,
    pub(crate) sequence: i64,
    pub(crate) number: String,
    pub(crate) content: Vec<u8>,
    pub(crate) content_hash: Vec<u8>,
}

/// Fixes number and content of documents of one series and year.
pub(crate) async fn issue(
    conn: &mut AsyncPgConnection,
    (kind, year): (Kind, i32),
    template: i32,
    now: DateTime<Utc>,
    issued: Vec<Issued>,
) -> QueryResult<()> {
    const SQL: &str = "UPDATE documents SET series = ?, year = ?, template_version = ?, issued_at = ?,
             sequence = new.sequence, number = new.number, content = new.content, content_hash = new.content_hash
         FROM unnest(?, ?, ?, ?, ?) AS new (id, sequence, number, content, content_hash)
         WHERE documents.id = new.id";
    let ids: Vec<Uuid> = issued.iter().map(|one| one.id).collect();
    let sequences: Vec<i64> = issued.iter().map(|one| one.sequence).collect();
    let numbers: Vec<String> = issued.iter().map(|one| one.number.clone()).collect();
    let hashes: Vec<Vec<u8>> = issued.iter().map(|one| one.content_hash.clone()).collect();
    let contents: Vec<Vec<u8>> = issued.into_iter().map(|one| one.content).collect();
    Statement::new(SQL)
        .bind::<Text, _>(kind.series())
        .bind::<Integer, _>(year)
        .bind::<Integer, _>(template)
        .bind::<Timestamptz, _>(now)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<BigInt>, _>(sequences)
        .bind::<Array<Text>, _>(numbers)
        .bind::<Array<Bytea>, _>(contents)
        .bind::<Array<Bytea>, _>(hashes)
        .execute(conn)
        .await?;
    Ok(())
}

/// A document that is issued.
#[derive(Debug, Clone, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = documents, check_for_backend(diesel::pg::Pg))]
pub(crate) struct DocumentRow {
    pub(crate) id: Uuid,
    pub(crate) order_id: Uuid,
    pub(crate) kind: String,
    pub(crate) number: Option<String>,
    pub(crate) content: Option<Vec<u8>>,
    pub(crate) content_hash: Option<Vec<u8>>,
    pub(crate) pdf: Option<Vec<u8>>,
}

/// Issued documents without a PDF, the first first. Nobody else is given them for half a minute: that is more than
/// drawing them takes, and one that cannot be drawn comes back only then.
pub(crate) async fn claim_undrawn(
    conn: &mut AsyncPgConnection,
    limit: i64,
) -> QueryResult<Vec<DocumentRow>> {
    const SQL: &str = "UPDATE documents SET drawing_until = now() + interval '30 seconds'
         WHERE id = ANY (ARRAY (
             SELECT id FROM documents
             WHERE number IS NOT NULL AND pdf IS NULL AND (drawing_until IS NULL OR drawing_until < now())
             ORDER BY issued_at LIMIT ? FOR UPDATE SKIP LOCKED))
         RETURNING id, order_id, kind, number, content, content_hash, pdf";
    Statement::new(SQL)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}

/// Adds PDFs to documents that have none; answers to which.
pub(crate) async fn add_pdfs(
    conn: &mut AsyncPgConnection,
    ids: Vec<Uuid>,
    pdfs: Vec<Vec<u8>>,
) -> QueryResult<Vec<Uuid>> {
    const SQL: &str = "UPDATE documents SET pdf = drawn.pdf, drawn_at = now()
         FROM unnest(?, ?) AS drawn (id, pdf) WHERE documents.id = drawn.id AND documents.pdf IS NULL
         RETURNING documents.id";
    let added: Vec<Added> = Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Bytea>, _>(pdfs)
        .load(conn)
        .await?;
    Ok(added.into_iter().map(|one| one.id).collect())
}

#[derive(QueryableByName)]
struct Added {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Written out, as the index of invoices is one for this kind only.
fn is_invoice() -> SqlLiteral<Bool> {
    sql("kind = 'invoice'")
}

/// An order's drawn document with this number, or its drawn invoice.
pub(crate) async fn drawn_of(
    conn: &mut AsyncPgConnection,
    order: OrderId,
    number: Option<&str>,
) -> QueryResult<Option<DocumentRow>> {
    let drawn = documents::table
        .filter(documents::order_id.eq(order.0))
        .filter(documents::pdf.is_not_null())
        .select(DocumentRow::as_select());
    let found = match number {
        Some(number) => drawn.filter(documents::number.eq(number)).first(conn).await,
        None => {
            let invoice = drawn.filter(is_invoice());
            invoice.first(conn).await
        }
    };
    found.optional()
}

/// The number of an order's invoice, once it has one.
pub(crate) async fn invoice_number(
    conn: &mut AsyncPgConnection,
    order: OrderId,
) -> QueryResult<Option<String>> {
    let number: Option<Option<String>> = documents::table
        .filter(documents::order_id.eq(order.0))
        .filter(is_invoice())
        .select(documents::number)
        .first(conn)
        .await
        .optional()?;
    Ok(number.flatten())
}

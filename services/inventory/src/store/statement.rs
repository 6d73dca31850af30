//! SQL text with values, prepared once for each connection.
//!
//! `diesel::sql_query` prepares its text anew with every use, which doubles the round trips of a batch.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Uuid as SqlUuid;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Untyped};
use uuid::Uuid;

/// A value of a statement.
#[derive(Debug)]
pub(super) enum Value {
    /// `uuid`.
    Id(Uuid),
    /// `uuid[]`.
    Ids(Vec<Uuid>),
    /// `bigint`.
    Number(i64),
    /// `bigint[]`.
    Numbers(Vec<i64>),
    /// `boolean`.
    Flag(bool),
    /// `text`, which may be null.
    Text(Option<String>),
    /// `text[]` of texts that may be null.
    Texts(Vec<Option<String>>),
    /// `timestamptz`.
    Time(DateTime<Utc>),
    /// `timestamptz[]`.
    Times(Vec<DateTime<Utc>>),
}

/// SQL in which each `?` stands for the next value.
#[derive(Debug)]
pub(super) struct Statement {
    sql: &'static str,
    values: Vec<Value>,
}

impl Statement {
    /// A statement with its values, in their order.
    pub(super) fn new(sql: &'static str, values: Vec<Value>) -> Self {
        Self { sql, values }
    }
}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut values = self.values.iter();
        for (number, text) in self.sql.split('?').enumerate() {
            if number > 0 {
                match values.next() {
                    Some(value) => value.push(&mut out)?,
                    None => {
                        return Err(diesel::result::Error::QueryBuilderError(
                            "a value is missing".into(),
                        ));
                    }
                }
            }
            out.push_sql(text);
        }
        Ok(())
    }
}

impl Value {
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Id(value) => out.push_bind_param::<SqlUuid, _>(value),
            Self::Ids(value) => out.push_bind_param::<Array<SqlUuid>, _>(value),
            Self::Number(value) => out.push_bind_param::<BigInt, _>(value),
            Self::Numbers(value) => out.push_bind_param::<Array<BigInt>, _>(value),
            Self::Flag(value) => out.push_bind_param::<Bool, _>(value),
            Self::Text(value) => out.push_bind_param::<Nullable<Text>, _>(value),
            Self::Texts(value) => out.push_bind_param::<Array<Nullable<Text>>, _>(value),
            Self::Time(value) => out.push_bind_param::<Timestamptz, _>(value),
            Self::Times(value) => out.push_bind_param::<Array<Timestamptz>, _>(value),
        }
    }
}

/// Prepared statements are found again by their text.
impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl<C> diesel::query_dsl::RunQueryDsl<C> for Statement {}

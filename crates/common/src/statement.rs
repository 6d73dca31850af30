//! Statements that are prepared once for each connection.
//!
//! [`Statement`] is for what the query builder cannot say. What the builder says is often prepared anew with every use, which
//! doubles the round trips and has it planned each time: all updates, all rows with optional columns, and `diesel::sql_query`.
//! [`Prepare::prepared`] has it found again by its text.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::{Error, QueryResult};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, Bool, HasSqlType, Untyped, Uuid as SqlUuid};
use uuid::Uuid;

/// SQL in which each `?` stands for the next value that is bound.
pub struct Statement {
    text: Cow<'static, str>,
    values: Vec<Box<dyn Bound>>,
    is_rare: bool,
}

/// A value, with the type it has in SQL.
trait Bound: Send {
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

struct Typed<ST, T>(T, PhantomData<fn() -> ST>);

impl Statement {
    /// A statement of ours; no part of the text is a client's.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            values: Vec::new(),
            is_rare: false,
        }
    }

    /// Binds the next value.
    #[must_use]
    pub fn bind<ST, T>(mut self, value: T) -> Self
    where
        ST: 'static,
        T: ToSql<ST, Pg> + Send + 'static,
        Pg: HasSqlType<ST>,
    {
        self.values
            .push(Box::new(Typed::<ST, T>(value, PhantomData)));
        self
    }

    /// Binds ids so that the statement is planned once for a connection, as for ten of them. PostgreSQL would plan it with each
    /// use otherwise: for less than ten, that plan looks cheaper by more than planning seems to cost.
    #[must_use]
    pub fn bind_ids(mut self, ids: Vec<Uuid>) -> Self {
        self.values.push(Box::new(Ids(ids)));
        self
    }

    /// Goes on with text of ours.
    #[must_use]
    pub fn say(mut self, text: &str) -> Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Marks one of a great many texts that may come: it is prepared anew with each use, as what is prepared is kept for as
    /// long as its connection is.
    #[must_use]
    pub fn rare(self) -> Self {
        Self {
            is_rare: true,
            ..self
        }
    }
}

/// Behind a subquery, whose result no plan is made for.
struct Ids(Vec<Uuid>);

impl Ids {
    fn write<'b>(ids: &'b Vec<Uuid>, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(SELECT ");
        out.push_bind_param::<Array<SqlUuid>, _>(ids)?;
        out.push_sql(")::uuid[]");
        Ok(())
    }
}

impl Bound for Ids {
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        Self::write(&self.0, out)
    }
}

impl<ST, T> Bound for Typed<ST, T>
where
    T: ToSql<ST, Pg> + Send,
    Pg: HasSqlType<ST>,
{
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<ST, T>(&self.0)
    }
}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.is_rare {
            out.unsafe_to_cache_prepared();
        }
        let mut values = self.values.iter();
        for (number, text) in self.text.split('?').enumerate() {
            if number > 0 {
                let value = values.next().ok_or_else(|| mismatch("too few"))?;
                value.push(&mut out)?;
            }
            out.push_sql(text);
        }
        match values.next() {
            None => Ok(()),
            Some(_) => Err(mismatch("too many")),
        }
    }
}

fn mismatch(how: &str) -> Error {
    Error::QueryBuilderError(format!("a statement has {how} values").into())
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

impl fmt::Debug for Statement {
    /// Without the values, which may be somebody's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement")
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}

/// A query that is found again by its text.
#[derive(Debug, Clone, Copy)]
pub struct Prepared<Q>(Q);

/// Has a query prepared once for each connection.
pub trait Prepare: Sized {
    /// Only for a query that comes in few texts, however its values differ: each text is kept for as long as its connection
    /// is. So not for lists of rows of any length.
    fn prepared(self) -> Prepared<Self> {
        Prepared(self)
    }
}

impl<Q: QueryFragment<Pg>> Prepare for Q {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

/// Whether a column is one of these ids, in a query that is planned once for a connection: see [`Statement::bind_ids`].
pub fn is_among<C>(column: C, ids: impl IntoIterator<Item = Uuid>) -> IsAmong<C> {
    IsAmong {
        column,
        ids: ids.into_iter().collect(),
    }
}

/// What [`is_among`] makes.
#[derive(Debug, Clone, QueryId, ValidGrouping)]
pub struct IsAmong<C> {
    column: C,
    ids: Vec<Uuid>,
}

impl<C: Expression> Expression for IsAmong<C> {
    type SqlType = Bool;
}

impl<C, QS> AppearsOnTable<QS> for IsAmong<C> where C: AppearsOnTable<QS> {}

impl<C, QS> SelectableExpression<QS> for IsAmong<C> where C: SelectableExpression<QS> {}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for IsAmong<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        Ids::write(&self.ids, &mut out)?;
        out.push_sql(")");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use diesel::debug_query;
    use diesel::sql_types::{BigInt, Text};

    use super::*;

    #[test]
    fn each_question_mark_stands_for_the_next_value() {
        let statement = Statement::new("SELECT ?")
            .bind::<BigInt, _>(7_i64)
            .say(" WHERE name = ? LIMIT 1")
            .bind::<Text, _>("lace".to_owned());
        assert_eq!(
            debug_query::<Pg, _>(&statement).to_string(),
            "SELECT $1 WHERE name = $2 LIMIT 1 -- binds: [7, \"lace\"]"
        );
    }

    #[test]
    fn how_many_ids_there_are_is_hidden_from_the_plan() {
        let statement = Statement::new("DELETE FROM t WHERE id = ANY(?)").bind_ids(Vec::new());
        assert_eq!(
            debug_query::<Pg, _>(&statement).to_string(),
            "DELETE FROM t WHERE id = ANY((SELECT $1)::uuid[]) -- binds: [[]]"
        );
    }

    #[test]
    fn values_and_places_are_as_many() {
        let built = |statement: Statement| {
            let mut builder = diesel::pg::PgQueryBuilder::default();
            statement.to_sql(&mut builder, &Pg)
        };
        let fits = Statement::new("SELECT ?").bind::<BigInt, _>(1_i64);
        assert!(built(fits).is_ok());
        assert!(built(Statement::new("SELECT ?")).is_err());
        assert!(built(Statement::new("SELECT 1").bind::<BigInt, _>(1_i64)).is_err());
    }
}

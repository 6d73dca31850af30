//! Finding products by words: whole ones, begun ones, and misspelt ones.

use common::paging::{self, COUNTED_MAX};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types as sql;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::filter::Filter;
use super::{ANY, SHOWN, ShownProduct};

/// How many products are ranked: the best of more are hardly better.
const RANKED_MAX: i64 = 1_000;
/// Words beyond these are not looked for.
const WORDS_MAX: usize = 8;
/// How alike a word must be to one of the product's. `lase` and `lace` are at 0.4.
const LIKENESS_MIN: &str = "0.35";

/// What is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    words: Vec<String>,
    /// Whether misspelt words count.
    is_fuzzy: bool,
}

impl Terms {
    /// The words of a text; `None` if it has none.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let words: Vec<String> = text
            .to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .take(WORDS_MAX)
            .map(|word| word.chars().take(40).collect())
            .collect();
        (!words.is_empty()).then_some(Self {
            words,
            is_fuzzy: false,
        })
    }

    /// The same words, each of which may be misspelt.
    pub(crate) fn misspelt(self) -> Self {
        Self {
            is_fuzzy: true,
            ..self
        }
    }

    /// Every word, each of which may be the beginning of one. It holds letters and digits and our own signs only.
    fn begun(&self) -> String {
        let words: Vec<String> = self
            .words
            .iter()
            .map(|word| format!("'{word}':*"))
            .collect();
        words.join(" & ")
    }

    /// Any of the words, for what to underline.
    fn any(&self) -> String {
        let words: Vec<String> = self
            .words
            .iter()
            .map(|word| format!("'{word}':*"))
            .collect();
        words.join(" | ")
    }

    fn add_to(&self, statement: Statement) -> Statement {
        if !self.is_fuzzy {
            return statement
                .say(" AND p.search_words @@ to_tsquery('simple', ?)")
                .bind::<sql::Text, _>(self.begun());
        }
        self.words.iter().fold(statement, |statement, word| {
            statement
                .say(" AND ? OPERATOR(extensions.<%) p.search_text")
                .bind::<sql::Text, _>(word.clone())
        })
    }

    fn add_rank_to(&self, statement: Statement) -> Statement {
        if self.is_fuzzy {
            return statement
                .say("extensions.word_similarity(?, p.search_text)")
                .bind::<sql::Text, _>(self.words.join(" "));
        }
        // 1: a long description does not win by its length.
        statement
            .say("ts_rank_cd(p.search_words, to_tsquery('simple', ?), 1)")
            .bind::<sql::Text, _>(self.begun())
    }
}

/// Makes misspelt words count, until the end of the transaction.
async fn be_lenient(conn: &mut AsyncPgConnection, terms: &Terms) -> QueryResult<()> {
    if terms.is_fuzzy {
        // The extension's own default finds hardly any misspelling.
        let set = format!("SET LOCAL pg_trgm.word_similarity_threshold = {LIKENESS_MIN}");
        diesel::sql_query(set).execute(conn).await?;
    }
    Ok(())
}

/// Those that fit best, after some rows. Belongs in a transaction.
pub(crate) async fn search(
    conn: &mut AsyncPgConnection,
    terms: &Terms,
    filter: &Filter,
    (skipped, rows_max): (i64, i64),
) -> QueryResult<Vec<ShownProduct>> {
    be_lenient(conn, terms).await?;
    let statement = Statement::new("WITH candidates AS (SELECT p.id FROM products p");
    let statement = terms
        .add_to(filter.add_to(statement))
        .say(" LIMIT ?), ranked AS (SELECT p.id, ")
        .bind::<sql::BigInt, _>(RANKED_MAX);
    terms
        .add_rank_to(statement)
        .say(" AS rank, p.created_at FROM candidates JOIN products p USING (id)")
        .say(" ORDER BY 2 DESC, 3 DESC, 1 LIMIT ? OFFSET ?) ")
        .bind::<sql::BigInt, _>(rows_max)
        .bind::<sql::BigInt, _>(skipped)
        .say(SHOWN)
        .say(" JOIN ranked r ON r.id = p.id ORDER BY r.rank DESC, r.created_at DESC, r.id")
        .load(conn)
        .await
}

/// How many there are, as lists are counted. Belongs in a transaction.
pub(crate) async fn count_matching(
    conn: &mut AsyncPgConnection,
    terms: &Terms,
    filter: &Filter,
) -> QueryResult<i64> {
    be_lenient(conn, terms).await?;
    let all = filter.add_to(Statement::new(ANY));
    paging::count(conn, terms.add_to(all)).await
}

/// A product's title and short description with the words marked, by characters that no text holds: the start by U+0002,
/// the end by U+0003.
#[derive(Debug, QueryableByName)]
pub(crate) struct Highlights {
    #[diesel(sql_type = sql::Uuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = sql::Text)]
    pub(crate) title: String,
    #[diesel(sql_type = sql::Text)]
    pub(crate) short_description: String,
}

/// What to underline in some products.
pub(crate) async fn highlights(
    conn: &mut AsyncPgConnection,
    terms: &Terms,
    products: &[Uuid],
) -> QueryResult<Vec<Highlights>> {
    Statement::new(
        "SELECT id, ts_headline('simple', title, query, options) AS title,
                ts_headline('simple', short_description, query, options) AS short_description
         FROM products, to_tsquery('simple', ?) AS query,
              (SELECT 'HighlightAll=true, StartSel=' || chr(2) || ', StopSel=' || chr(3)) AS o (options)
         WHERE id = ANY(?)",
    )
    .bind::<sql::Text, _>(terms.any())
    .bind::<sql::Array<sql::Uuid>, _>(products.to_vec())
    .load(conn)
    .await
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = sql::Jsonb)]
    facets: Value,
}

/// How many of the products that pass are in which category, have which tag, cost how much and can be bought; of the first
/// [`COUNTED_MAX`]. Belongs in a transaction.
pub(crate) async fn facets(
    conn: &mut AsyncPgConnection,
    terms: Option<&Terms>,
    filter: &Filter,
) -> QueryResult<Value> {
    if let Some(terms) = terms {
        be_lenient(conn, terms).await?;
    }
    let statement = Statement::new(
        "WITH listed AS MATERIALIZED (SELECT p.category_id, p.tags, p.price, p.available FROM products p",
    );
    let mut statement = filter.add_to(statement);
    if let Some(terms) = terms {
        statement = terms.add_to(statement);
    }
    let statement = statement.say(" LIMIT ?)").bind::<sql::BigInt, _>(COUNTED_MAX).say(
        " SELECT jsonb_build_object(
            'categories', coalesce((SELECT jsonb_agg(jsonb_build_object(
                'id', c.id, 'slug', c.slug, 'name', c.name, 'count', n) ORDER BY n DESC, c.name)
                FROM (SELECT category_id, count(*) AS n FROM listed WHERE category_id IS NOT NULL GROUP BY 1
                      ORDER BY 2 DESC LIMIT 50) AS part JOIN categories c ON c.id = part.category_id), '[]'),
            'tags', coalesce((SELECT jsonb_agg(jsonb_build_object('tag', tag, 'count', n) ORDER BY n DESC, tag)
                FROM (SELECT tag, count(*) AS n FROM listed, unnest(tags) AS tag GROUP BY 1
                      ORDER BY 2 DESC, 1 LIMIT 50) AS part), '[]'),
            'prices', coalesce((SELECT jsonb_agg(jsonb_build_object('from', low, 'to', high, 'count', n) ORDER BY low)
                FROM (SELECT low, high, count(*) AS n FROM listed JOIN (VALUES
                        (0, 1000), (1000, 5000), (5000, 10000), (10000, 50000), (50000, 100000), (100000, NULL)
                      ) AS band (low, high) ON price >= low AND (high IS NULL OR price < high)
                      GROUP BY 1, 2) AS part), '[]'),
            'availability', jsonb_build_object(
                'inStock', (SELECT count(*) FROM listed WHERE available > 0),
                'outOfStock', (SELECT count(*) FROM listed WHERE available <= 0))
         ) AS facets",
    );
    Ok(statement.get_result::<Counts>(conn).await?.facets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_words_reaches_the_database() {
        assert!(Terms::of("  !!! & | () ' ").is_none());
        let terms = Terms::of("Royal 'lace':* | DROP").unwrap();
        assert_eq!(terms.begun(), "'royal':* & 'lace':* & 'drop':*");
        let many = Terms::of(&"word ".repeat(1_000)).unwrap();
        assert_eq!(many.words.len(), WORDS_MAX);
        let long = Terms::of(&"x".repeat(10_000)).unwrap();
        assert_eq!(long.words[0].len(), 40);
    }
}

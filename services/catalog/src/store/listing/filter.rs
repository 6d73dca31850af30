//! Which products, in which order, from where on.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::statement::Statement;
use diesel::sql_types as sql;
use uuid::Uuid;

/// Which products. What is absent does not count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// One of these categories.
    pub(crate) categories: Option<Vec<Uuid>>,
    /// This price or more.
    pub(crate) min_price: Option<BigDecimal>,
    /// This price or less.
    pub(crate) max_price: Option<BigDecimal>,
    /// All of these tags.
    pub(crate) tags: Vec<String>,
    /// Something of it can be bought, or nothing.
    pub(crate) in_stock: Option<bool>,
    /// The front page shows it, or not.
    pub(crate) is_featured: Option<bool>,
}

/// By what products are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortKey {
    CreatedAt,
    Price,
    Title,
}

/// An order of products. Ids decide between equals, so that it is one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) key: SortKey,
    pub(crate) is_descending: bool,
}

/// Where a page begins.
#[derive(Debug, Clone)]
pub(crate) enum Position {
    /// After so many rows.
    Skip(i64),
    /// After the product that was made then.
    AfterTime(DateTime<Utc>, Uuid),
    /// After the product of this price.
    AfterPrice(BigDecimal, Uuid),
    /// After the product of this title.
    AfterTitle(String, Uuid),
}

impl Filter {
    /// Adds the conditions to a statement about `products p`; deleted and hidden products never pass.
    pub(super) fn add_to(&self, statement: Statement) -> Statement {
        let mut statement = statement.say(" WHERE p.is_active AND p.deleted_at IS NULL");
        if let Some(categories) = &self.categories {
            statement = statement
                .say(" AND p.category_id = ANY(?)")
                .bind::<sql::Array<sql::Uuid>, _>(categories.clone());
        }
        if let Some(price) = &self.min_price {
            statement = statement
                .say(" AND p.price >= ?")
                .bind::<sql::Numeric, _>(price.clone());
        }
        if let Some(price) = &self.max_price {
            statement = statement
                .say(" AND p.price <= ?")
                .bind::<sql::Numeric, _>(price.clone());
        }
        if !self.tags.is_empty() {
            statement = statement
                .say(" AND p.tags @> ?")
                .bind::<sql::Array<sql::Text>, _>(self.tags.clone());
        }
        let statement = statement
            .say(match self.in_stock {
                Some(true) => " AND p.available > 0",
                Some(false) => " AND p.available <= 0",
                None => "",
            })
            .say(match self.is_featured {
                Some(true) => " AND p.is_featured",
                Some(false) => " AND NOT p.is_featured",
                None => "",
            });
        // A plan for any list of categories would take it for a long one, and read the table from end to end.
        if self.categories.is_some() || self.conditions() > 1 {
            statement.rare()
        } else {
            statement
        }
    }

    fn conditions(&self) -> usize {
        let given = [
            self.categories.is_some(),
            self.min_price.is_some(),
            self.max_price.is_some(),
            !self.tags.is_empty(),
            self.in_stock.is_some(),
            self.is_featured.is_some(),
        ];
        given.into_iter().filter(|is_given| *is_given).count()
    }
}

impl Sort {
    pub(super) fn order(self) -> String {
        let direction = if self.is_descending { "DESC" } else { "ASC" };
        format!("{} {direction}, p.id {direction}", self.column())
    }

    fn column(self) -> &'static str {
        match self.key {
            SortKey::CreatedAt => "p.created_at",
            SortKey::Price => "p.price",
            SortKey::Title => "p.title",
        }
    }
}

impl Position {
    pub(super) fn add_to(&self, statement: Statement, sort: Sort) -> Statement {
        let sign = if sort.is_descending { "<" } else { ">" };
        let after = format!(" AND ({}, p.id) {sign} (?, ?)", sort.column());
        let (statement, id) = match self {
            Self::Skip(_) => return statement,
            Self::AfterTime(time, id) => (statement.bind::<sql::Timestamptz, _>(*time), id),
            Self::AfterPrice(price, id) => (statement.bind::<sql::Numeric, _>(price.clone()), id),
            Self::AfterTitle(title, id) => (statement.bind::<sql::Text, _>(title.clone()), id),
        };
        statement.say(&after).bind::<sql::Uuid, _>(*id)
    }
}

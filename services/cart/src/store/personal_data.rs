//! Everything the service holds about one person: to be erased.

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::cart::carts;
use crate::domain::ids::{CartId, UserId};

/// Removes a person's cart and the answers that were stored for that person's keys; says which cart it was.
pub(crate) async fn erase(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<Option<CartId>> {
    let cart: Option<Uuid> = diesel::delete(carts::table.filter(carts::user_id.eq(user.0)))
        .returning(carts::id)
        .get_result(conn)
        .await
        .optional()?;
    // An answer shows the cart. A key that is still being worked on settles or is swept.
    diesel::sql_query("DELETE FROM cart.idempotency_keys WHERE principal = $1 AND state = 'done'")
        .bind::<Text, _>(user.0.to_string())
        .execute(conn)
        .await?;
    Ok(cart.map(CartId))
}

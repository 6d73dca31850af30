//! Stock, as the catalogue, staff and the tables have it.

use common::{Clock as _, ids};
use events::catalog::VariantCreated;
use inventory::consumers;
use messaging::Outcome;
use reqwest::Method;
use serde_json::Value;
use test_support::service::{self, Ask as _, Reply};
use uuid::Uuid;

use crate::app::TestApp;

impl TestApp {
    /// A request of somebody with a role.
    pub async fn staff(
        &self,
        role: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Reply {
        let request = self.request(method, &format!("/api/v1/admin/inventory{path}"));
        let token = service::access_token(ids::new_id(), role, self.world.clock.now());
        let request = request.bearer_auth(token);
        match body {
            Some(body) => request.json(body).reply().await,
            None => request.reply().await,
        }
    }

    /// A new variant with so much stock.
    pub async fn stocked(&self, quantity: i64) -> Uuid {
        let variant = ids::new_id();
        self.stock(variant, &format!("SKU-{variant}"), quantity)
            .await;
        variant
    }

    pub async fn stock(&self, variant: Uuid, sku: &str, quantity: i64) {
        let created = VariantCreated {
            variant_id: variant,
            product_id: ids::new_id(),
            sku: sku.to_owned(),
            price: money::Amount::try_from_minor(150_000).unwrap(),
            currency: money::Currency::Ngn,
            is_active: true,
            initial_stock: quantity,
        };
        let heard = self.hear(
            created,
            1,
            ids::new_id(),
            consumers::on_variant_created::on_variant_created,
        );
        assert_eq!(heard.await.unwrap(), Outcome::Applied);
    }

    /// What there is of a variant: on hand and reserved.
    pub async fn stock_of(&self, variant: Uuid) -> (i64, i64) {
        let sql = format!(
            "SELECT on_hand, reserved FROM inventory.stock_items WHERE variant_id = '{variant}'"
        );
        let row = self.rows(&sql).await.pop().unwrap();
        (
            row["on_hand"].as_i64().unwrap(),
            row["reserved"].as_i64().unwrap(),
        )
    }
}

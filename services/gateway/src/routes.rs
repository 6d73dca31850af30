//! The route table of the whole shop: which service answers which path, under which limits.
//!
//! The longest prefix wins, and a prefix ends at a segment: `/api/v1/orders` does not cover `/api/v1/orders-old`.
//! A path that no row covers is 404, and so is one whose service is not deployed. `/internal` has no row, on purpose.

use crate::route::{MIB, Route, Service};

/// The table, grouped by service.
pub const TABLE: &[Route] = {
    use Service::{
        Admin, Auth, Cart, Catalog, Inventory, Media, Notifications, Orders, Payments, Status,
    };
    &[
        Route::to(Auth, "/.well-known/jwks.json"),
        Route::to(Auth, "/api/v1/auth"),
        Route::to(Auth, "/api/v1/auth/register").guarded(),
        Route::to(Auth, "/api/v1/auth/login").guarded(),
        Route::to(Auth, "/api/v1/auth/verify-email/resend").guarded(),
        Route::to(Auth, "/api/v1/auth/password-reset-request").guarded(),
        Route::to(Auth, "/api/v1/auth/2fa").guarded(),
        Route::to(Auth, "/api/v1/users"),
        Route::to(Auth, "/api/v1/gdpr"),
        Route::to(Auth, "/api/v1/gdpr/export").download(),
        Route::to(Auth, "/api/v1/admin/users"),
        //
        Route::to(Catalog, "/api/v1/products"),
        Route::to(Catalog, "/api/v1/products/import").upload(256 * MIB),
        Route::to(Catalog, "/api/v1/products/export").download(),
        Route::to(Catalog, "/api/v1/categories"),
        Route::to(Catalog, "/api/v1/wishlist"),
        //
        Route::to(Inventory, "/api/v1/admin/inventory"),
        Route::to(Inventory, "/api/v1/admin/inventory/import").upload(256 * MIB),
        //
        Route::to(Cart, "/api/v1/cart"),
        //
        Route::to(Orders, "/api/v1/orders").checkout(),
        Route::to(Orders, "/api/v1/shipping-methods").checkout(),
        Route::to(Orders, "/api/v1/admin/orders"),
        Route::to(Orders, "/api/v1/admin/coupons"),
        Route::to(Orders, "/api/v1/admin/shipping-methods"),
        Route::to(Orders, "/api/v1/admin/tax-rates"),
        //
        Route::to(Payments, "/api/v1/payments").checkout().slow(15),
        Route::to(Payments, "/api/v1/payments/webhook")
            .checkout()
            .webhook(),
        Route::to(Payments, "/api/v1/admin/refunds").slow(15),
        Route::to(Payments, "/api/v1/admin/disputes").slow(15),
        Route::to(Payments, "/api/v1/admin/ledger"),
        Route::to(Payments, "/api/v1/admin/reconciliation").download(),
        Route::to(Payments, "/api/v1/admin/settlements"),
        Route::to(Payments, "/api/v1/admin/settlements/bank-credits/import").upload(64 * MIB),
        Route::to(Payments, "/api/v1/admin/attention"),
        //
        Route::to(Notifications, "/api/v1/webhooks/resend").webhook(),
        Route::to(Notifications, "/api/v1/admin/notifications"),
        Route::to(Notifications, "/api/v1/admin/notification-templates"),
        //
        Route::to(Media, "/api/v1/media"),
        // 10 MB of picture, and room for what multipart adds.
        Route::to(Media, "/api/v1/media/upload").upload(11 * MIB),
        //
        Route::to(Admin, "/api/v1/admin/dashboard"),
        Route::to(Admin, "/api/v1/admin/reports").slow(30),
        Route::to(Admin, "/api/v1/admin/exports").download(),
        Route::to(Admin, "/api/v1/admin/audit-logs").slow(30),
        Route::to(Admin, "/api/v1/admin/queues"),
        Route::to(Admin, "/api/v1/admin/dead-letters"),
        //
        Route::to(Status, "/status"),
        Route::to(Status, "/api/v1/admin/status"),
    ]
};

/// The rows of the deployed services, ready for lookup.
#[derive(Debug, Clone)]
pub struct RouteTable {
    longest_first: Vec<&'static Route>,
}

impl RouteTable {
    /// Keeps the rows whose service `is_deployed`.
    pub fn new(is_deployed: impl Fn(Service) -> bool) -> Self {
        let mut rows: Vec<_> = TABLE
            .iter()
            .filter(|route| is_deployed(route.service))
            .collect();
        rows.sort_by_key(|route| std::cmp::Reverse(route.prefix.len()));
        Self {
            longest_first: rows,
        }
    }

    /// The row that covers `path`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&'static Route> {
        // Some forty comparisons of a few bytes: faster than hashing, and nothing to keep in step with the table.
        self.longest_first
            .iter()
            .find(|route| covers(route.prefix, path))
            .copied()
    }
}

fn covers(prefix: &str, path: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::RateClass;
    use actix_web::http::Method;

    fn service_of(path: &str) -> Option<&'static str> {
        RouteTable::new(|_| true)
            .find(path)
            .map(|route| route.service.name())
    }

    #[test]
    fn the_longest_prefix_wins() {
        assert_eq!(service_of("/api/v1/admin/users/1/role"), Some("auth"));
        assert_eq!(service_of("/api/v1/admin/status/incidents"), Some("status"));
        assert_eq!(service_of("/api/v1/payments/webhook"), Some("payments"));
        assert_eq!(service_of("/api/v1/products"), Some("catalog"));
        assert_eq!(service_of("/api/v1/products/123"), Some("catalog"));
        assert_eq!(service_of("/status"), Some("status"));
        let table = RouteTable::new(|_| true);
        assert!(table.find("/api/v1/payments/webhook").unwrap().is_webhook);
        assert!(!table.find("/api/v1/payments/webhooks").unwrap().is_webhook);
    }

    #[test]
    fn unknown_and_internal_paths_have_no_route() {
        for path in [
            "/",
            "/api/v1",
            "/api/v2/products",
            "/api/v1/admin",
            "/api/v1/admin/else",
            "/api/v1/productsx",
            "/API/v1/products",
            "/internal",
            "/internal/reservations",
            "/api/v1/internal/reservations",
            "/metrics",
        ] {
            assert_eq!(service_of(path), None, "{path}");
        }
    }

    #[test]
    fn a_service_that_is_not_deployed_has_no_route() {
        let table = RouteTable::new(|service| service == Service::Auth);
        assert!(table.find("/api/v1/auth/login").is_some());
        assert!(table.find("/api/v1/orders").is_none());
    }

    #[test]
    fn no_prefix_stands_twice_and_none_names_the_internal_api() {
        let mut seen = std::collections::HashSet::new();
        for route in TABLE {
            assert!(seen.insert(route.prefix), "{} stands twice", route.prefix);
            assert!(!route.prefix.contains("internal"), "{}", route.prefix);
            assert!(!route.prefix.ends_with('/'), "{}", route.prefix);
        }
    }

    #[test]
    fn only_guessing_and_mailing_posts_draw_from_the_small_budget() {
        let table = RouteTable::new(|_| true);
        let class = |method, path, staff| table.find(path).unwrap().rate_class(&method, staff);
        assert_eq!(
            class(Method::POST, "/api/v1/auth/login", false),
            RateClass::Auth
        );
        assert_eq!(
            class(Method::POST, "/api/v1/auth/2fa/verify", true),
            RateClass::Auth
        );
        assert_eq!(
            class(Method::POST, "/api/v1/auth/refresh", false),
            RateClass::Public
        );
        assert_eq!(
            class(Method::POST, "/api/v1/auth/verify-email", false),
            RateClass::Public
        );
        assert_eq!(
            class(Method::GET, "/api/v1/auth/me", true),
            RateClass::Admin
        );
        assert_eq!(
            class(Method::POST, "/api/v1/payments/webhook", false),
            RateClass::Webhook
        );
    }
}

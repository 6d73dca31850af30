//! The route table of the whole shop: which service answers which path, under which limits.
//!
//! The longest prefix wins, and a prefix ends at a segment: `/api/v1/orders` does not cover `/api/v1/orders-old`.
//! A path that no row covers is 404, and so is one whose service is not deployed. `/internal` has no row, on purpose.

use std::time::Duration;

use actix_web::http::Method;

/// A service the gateway can forward to. The name is the service's name everywhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named after its service")]
pub enum Service {
    Auth,
    Catalog,
    Inventory,
    Cart,
    Orders,
    Payments,
    Notifications,
    Media,
    Admin,
    Status,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 10] = [
        Self::Auth,
        Self::Catalog,
        Self::Inventory,
        Self::Cart,
        Self::Orders,
        Self::Payments,
        Self::Notifications,
        Self::Media,
        Self::Admin,
        Self::Status,
    ];

    /// The service's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Catalog => "catalog",
            Self::Inventory => "inventory",
            Self::Cart => "cart",
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Notifications => "notifications",
            Self::Media => "media",
            Self::Admin => "admin",
            Self::Status => "status",
        }
    }

    /// The operations port it listens on unless told otherwise.
    #[must_use]
    pub fn usual_ops_port(self) -> u16 {
        match self {
            Self::Auth => 9091,
            Self::Catalog => 9092,
            Self::Inventory => 9093,
            Self::Cart => 9094,
            Self::Orders => 9095,
            Self::Payments => 9096,
            Self::Notifications => 9097,
            Self::Media => 9098,
            Self::Admin => 9099,
            Self::Status => 9100,
        }
    }

    /// Whether the shop cannot sell without it: decides between `degraded` and `unhealthy`.
    #[must_use]
    pub fn is_needed_for_selling(self) -> bool {
        match self {
            Self::Auth
            | Self::Catalog
            | Self::Inventory
            | Self::Cart
            | Self::Orders
            | Self::Payments => true,
            Self::Notifications | Self::Media | Self::Admin | Self::Status => false,
        }
    }
}

/// Which budget of requests per minute a request draws from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateClass {
    /// Logins and whatever else invites guessing or sends mail.
    Auth,
    /// Any request with a staff token.
    Admin,
    /// Everything else.
    Public,
    /// Calls of providers, which come in bursts from few addresses.
    Webhook,
}

impl RateClass {
    /// The name in Redis keys and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Admin => "admin",
            Self::Public => "public",
            Self::Webhook => "webhook",
        }
    }
}

/// How long a request may wait for one of its upstream's places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueClass {
    /// A buyer on the way to paying: worth a wait.
    Checkout,
    /// Everything else: told early to come back.
    Ordinary,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The path prefix, without a slash at the end.
    pub prefix: &'static str,
    /// Who answers.
    pub service: Service,
    /// Counted as [`RateClass::Webhook`].
    pub is_webhook: bool,
    /// `POST`s here are counted as [`RateClass::Auth`].
    pub is_guarded: bool,
    /// How long to wait for a place.
    pub queue: QueueClass,
    /// The largest request body, in bytes.
    pub body_max: u64,
    /// From the end of the request's body until the head of the answer.
    pub answer_within: Duration,
    /// From the start until the end of the answer's body.
    pub total_within: Duration,
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

impl Route {
    const fn to(service: Service, prefix: &'static str) -> Self {
        Self {
            prefix,
            service,
            is_webhook: false,
            is_guarded: false,
            queue: QueueClass::Ordinary,
            body_max: 256 * KIB,
            answer_within: Duration::from_secs(10),
            total_within: Duration::from_secs(60),
        }
    }

    /// Its `POST`s invite guessing or send mail.
    const fn guarded(self) -> Self {
        Self {
            is_guarded: true,
            ..self
        }
    }

    /// A provider calls it.
    const fn webhook(self) -> Self {
        Self {
            is_webhook: true,
            body_max: MIB,
            ..self
        }
    }

    /// Part of buying.
    const fn checkout(self) -> Self {
        Self {
            queue: QueueClass::Checkout,
            ..self
        }
    }

    /// Takes files up to `body_max` bytes.
    const fn upload(self, body_max: u64) -> Self {
        Self {
            body_max,
            answer_within: Duration::from_secs(60),
            total_within: Duration::from_secs(15 * 60),
            ..self
        }
    }

    /// Waits for a provider, or computes for a while.
    const fn slow(self, answer_within_secs: u64) -> Self {
        Self {
            answer_within: Duration::from_secs(answer_within_secs),
            ..self
        }
    }

    /// Sends large answers.
    const fn download(self) -> Self {
        Self {
            answer_within: Duration::from_secs(30),
            total_within: Duration::from_secs(15 * 60),
            ..self
        }
    }

    /// The budget that a request with `method` draws from.
    #[must_use]
    pub fn rate_class(&self, method: &Method, is_staff: bool) -> RateClass {
        if self.is_webhook {
            RateClass::Webhook
        } else if self.is_guarded && method == Method::POST {
            RateClass::Auth
        } else if is_staff {
            RateClass::Admin
        } else {
            RateClass::Public
        }
    }
}

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

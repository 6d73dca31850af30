//! What a row of the route table says.

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

/// Bytes.
pub(crate) const KIB: u64 = 1024;
/// Bytes.
pub(crate) const MIB: u64 = 1024 * KIB;

impl Route {
    pub(crate) const fn to(service: Service, prefix: &'static str) -> Self {
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
    pub(crate) const fn guarded(self) -> Self {
        Self {
            is_guarded: true,
            ..self
        }
    }

    /// A provider calls it.
    pub(crate) const fn webhook(self) -> Self {
        Self {
            is_webhook: true,
            body_max: MIB,
            ..self
        }
    }

    /// Part of buying.
    pub(crate) const fn checkout(self) -> Self {
        Self {
            queue: QueueClass::Checkout,
            ..self
        }
    }

    /// Takes files up to `body_max` bytes.
    pub(crate) const fn upload(self, body_max: u64) -> Self {
        Self {
            body_max,
            answer_within: Duration::from_secs(60),
            total_within: Duration::from_secs(15 * 60),
            ..self
        }
    }

    /// Waits for a provider, or computes for a while.
    pub(crate) const fn slow(self, answer_within_secs: u64) -> Self {
        Self {
            answer_within: Duration::from_secs(answer_within_secs),
            ..self
        }
    }

    /// Sends large answers.
    pub(crate) const fn download(self) -> Self {
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

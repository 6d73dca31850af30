//! The permission matrix: which role may do what. The checks, and the test of every cell, are made from this file.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person is to the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Buys.
    Customer,
    /// Looks after the catalogue and the stock.
    Merchant,
    /// Packs and ships.
    Fulfilment,
    /// Looks after the money.
    Finance,
    /// May do everything.
    Admin,
}

impl Role {
    /// Every role, least powerful first.
    pub const ALL: [Self; 5] = [
        Self::Customer,
        Self::Merchant,
        Self::Fulfilment,
        Self::Finance,
        Self::Admin,
    ];

    /// The name in tokens, JSON and SQL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Merchant => "merchant",
            Self::Fulfilment => "fulfilment",
            Self::Finance => "finance",
            Self::Admin => "admin",
        }
    }

    /// Whether the role works for the shop.
    #[must_use]
    pub fn is_staff(self) -> bool {
        self != Self::Customer
    }

    /// Whether the role has the permission.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self == Self::Admin || permission.roles().contains(&self)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or(UnknownRole)
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of customer, merchant, fulfilment, finance, admin")]
pub struct UnknownRole;

macro_rules! permissions {
    ($($(#[doc = $doc:literal])+ $name:ident: [$($role:ident),*];)+) => {
        /// Something that not everyone may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Permission {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The roles that have it beside `admin`, who has all.
            #[must_use]
            pub fn roles(self) -> &'static [Role] {
                match self {
                    $(Self::$name => &[$(Role::$role),*],)+
                }
            }
        }
    };
}

permissions! {
    /// List people, read their profile, unlock them.
    ManageUsers: [];
    /// Change a person's role.
    GrantRoles: [];
    /// Create, change and delete categories, products and variants.
    EditCatalog: [Merchant];
    /// Upload and delete media.
    EditMedia: [Merchant];
    /// Read and change stock.
    EditInventory: [Merchant];
    /// Read anyone's orders.
    ReadOrders: [Merchant, Fulfilment, Finance];
    /// Move orders from processing to shipped and delivered; set tracking.
    FulfilOrders: [Fulfilment];
    /// Give up orders that are not paid.
    CancelOrders: [];
    /// Edit coupons, shipping methods and tax rates.
    EditSalesRules: [];
    /// Read anyone's payments, refunds, disputes, the ledger and reconciliations.
    ReadPayments: [Finance];
    /// Refund, answer disputes, run and resolve reconciliations.
    ManagePayments: [Finance];
    /// Dashboards.
    ReadDashboards: [Merchant, Finance];
    /// Sales reports and money.
    ReadSalesReports: [Finance];
    /// Stock and product reports.
    ReadStockReports: [Merchant, Finance];
    /// Export orders, payments, products and inventory.
    Export: [Finance];
    /// Export customers.
    ExportCustomers: [];
    /// Read the audit log.
    ReadAuditLog: [];
    /// Queues, dead letters, notifications, templates, incidents and maintenance mode.
    Operate: [];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admins_may_do_everything_and_customers_nothing_of_it() {
        for &permission in Permission::ALL {
            assert!(Role::Admin.may(permission), "{permission:?}");
            assert!(!Role::Customer.may(permission), "{permission:?}");
        }
    }

    #[test]
    fn duties_are_separated() {
        assert!(!Role::Finance.may(Permission::EditInventory));
        assert!(!Role::Fulfilment.may(Permission::ManagePayments));
        assert!(!Role::Merchant.may(Permission::ManagePayments));
        assert!(!Role::Finance.may(Permission::ExportCustomers));
        assert!(!Role::Merchant.may(Permission::FulfilOrders));
    }

    #[test]
    fn role_names_are_exact() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
        for bad in ["Admin", "admin ", "", "root"] {
            assert_eq!(bad.parse::<Role>(), Err(UnknownRole));
        }
    }
}

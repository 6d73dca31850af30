//! What the auth service says.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// Somebody opened an account; the e-mail address is not verified yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserRegistered {
    /// The new account.
    pub user_id: Uuid,
    /// The role it starts with, such as `customer`.
    pub role: String,
}

/// The owner of the e-mail address confirmed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserVerified {
    /// The account whose address was confirmed.
    pub user_id: Uuid,
}

/// An administrator gave an account another role; its sessions are revoked with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserRoleChanged {
    /// The account whose role changed.
    pub user_id: Uuid,
    /// The role before.
    pub from: String,
    /// The role now.
    pub to: String,
    /// The administrator who changed it; none when an operator did it with the command line.
    pub changed_by: Option<Uuid>,
}

/// An account's personal data is gone from the auth service; only its id remains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserErased {
    /// The account that was erased.
    pub user_id: Uuid,
}

/// A mail about an account is due.
///
/// Address, link and consent are asked of auth at the moment of sending, so that neither a token
/// nor an address ever lies in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MailRequested {
    /// The mail request's id in auth, under which its content is asked for.
    pub mail_id: Uuid,
    /// The account it is about.
    pub user_id: Uuid,
    /// Which mail it is.
    pub kind: MailKind,
}

/// The mails that auth asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// The link that confirms the e-mail address.
    VerifyEmail,
    /// The link that sets a new password.
    PasswordReset,
    /// A login came from a device not seen before.
    NewDevice,
    /// Password login is locked after repeated failures.
    AccountLocked,
    /// The password was changed or reset.
    PasswordChanged,
    /// Two-factor authentication was switched on.
    TwoFactorEnabled,
    /// Two-factor authentication was switched off.
    TwoFactorDisabled,
    /// A refresh token was used twice, so the session family was revoked.
    SessionReuse,
    /// The account has another role now.
    RoleChanged,
    /// A requested export of personal data is ready.
    ExportReady,
    /// The account and its personal data were erased.
    AccountErased,
}

impl MailKind {
    /// Every kind, in declaration order.
    pub const ALL: [Self; 11] = [
        Self::VerifyEmail,
        Self::PasswordReset,
        Self::NewDevice,
        Self::AccountLocked,
        Self::PasswordChanged,
        Self::TwoFactorEnabled,
        Self::TwoFactorDisabled,
        Self::SessionReuse,
        Self::RoleChanged,
        Self::ExportReady,
        Self::AccountErased,
    ];

    /// The name on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::PasswordReset => "password_reset",
            Self::NewDevice => "new_device",
            Self::AccountLocked => "account_locked",
            Self::PasswordChanged => "password_changed",
            Self::TwoFactorEnabled => "two_factor_enabled",
            Self::TwoFactorDisabled => "two_factor_disabled",
            Self::SessionReuse => "session_reuse",
            Self::RoleChanged => "role_changed",
            Self::ExportReady => "export_ready",
            Self::AccountErased => "account_erased",
        }
    }

    /// The kind with this name, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Access tokens issued up to a moment are no longer worth anything.
///
/// Verifiers hear it by broadcast and, should the broker be down, find it in auth's list of
/// revocations within seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionRevoked {
    /// The revocation's own id.
    pub revocation_id: Uuid,
    /// Whose sessions.
    pub user_id: Uuid,
    /// Which of them.
    #[serde(flatten)]
    pub scope: RevocationScope,
    /// Tokens with `iat` at or before this moment are dead.
    pub cutoff: DateTime<Utc>,
    /// What led to it.
    pub reason: RevocationReason,
}

/// How much a revocation takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "scope",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum RevocationScope {
    /// One session.
    Session {
        /// The session: the token's `sid`.
        session_id: Uuid,
    },
    /// Every session that descends from one login.
    Family {
        /// The refresh-token family.
        family_id: Uuid,
        /// The session that the family belongs to: the token's `sid`.
        session_id: Uuid,
    },
    /// Every session of the user.
    User {
        /// One session that stays: the one that asked for the others to go.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        except_session_id: Option<Uuid>,
    },
}

/// Why sessions were revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// The user logged out.
    Logout,
    /// The user revoked one of their sessions.
    RevokedByUser,
    /// A refresh token was used a second time after the grace period.
    ReuseDetected,
    /// The password was changed.
    PasswordChanged,
    /// The password was reset with a mailed link.
    PasswordReset,
    /// The role changed, so tokens state the wrong one.
    RoleChanged,
    /// Two-factor authentication was switched on or off.
    TwoFactorChanged,
    /// The account was disabled.
    Disabled,
    /// The account was erased.
    Erased,
}

/// A person asked to be forgotten; every service erases what it holds and answers with
/// [`PrivacyErased`](crate::shared::PrivacyErased).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EraseRequested {
    /// The privacy request's id, which the answers repeat.
    pub request_id: Uuid,
    /// Who is to be forgotten.
    pub user_id: Uuid,
}

impl Event for UserRegistered {
    const TYPE: &'static str = "user.registered";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "user";

    fn aggregate_id(&self) -> Uuid {
        self.user_id
    }
}

impl Event for UserVerified {
    const TYPE: &'static str = "user.verified";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "user";

    fn aggregate_id(&self) -> Uuid {
        self.user_id
    }
}

impl Event for UserRoleChanged {
    const TYPE: &'static str = "user.role_changed";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "user";

    fn aggregate_id(&self) -> Uuid {
        self.user_id
    }
}

impl Event for UserErased {
    const TYPE: &'static str = "user.erased";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "user";

    fn aggregate_id(&self) -> Uuid {
        self.user_id
    }
}

impl Event for MailRequested {
    const TYPE: &'static str = "auth.mail_requested";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "mail";

    fn aggregate_id(&self) -> Uuid {
        self.mail_id
    }
}

impl Event for SessionRevoked {
    const TYPE: &'static str = "session.revoked";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "revocation";

    fn aggregate_id(&self) -> Uuid {
        self.revocation_id
    }
}

impl Event for EraseRequested {
    const TYPE: &'static str = "privacy.erase_requested";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "privacy_request";

    fn aggregate_id(&self) -> Uuid {
        self.request_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_kind_is_named_alike_on_the_wire_and_in_the_database() {
        for kind in MailKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(MailKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(MailKind::parse("newsletter"), None);
    }

    #[test]
    fn a_revocation_states_its_scope_beside_its_ids() {
        let event = SessionRevoked {
            revocation_id: Uuid::from_u128(1),
            user_id: Uuid::from_u128(2),
            scope: RevocationScope::Session {
                session_id: Uuid::from_u128(3),
            },
            cutoff: DateTime::from_timestamp(0, 0).unwrap(),
            reason: RevocationReason::Logout,
        };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["scope"], "session");
        assert_eq!(json["sessionId"], "00000000-0000-0000-0000-000000000003");
        assert_eq!(
            serde_json::from_value::<SessionRevoked>(json).unwrap(),
            event
        );
    }
}

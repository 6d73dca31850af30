//! Ids that cannot be mistaken for one another.

use common::id;

id!(UserId, "An account.");
id!(
    SessionId,
    "A session: one login and everything that descends from it; the tokens' `sid`."
);
id!(TokenId, "A refresh token.");
id!(DeviceId, "A browser that an account has logged in from.");
id!(AddressId, "An entry of the address book.");
id!(MailId, "A mail that somebody asked for.");
id!(
    PrivacyRequestId,
    "A person's request for their data or for its erasure."
);

//! The template files, embedded. `layout` frames them all, `parts` are their pieces.

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),*]
    };
}

/// Every file with its content. A file before those that need it.
pub(super) const ALL: &[(&str, &str)] = embedded![
    "layout.mjml",
    "layout.txt",
    "parts.mjml",
    "parts.txt",
    "verify_email.mjml",
    "verify_email.txt",
    "password_reset.mjml",
    "password_reset.txt",
    "new_device.mjml",
    "new_device.txt",
    "account_locked.mjml",
    "account_locked.txt",
    "password_changed.mjml",
    "password_changed.txt",
    "two_factor_enabled.mjml",
    "two_factor_enabled.txt",
    "two_factor_disabled.mjml",
    "two_factor_disabled.txt",
    "session_reuse.mjml",
    "session_reuse.txt",
    "role_changed.mjml",
    "role_changed.txt",
    "export_ready.mjml",
    "export_ready.txt",
    "account_erased.mjml",
    "account_erased.txt",
    "order_layout.mjml",
    "order_layout.txt",
    "merchant_layout.mjml",
    "merchant_layout.txt",
    "order_confirmation.mjml",
    "order_confirmation.txt",
    "order_unallocated.mjml",
    "order_unallocated.txt",
    "order_cancelled.mjml",
    "order_cancelled.txt",
    "order_shipped.mjml",
    "order_shipped.txt",
    "order_delivered.mjml",
    "order_delivered.txt",
    "refund_processed.mjml",
    "refund_processed.txt",
    "credit_note.mjml",
    "credit_note.txt",
    "merchant_order_paid.mjml",
    "merchant_order_paid.txt",
    "merchant_order_unallocated.mjml",
    "merchant_order_unallocated.txt",
];

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
];

-- What is personal is sealed and can be found again; nothing of it is left of those who were erased.
SELECT id FROM users WHERE erased_at IS NULL AND (
        phone_ct IS NOT NULL AND (phone_bidx IS NULL OR length(phone_bidx) <> 32 OR phone_key_id IS NULL)
        OR totp_secret_ct IS NOT NULL AND totp_key_id IS NULL)
    OR erased_at IS NOT NULL AND num_nonnulls(email, name, password_hash, phone_ct, phone_bidx, totp_secret_ct) > 0
UNION ALL
SELECT u.id FROM users u JOIN auth.addresses a ON a.user_id = u.id WHERE u.erased_at IS NOT NULL

-- A session has one refresh token that can be used, each other one was used before its successor was; one that was used twice is over.
SELECT session_id, 'several can be used' AS what FROM refresh_tokens WHERE used_at IS NULL GROUP BY session_id HAVING count(*) > 1
UNION ALL
SELECT t.session_id, 'the successor of one that was not used' FROM refresh_tokens t
JOIN refresh_tokens p ON p.id = t.parent_id WHERE p.used_at IS NULL OR p.session_id <> t.session_id
UNION ALL
SELECT session_id, 'two successors' FROM refresh_tokens WHERE parent_id IS NOT NULL GROUP BY session_id, parent_id
HAVING count(*) > 1
UNION ALL
SELECT s.id, 'of somebody who was erased' FROM sessions s JOIN users u ON u.id = s.user_id
WHERE u.erased_at IS NOT NULL AND s.revoked_at IS NULL

DROP TABLE session_revocations;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE known_devices;
DROP TABLE login_attempts;
DROP TABLE users;

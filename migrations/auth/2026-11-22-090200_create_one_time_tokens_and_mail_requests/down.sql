DROP TABLE one_time_tokens;
DROP TABLE mail_requests;
DROP TABLE recovery_codes;

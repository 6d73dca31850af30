DROP TABLE privacy_answers;
DROP TABLE privacy_requests;
DROP TABLE consents;
DROP TABLE addresses;

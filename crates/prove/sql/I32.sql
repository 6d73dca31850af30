-- No service sees another's schema, no foreign key leaves one, and no service's role has more rights than it needs.
SELECT r.name || ' may use ' || s.name AS what FROM services r JOIN services s ON s.name <> r.name
WHERE has_schema_privilege(r.role, s.name, 'USAGE')
UNION ALL
SELECT conrelid::regclass || ' refers to ' || confrelid::regclass FROM pg_constraint
JOIN pg_class child ON child.oid = conrelid JOIN pg_class parent ON parent.oid = confrelid
WHERE contype = 'f' AND child.relnamespace <> parent.relnamespace
UNION ALL
SELECT rolname || ' has rights of an administrator' FROM pg_roles JOIN services s ON rolname IN (s.name, s.name || '_owner')
WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb
UNION ALL
SELECT s.name || ' owns ' || c.relname FROM services s JOIN pg_namespace n ON n.nspname = s.name
JOIN pg_class c ON c.relnamespace = n.oid AND pg_get_userbyid(c.relowner) = s.name
